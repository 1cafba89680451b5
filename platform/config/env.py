"""Environment variables, each read in one place with a sentence of advice."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    return text(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def listing(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def secret_key(data: Path, *, embedded: bool) -> str:
    """SECRET_KEY; the embedded default makes one at the first start and keeps it in the data folder."""
    given = text("SECRET_KEY")
    if given:
        return given
    if not embedded:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Sessions and signatures need it, the same one for every process: "
            "make one with `python -c 'import secrets; print(secrets.token_urlsafe(50))'`."
        )
    path = data / "secret_key"
    try:
        return path.read_text()
    except FileNotFoundError:
        return _keep_new_secret(path)


def _keep_new_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".secret_key.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(50))
    try:
        # Two processes may start at once: the link is made by one of them only.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
