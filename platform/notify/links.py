"""Addresses that travel in mails: signed, so that nobody finds another's by counting."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing

_GO = signing.Signer(salt="notify.go", sep=".")
_STOP_SALT = "notify.stop"


@dataclass(frozen=True)
class Target:
    """What a link of a mail leads to: one notice, or all of one mail."""

    notice: int | None = None
    delivery: int | None = None


@dataclass(frozen=True)
class Stop:
    """Who wants less mail: a person about one kind (empty: the daily summary), or a bare address."""

    kind: str
    user: int | None = None
    address: str = ""


def absolute(path: str) -> str:
    return settings.ORIGIN + path


def to_notice(notice_id: int) -> str:
    return f"/n/{_GO.sign(f'n{notice_id}')}/"


def to_delivery(delivery_id: int) -> str:
    return f"/n/{_GO.sign(f'd{delivery_id}')}/"


def read_target(token: str) -> Target | None:
    """None for a token that was not made here."""
    try:
        value = _GO.unsign(token)
    except signing.BadSignature:
        return None
    number = int(value[1:])
    return Target(notice=number) if value[0] == "n" else Target(delivery=number)


def to_stop(stop: Stop) -> str:
    token = signing.dumps([stop.kind, stop.user, stop.address], salt=_STOP_SALT)
    return f"/notices/stop/{token}/"


def read_stop(token: str) -> Stop | None:
    """None for a token that was not made here. It never gets too old: mails are kept for years."""
    try:
        kind, user, address = signing.loads(token, salt=_STOP_SALT)
    except (signing.BadSignature, ValueError):
        return None
    return Stop(kind=kind, user=user, address=address)
