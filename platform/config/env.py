"""Environment variables, each read in one place with a sentence of advice."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

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


@dataclass(frozen=True)
class Mail:
    """How mail leaves: by a server (`host`), into a folder, or onto the console."""

    backend: str
    folder: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


# Scheme of EMAIL_URL → its usual port, STARTTLS, TLS from the start.
_SERVERS = {"smtp": (587, True, False), "smtps": (465, False, True), "smtp+plain": (25, False, False)}


def mail(data: Path) -> Mail:
    """EMAIL_URL; without it each mail is a file in the data folder, to be looked at while developing."""
    url, folder = text("EMAIL_URL", "folder:"), str(data / "mail")
    parts = urlsplit(url)
    if parts.scheme == "folder":
        return Mail("notify.folder.FolderBackend", parts.path or folder)
    if parts.scheme == "console":
        return Mail("django.core.mail.backends.console.EmailBackend", folder)
    try:
        port, starttls, tls = _SERVERS[parts.scheme]
        port = parts.port or port
    except (KeyError, ValueError):
        parts, port = urlsplit(""), 0
    if not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp://user:password@mail.example.jp:587 (encrypted by STARTTLS), "
            "smtps://user:password@mail.example.jp:465 (encrypted from the start), smtp+plain://localhost:25 "
            "(a relay on this machine), folder: or console:. Write %40 for an @ in user name or password."
        )
    return Mail(
        "django.core.mail.backends.smtp.EmailBackend",
        folder,
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=starttls,
        tls=tls,
    )
