"""Telling a worker before their time runs out: for returned work, and for holds of many hours."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from events import record
from tasks import topics
from tasks.domain import hold
from tasks.domain.one_by_one import one_by_one
from tasks.models import Assignment, Step
from tasks.states import AssignmentState

CHUNK = 200
DAY = timedelta(days=1)
# Shorter holds are worked on in one sitting: the page itself counts down.
LONG_LEASE = timedelta(hours=6)
# `reminded` of a returned or held assignment: told a day before, told at a fifth.
A_DAY_LEFT, A_FIFTH_LEFT = 50, 80


def remind_workers(*, now: datetime) -> int:
    """Notes whose time is nearly over; returns how many."""
    terms = set(Step.objects.order_by().values_list("resubmit_days", "lease_minutes").distinct())
    windows = sum(_windows(days, now) for days in {days for days, _lease in terms})
    leases = {timedelta(minutes=minutes) for _days, minutes in terms}
    return windows + sum(_leases(lease, now) for lease in leases if lease > LONG_LEASE)


def _windows(days: int, now: datetime) -> int:
    returned = Assignment.objects.filter(
        state=AssignmentState.CHANGES_REQUESTED, clock_waits=False, step__resubmit_days=days
    )
    told = 0
    for mark, left in ((A_FIFTH_LEFT, days * DAY / 5), (A_DAY_LEFT, min(DAY, days * DAY / 2))):
        due = returned.filter(resubmit_by__gt=now, resubmit_by__lte=now + left, reminded__lt=mark)
        told += _each(due, mark, "assignment.window_near", now)
    return told


def _leases(lease: timedelta, now: datetime) -> int:
    held = Assignment.objects.filter(
        state=AssignmentState.CLAIMED, step__lease_minutes=lease // timedelta(minutes=1)
    )
    soon = now + lease / 5
    # Whoever has renewed their time since is reminded again.
    held.filter(reminded=A_FIFTH_LEFT, lease_expires_at__gt=soon).update(reminded=0)
    due = held.filter(lease_expires_at__gt=now, lease_expires_at__lte=soon, reminded__lt=A_FIFTH_LEFT)
    return _each(due, A_FIFTH_LEFT, "assignment.lease_near", now)


def _each(due: QuerySet[Assignment], mark: int, event: str, now: datetime) -> int:
    ids = list(due.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    return one_by_one(ids, lambda pk: _one(due, pk, mark, event, now))


@transaction.atomic
def _one(due: QuerySet[Assignment], pk: int, mark: int, event: str, now: datetime) -> bool:
    rows = due.filter(pk=pk).select_for_update(of=("self",)).select_related("step__batch__store")
    assignment = rows.first()
    if assignment is None:
        return False
    end = assignment.resubmit_by or assignment.lease_expires_at
    if end is None:
        return False
    assignment.reminded = mark
    assignment.save(update_fields=["state", "reminded"])
    hours = max(1, round((end - now) / timedelta(hours=1)))
    record(event, topics=topics.of_work(assignment), actor=None, hours=hours, **hold.ids(assignment))
    return True
