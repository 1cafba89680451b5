"""Whom a socket belongs to, and whether they may still have it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from accounts.models import ApiKey, User
from kernel import clock


@dataclass(frozen=True)
class Identity:
    """A person, and the session or API key through which they came (one of them at most)."""

    user_id: int
    session_key: str = ""
    api_key_id: int | None = None


def from_session(session_key: str) -> Identity | None:
    """The person signed in with this session cookie, if any."""
    session = _sessions([session_key]).get(session_key)
    if not session or not str(session.get(SESSION_KEY, "")).isdigit():
        return None
    identity = Identity(int(session[SESSION_KEY]), session_key)
    return identity if valid([identity]) else None


def valid(identities: Collection[Identity]) -> dict[Identity, User]:
    """Those who may keep their sockets, with their users: three queries however many are asked about."""
    users = User.objects.filter(is_active=True).in_bulk({one.user_id for one in identities})
    sessions = _sessions({one.session_key for one in identities if one.session_key})
    keys = ApiKey.objects.in_bulk({one.api_key_id for one in identities if one.api_key_id})
    found = {}
    for one in identities:
        user = users.get(one.user_id)
        if user is None or (one.session_key and not _same_person(user, sessions.get(one.session_key))):
            continue
        key = keys.get(one.api_key_id) if one.api_key_id else None
        if one.api_key_id and (key is None or not key.is_valid(clock.now())):
            continue
        found[one] = user
    return found


def _sessions(session_keys: Collection[str]) -> dict[str, dict[str, Any]]:
    # Both session engines in use keep every session in this table; asking it for many is one query.
    if not session_keys:
        return {}
    rows = Session.objects.filter(session_key__in=session_keys, expire_date__gt=clock.now())
    return {row.session_key: row.get_decoded() for row in rows}


def _same_person(user: User, session: dict[str, Any] | None) -> bool:
    """Whether the session is still this user's: a new password ends all others."""
    if not session or session.get(SESSION_KEY) != str(user.pk) or BACKEND_SESSION_KEY not in session:
        return False
    stored = session.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(stored, known) for known in hashes)
