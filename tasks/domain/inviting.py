"""Inviting people to a store: the invitation, and the mail that carries its link."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.domain import invitations
from accounts.domain.invitations import Made
from accounts.models import Invitation, User
from kernel.errors import Conflict
from notify.domain import mail_address, notify


class MailUnwanted(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "mail_unwanted", _("Whoever reads at this address has asked for no more mail from here.")
        )


@transaction.atomic
def invite(
    *, store_id: int, email: str, role: str, until: datetime | None, by: User, now: datetime
) -> Invitation:
    """Invites an address to a store and mails it the link.

    Raises like `invitations.invite`, and `MailUnwanted`: nobody would ever read of the invitation.
    """
    made = invitations.invite(store_id=store_id, email=email, role=role, until=until, by=by, now=now)
    _tell(made, by, now)
    return made.invitation


@transaction.atomic
def invite_again(*, invitation_id: int, by: User, now: datetime) -> Invitation:
    """Mails a new link; the older one no longer works."""
    made = invitations.renew(invitation_id=invitation_id, by=by, now=now)
    _tell(made, by, now)
    return made.invitation


def _tell(made: Made, by: User, now: datetime) -> None:
    """By the outbox, so that a mail server that is down loses no invitation."""
    email = made.invitation.email
    known = User.objects.filter(email__iexact=email, is_active=True).first()
    reader = known or by
    with translation.override(reader.language), timezone.override(reader.zone):
        params = _params(made.invitation, by)
    if known is not None:
        notify(
            event_id=made.event_id,
            user_ids=[known.pk],
            kind="invited",
            params=params,
            path=made.path,
            now=now,
        )
        return
    told = mail_address(
        address=email,
        kind="invited",
        params=params,
        path=made.path,
        language=by.language,
        expires_at=made.invitation.expires_at,
        now=now,
    )
    if told is None:
        raise MailUnwanted


def _params(invitation: Invitation, by: User) -> dict[str, Any]:
    """In the reader's language, as far as it is known."""
    return {
        "who": f"{by.name} ({by.email})",
        "store": invitation.store.name,
        "role": str(invitation.get_role_display()),
        "day": date_format(timezone.localtime(invitation.expires_at), "Y-m-d"),
    }
