"""Keeping a hold: heartbeat, extend, release, expire; and the stop of its clock while a batch is paused."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import has_role
from accounts.models import User
from accounts.states import Role
from events import record
from kernel import hot
from kernel.errors import FieldProblem, Invalid
from tasks import topics
from tasks.domain import needs
from tasks.domain.claim import lease_end
from tasks.domain.one_by_one import one_by_one
from tasks.errors import IllegalMove, Missing, RoleMissing, legal
from tasks.models import Assignment, Batch
from tasks.rules import DIRECT_ROLES, error_of, takes_work_back
from tasks.states import AssignmentState, BatchState

EXTEND_AT_MOST_LEASES = 4
REASON_MAX = 1000


_OWN = hot.Prepared(
    lambda assignment, by: (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("step__batch__store", "slot__task")
        .filter(pk=assignment, worker_id=by)
    )
)


def lock_own(assignment_id: int, by: User) -> Assignment:
    """The worker's own assignment, locked, with step, batch, store and slot; `Missing` for anybody else's."""
    assignment = _OWN.first(assignment=assignment_id, by=by.pk)
    if assignment is None:
        raise Missing
    return assignment


@transaction.atomic
def heartbeat(*, assignment_id: int, by: User, now: datetime) -> Assignment:
    """Renews the lease because its holder is working. Says nothing to others: nothing they see changed."""
    assignment = lock_own(assignment_id, by)
    _require_claimed(assignment, "heartbeat")
    renew(assignment, now)
    assignment.save(update_fields=["state", "lease_expires_at"])
    return assignment


@transaction.atomic
def extend(*, assignment_id: int, by: User, now: datetime) -> Assignment:
    """Adds one lease to the end of the hold, up to four leases from now and the batch's deadline."""
    assignment = lock_own(assignment_id, by)
    _require_claimed(assignment, "extend")
    if assignment.lease_expires_at is None:
        raise error_of("batch_paused")
    step = assignment.step
    longer = assignment.lease_expires_at + timedelta(minutes=step.lease_minutes)
    assignment.lease_expires_at = max(
        assignment.lease_expires_at, min(longer, lease_end(step, now, EXTEND_AT_MOST_LEASES))
    )
    assignment.save(update_fields=["state", "lease_expires_at"])
    record("assignment.extended", topics=topics.of_work(assignment), actor=by.pk, **ids(assignment))
    return assignment


def renew(assignment: Assignment, now: datetime) -> None:
    """Working renews the lease; it never shortens one that was extended."""
    if assignment.state == AssignmentState.CLAIMED and assignment.lease_expires_at is not None:
        assignment.lease_expires_at = max(assignment.lease_expires_at, lease_end(assignment.step, now))


@transaction.atomic
def release(*, assignment_id: int, by: User, now: datetime) -> Assignment:
    """Gives the slot back; the draft is kept."""
    assignment = lock_own(assignment_id, by)
    _end(assignment, "release", now)
    record("assignment.released", topics=topics.of_work(assignment), actor=by.pk, **ids(assignment))
    return assignment


@transaction.atomic
def free(*, assignment_id: int, reason: str, by: User, now: datetime) -> Assignment:
    """A director gives a held task back to the batch; its holder is told why and keeps the draft.

    Raises `Missing`, `RoleMissing`, `IllegalMove`, and `Invalid` without a reason.
    """
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("step__batch__store")
    assignment = rows.filter(pk=assignment_id).first()
    if assignment is None:
        raise Missing
    if not has_role(by, assignment.store_id, now, *DIRECT_ROLES):
        raise RoleMissing if has_role(by, assignment.store_id, now, *Role.values) else Missing
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_MAX:
        problem = FieldProblem("reason", "required", _("Say in at most 1,000 characters why."))
        raise Invalid("reason_missing", _("The task was not freed."), fields=[problem])
    assignment.freed_by, assignment.freed_reason = by, reason
    _end(assignment, "release", now)
    assignment.save(update_fields=["state", "freed_by", "freed_reason"])
    record("assignment.freed", topics=topics.of_work(assignment), actor=by.pk, **ids(assignment))
    return assignment


