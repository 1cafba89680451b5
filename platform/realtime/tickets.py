"""One-time tickets, so that no key ever stands in the address of a socket."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction

from jobs import periodic
from kernel import clock
from realtime.identity import Identity
from realtime.models import SocketTicket

LIFE = timedelta(seconds=60)


def issue(user_id: int, session_key: str | None = None, *, api_key_id: int | None = None) -> str:
    """A ticket for `/ws/live/?ticket=…`, good once and for 60 seconds.

    The socket lives no longer than the session or the API key it was asked for with.
    """
    ticket = secrets.token_urlsafe(32)
    SocketTicket.objects.create(
        digest=_digest(ticket),
        user_id=user_id,
        session_key=session_key or "",
        api_key_id=api_key_id,
        expires_at=clock.now() + LIFE,
    )
    return ticket


def redeem(ticket: str) -> Identity | None:
    """Who the ticket was made for; None if it was used, is too old or never existed."""
    with transaction.atomic():
        row = SocketTicket.objects.select_for_update().filter(pk=_digest(ticket)).first()
        if row is None:
            return None
        row.delete()
    if row.expires_at <= clock.now():
        return None
    return Identity(row.user_id, row.session_key, row.api_key_id)


@periodic(every=timedelta(minutes=10))
def forget_old_tickets() -> None:
    SocketTicket.objects.filter(expires_at__lt=clock.now()).delete()


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
