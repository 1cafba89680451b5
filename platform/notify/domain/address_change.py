"""A new e-mail address, with its mails: a link to the old one and to the new, and a word when it counts."""

from datetime import datetime

from django.db import transaction

from accounts.domain import email_change
from accounts.models import EmailChange, User
from notify.account_mails import ACCOUNT_MAILS
from notify.domain.outbox import mail_address


@transaction.atomic
def ask(*, email: str, by: User, now: datetime) -> EmailChange:
    """Mails a link to both addresses; an earlier wish is forgotten. `Invalid` for an address in use."""
    asked = email_change.ask(email=email, by=by, now=now)
    change = asked.change
    params = {"old": asked.old, "new": change.email, "days": email_change.VALID_FOR.days}
    for address, path in asked.links.items():
        mail_address(
            address=address,
            user=by,
            kind="address_change",
            params=params,
            path=path,
            language=by.language,
            expires_at=change.expires_at,
            now=now,
        )
    return change


@transaction.atomic
def confirm(*, token: str, now: datetime) -> bool:
    """Notes the word of one address; returns whether the change is done, of which the old one is told."""
    done = email_change.confirm(token=token, now=now)
    if done is None:
        return False
    mail_address(
        address=done.old,
        user=done.user,
        kind="address_changed",
        params={"old": done.old, "new": done.user.email},
        path=ACCOUNT_MAILS["address_changed"].path,
        language=done.user.language,
        now=now,
    )
    return True