@transaction.atomic
def release_left(*, assignment_id: int, by: User | None, now: datetime) -> bool:
    """Gives back the slot of somebody who no longer belongs to the store; their draft is kept."""
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("step__batch__store")
    assignment = rows.filter(pk=assignment_id, state=AssignmentState.CLAIMED).first()
    if assignment is None:
        return False
    _end(assignment, "release", now)
    actor = by.pk if by else None
    record(
        "assignment.released",
        topics=topics.of_work(assignment),
        actor=actor,
        reason="left_store",
        **ids(assignment),
    )
    return True


def expire_due(*, now: datetime, limit: int = 200) -> int:
    """Ends holds whose lease has run out, each in its own transaction; returns how many."""
    due = Assignment.objects.filter(state=AssignmentState.CLAIMED, lease_expires_at__lte=now)
    ids_due = list(due.order_by("lease_expires_at").values_list("pk", flat=True)[:limit])
    return one_by_one(ids_due, lambda assignment_id: _expire(assignment_id, now))


@transaction.atomic
def _expire(assignment_id: int, now: datetime) -> bool:
    rows = Assignment.objects.select_related("step__batch__store")
    if connection.vendor == "postgresql":
        rows = rows.select_for_update(of=("self",), skip_locked=True)
    assignment = rows.filter(
        pk=assignment_id, state=AssignmentState.CLAIMED, lease_expires_at__lte=now
    ).first()
    if assignment is None:
        return False
    batch = assignment.step.batch
    if batch.state == BatchState.PAUSED:
        # Claimed in the same moment as the pause: its clock stands still like the others'.
        _stop_clock(assignment, batch.paused_at or now)
        record("assignment.lease_paused", topics=topics.of_work(assignment), actor=None, **ids(assignment))
        return True
    _end(assignment, "expire", now)
    record("assignment.expired", topics=topics.of_work(assignment), actor=None, **ids(assignment))
    return True


def _end(assignment: Assignment, verb: str, now: datetime) -> None:
    with legal(assignment.state, verb):
        getattr(assignment, verb)()
    assignment.lease_expires_at = assignment.lease_remaining = None
    assignment.ended_at = now
    with legal(assignment.state, verb):
        assignment.save(update_fields=["state", "lease_expires_at", "lease_remaining", "ended_at"])
    slot = needs.lock_slot(assignment.slot_id)
    back = "offer_again" if takes_work_back(assignment.step.batch) else "cancel"
    needs.move_slot(slot, back, step=assignment.step, now=now)


def _stop_clock(assignment: Assignment, at: datetime) -> None:
    assert assignment.lease_expires_at is not None
    assignment.lease_remaining = max(assignment.lease_expires_at - at, timedelta(0))
    assignment.lease_expires_at = None
    assignment.save(update_fields=["state", "lease_expires_at", "lease_remaining"])


def stop_clocks(batch: Batch, *, now: datetime) -> int:
    """Stores the remaining time of every lease of a batch being paused; returns how many."""
    return _move_clocks(batch, now, stop=True)


def start_clocks(batch: Batch, *, now: datetime) -> int:
    """Lets the leases of a batch being resumed run on."""
    return _move_clocks(batch, now, stop=False)


def _move_clocks(batch: Batch, now: datetime, *, stop: bool) -> int:
    held = Assignment.objects.select_for_update().filter(
        batch=batch, state=AssignmentState.CLAIMED, lease_remaining__isnull=stop
    )
    rows = list(held.order_by("pk"))
    for row in rows:
        if stop:
            row.lease_remaining = max((row.lease_expires_at or now) - now, timedelta(0))
            row.lease_expires_at = None
        else:
            end = now + (row.lease_remaining or timedelta(0))
            row.lease_expires_at = min(end, batch.deadline) if batch.deadline else end
            row.lease_remaining = None
    Assignment.objects.bulk_update(rows, ["lease_expires_at", "lease_remaining"], batch_size=500)
    for start in range(0, len(rows), 1000):
        chunk = [row.pk for row in rows[start : start + 1000]]
        record(
            "assignments.lease_moved",
            topics=topics.of_batch(batch),
            actor=None,
            batch=batch.pk,
            assignments=chunk,
        )
    return len(rows)


def ids(assignment: Assignment) -> dict[str, Any]:
    """What every event of an assignment names."""
    return {"assignment": assignment.pk, "task": assignment.task_id, "batch": assignment.batch_id}


def _require_claimed(assignment: Assignment, verb: str) -> None:
    if assignment.state != AssignmentState.CLAIMED:
        raise IllegalMove(assignment.state, verb)
