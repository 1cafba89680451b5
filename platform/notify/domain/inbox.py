"""The in-app inbox."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from events import record
from notify.domain import outbox, preferences
from notify.models import Notice

UNREAD_SHOWN = 99


@transaction.atomic
def notify(
    *, event_id: int, user_ids: Iterable[int], kind: str, params: Mapping[str, Any], path: str, now: datetime
) -> None:
    """Puts a line into each person's inbox, once per event, and a mail into the outbox for whoever wants one.

    `params` fill the kind's words; `batch` groups the daily summary.
    """
    people = User.objects.in_bulk(set(user_ids))
    wanted = preferences.emails_of(people, kind)
    for user_id, user in sorted(people.items()):
        notice, made = Notice.objects.get_or_create(
            user=user,
            event_id=event_id,
            kind=kind,
            defaults={"params": dict(params), "path": path, "created_at": now},
        )
        if made:
            record("notice.made", topics=[f"user.{user_id}"], actor=None, notice=notice.pk)
            outbox.put(notice, user, wanted[user_id], now=now)


@transaction.atomic
def mark_read(
    *, by: User, now: datetime, notice_id: int | None = None, delivery_id: int | None = None
) -> int:
    """Marks one notice, those of one mail, or all as read; returns how many."""
    unread = Notice.objects.filter(user=by, read_at=None)
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    if delivery_id is not None:
        unread = unread.filter(delivery=delivery_id)
    last = unread.order_by("-pk").values_list("pk", flat=True).first()
    if last is None:
        return 0
    n = unread.filter(pk__lte=last).update(read_at=now)
    record("notice.read", topics=[f"user.{by.pk}"], actor=by.pk, notice=last)
    return n


def unread_count(user: User) -> int:
    """How many are unread, counted up to 100."""
    return len(Notice.objects.filter(user=user, read_at=None).values_list("pk")[: UNREAD_SHOWN + 1])
