"""Secrets that travel in links: random, shown or mailed once, and kept as their SHA-256."""

import hashlib
import secrets


def new_token() -> tuple[str, str]:
    """A token for a link and the digest to keep."""
    token = secrets.token_urlsafe(32)
    return token, digest_of(token)


def digest_of(token: str) -> str:
    # A token holds 256 random bits, so there is nothing to guess that a slow hash would protect.
    return hashlib.sha256(token.encode()).hexdigest()
