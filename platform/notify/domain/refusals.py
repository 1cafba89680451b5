"""Addresses that mail servers refuse: the person hears of it where they can, in the inbox."""

from accounts.models import User
from events import record
from kernel import clock
from notify.models import Notice, RefusedAddress

KIND = "mail_refused"


def address_refused(user: User, reason: str) -> None:
    """Notes that the person's address takes no mail, and tells them once. Call inside a transaction."""
    _found, new = RefusedAddress.objects.update_or_create(
        user=user,
        defaults={"address": user.email, "reason": reason[:500]},
        create_defaults={"address": user.email, "reason": reason[:500], "since": clock.now()},
    )
    if not new:
        return
    now = clock.now()
    event = record("mail.refused", topics=[f"user.{user.pk}"], actor=None)
    # Not by `notify`: it would be mailed.
    Notice.objects.create(
        user=user,
        event_id=event,
        kind=KIND,
        params={"address": user.email},
        path="/settings/notices/",
        created_at=now,
        handed_over_at=now,
    )


def address_works(user: User) -> None:
    RefusedAddress.objects.filter(user=user).delete()


def refused_address(user: User) -> RefusedAddress | None:
    """The refusal that still stands: of the address the person has now."""
    return RefusedAddress.objects.filter(user=user, address=user.email).first()
