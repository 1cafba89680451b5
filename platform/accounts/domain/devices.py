"""Browsers from which a person has signed in, so that a sign-in from another one can be told."""

from datetime import datetime

from django.db import transaction

from accounts.domain.tokens import digest_of, new_token
from accounts.models import KnownDevice, User
from events import record


@transaction.atomic
def note_sign_in(*, user: User, mark: str, now: datetime) -> str | None:
    """Notes a sign-in from the browser that keeps `mark`; returns a new mark for one that is not known.

    Tells the person (event `person.signed_in`) unless it is the first sign-in of all.
    """
    if mark:
        known = KnownDevice.objects.filter(user=user, digest=digest_of(mark))
        if known.update(last_at=now):
            return None
    first = not KnownDevice.objects.filter(user=user).exists()
    token, digest = new_token()
    KnownDevice.objects.create(user=user, digest=digest, first_at=now, last_at=now)
    if not first:
        record("person.signed_in", topics=[f"user.{user.pk}"], actor=user.pk, person=user.pk)
    return token
