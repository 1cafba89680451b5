"""What is to be mailed, to whom and when. `sending` takes it from here."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from accounts.models import User
from events import record
from kernel import clock
from notify.kinds import kind_of
from notify.models import Delivery, Notice, Unwanted
from notify.states import Email, Outcome

# Fifty approvals in a row make one mail: further ones of a kind join the first for so long.
COLLECT = timedelta(minutes=3)
SUMMARY_AT = time(8)
SUMMARY = ""


def put(notice: Notice, user: User, email: str, *, now: datetime) -> None:
    """Puts a new notice into the outbox if its reader wants mail; otherwise being here hands it over."""
    if email == Email.OFF or not user.is_active:
        return hand_over([notice])
    if email == Email.DAILY:
        notice.delivery = _collecting(user, SUMMARY, at=next_summary(user, now), now=now)
        notice.save(update_fields=["delivery"])
        return hand_over([notice])
    notice.delivery = _at_once(user, notice.kind, now)
    notice.save(update_fields=["delivery"])
    return None


def _at_once(user: User, kind: str, now: datetime) -> Delivery:
    """The first urgent mail goes at once; what follows on its heels is collected as ever."""
    recent = Delivery.objects.filter(user=user, kind=kind, created_at__gt=now - COLLECT)
    if kind_of(kind).urgent and not recent.exists():
        return Delivery.objects.create(**_new(kind, at=now, now=now), user=user)
    return _collecting(user, kind, at=now + COLLECT, now=now)


def _collecting(user: User, kind: str, *, at: datetime, now: datetime) -> Delivery:
    """The locked delivery that still takes notices of this kind. Its sender waits for our commit."""
    rows = Delivery.objects.select_for_update(of=("self",))
    found, _made = rows.get_or_create(
        user=user, kind=kind, collects=True, outcome=Outcome.WAITING, defaults=_new(kind, at=at, now=now)
    )
    return found


def _new(kind: str, *, at: datetime, now: datetime) -> dict[str, Any]:
    host = urlsplit(settings.ORIGIN).hostname or "localhost"
    message_id = f"<{uuid.uuid4().hex}@{host}>"
    return {"kind": kind, "next_attempt_at": at, "created_at": now, "message_id": message_id}


def next_summary(user: User, now: datetime) -> datetime:
    """The next eight o'clock in the morning where the reader is."""
    local = now.astimezone(user.zone)
    days = 0 if local.time() < SUMMARY_AT else 1
    return datetime.combine(local.date() + timedelta(days=days), SUMMARY_AT, tzinfo=user.zone)


def hand_over(notices: Iterable[Notice]) -> None:
    """These have reached their readers; clocks that waited for it hear so. Call inside a transaction."""
    for notice in notices:
        if notice.handed_over_at is not None:
            continue
        # Now, not when the event was: a window starts when the line can be read.
        notice.handed_over_at = clock.now()
        notice.save(update_fields=["handed_over_at"])
        if kind_of(notice.kind).starts_clock:
            record("notice.handed_over", topics=[f"user.{notice.user_id}"], actor=None, notice=notice.pk)


@transaction.atomic
def mail_address(
    *,
    address: str,
    kind: str,
    params: Mapping[str, Any],
    path: str,
    language: str,
    now: datetime,
    user: User | None = None,
    expires_at: datetime | None = None,
) -> Delivery | None:
    """Mails an address at once, without a line in an inbox; `path`, at most 500 characters, is its button's.

    `user` is whose account it is about: their language and time zone count, and it comes in any case. Without
    one: None if whoever reads there has asked for no more mail. `expires_at` is the end of a link's life: the
    mail ends with it. Call it in the transaction of its cause.
    """
    address = address.strip().lower()
    if user is None and Unwanted.objects.filter(address=address).exists():
        return None
    return Delivery.objects.create(
        **_new(kind, at=now, now=now),
        address=address,
        user=user,
        params=dict(params),
        path=path,
        language=language,
        expires_at=expires_at,
    )
