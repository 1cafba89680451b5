"""The in-app inbox."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from events import record
from notify.models import Notice

UNREAD_SHOWN = 99


@transaction.atomic
def notify(
    *, event_id: int, user_ids: Iterable[int], kind: str, params: Mapping[str, Any], path: str, now: datetime
) -> None:
    """Puts a line into each person's inbox, once per event."""
    for user_id in sorted(set(user_ids)):
        notice, made = Notice.objects.get_or_create(
            user_id=user_id,
            event_id=event_id,
            kind=kind,
            defaults={"params": dict(params), "path": path, "created_at": now},
        )
        if made:
            record("notice.made", topics=[f"user.{user_id}"], actor=None, notice=notice.pk)


@transaction.atomic
def mark_read(*, by: User, now: datetime, notice_id: int | None = None) -> int:
    """Marks one notice, or all, as read; returns how many."""
    unread = Notice.objects.filter(user=by, read_at=None)
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    last = unread.order_by("-pk").values_list("pk", flat=True).first()
    if last is None:
        return 0
    n = unread.filter(pk__lte=last).update(read_at=now)
    record("notice.read", topics=[f"user.{by.pk}"], actor=by.pk, notice=last)
    return n


def unread_count(user: User) -> int:
    """How many are unread, counted up to 100."""
    return len(Notice.objects.filter(user=user, read_at=None).values_list("pk")[: UNREAD_SHOWN + 1])
