"""What happens by itself when time passes. Deadlines are columns; these sweep them."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from events import record
from tasks import topics
from tasks.domain import batches, counts, ending, hold, leaving, pilot, reports, review
from tasks.domain.one_by_one import one_by_one
from tasks.domain.reminders import remind_workers
from tasks.domain.submit import SURPLUS_DAYS
from tasks.domain.windows import LAST_REMINDER, review_window
from tasks.errors import legal
from tasks.models import Assignment, Batch, Review, Step
from tasks.states import FINAL_TASK, UNDECIDED, AssignmentState, BatchState, Decision, Use

REMINDERS = (LAST_REMINDER, 80, 50)
CHUNK = 200
UNSEEN_EVERY = timedelta(days=7)

Act = Callable[[Assignment, datetime], None]


def sweep(*, now: datetime) -> dict[str, int]:
    """Runs every clock once; returns how many rows each moved. Safe to run twice, or on two machines."""
    return {
        "leases": hold.expire_due(now=now, limit=CHUNK),
        "desks": _each(_desks(now), _end_desk, now),
        "windows": _each(_windows(now), _end_window, now),
        "reminders": _remind(now) + remind_workers(now=now),
        "reports": _each(_reports(now), reports.settle_unanswered, now),
        "silence": _each(_silent(now), _approve_by_silence, now),
        "unseen": _remind_of_unseen(now),
        "batches": batches.close_due(now=now) + batches.remind_of_deadlines(now=now),
        "leftovers": ending.cancel_leftovers(now=now),
        "completed": _complete(now),
        "pilots": pilot.notice_decided(now=now),
        "members": leaving.sweep_members(now=now),
    }


def _desks(now: datetime) -> QuerySet[Assignment]:
    return Assignment.objects.filter(state=AssignmentState.IN_REVIEW, review_lease_until__lte=now)


def _windows(now: datetime) -> QuerySet[Assignment]:
    returned = Assignment.objects.filter(state=AssignmentState.CHANGES_REQUESTED, resubmit_by__lte=now)
    return returned.filter(clock_waits=False)


def _reports(now: datetime) -> QuerySet[Assignment]:
    reported = Assignment.objects.filter(state=AssignmentState.REPORTED, report_due_at__lte=now)
    return reported.filter(clock_waits=False)


def _silent(now: datetime) -> QuerySet[Assignment]:
    """Overdue, and the last reminder has reached somebody who could have decided."""
    overdue = Assignment.objects.filter(state__in=UNDECIDED, auto_approve_at__lte=now)
    return overdue.filter(reminded__gte=LAST_REMINDER, clock_waits=False)


def _each(due: QuerySet[Assignment], act: Act, now: datetime) -> int:
    ids = list(due.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    return one_by_one(ids, lambda pk: _one(due, pk, act, now))


@transaction.atomic
def _one(due: QuerySet[Assignment], pk: int, act: Act, now: datetime) -> bool:
    rows = due.filter(pk=pk).select_related("step__batch__store", "template_version")
    if connection.vendor == "postgresql":
        rows = rows.select_for_update(of=("self",), skip_locked=True)
    assignment = rows.first()
    if assignment is None:
        return False
    act(assignment, now)
    return True


def _end_desk(assignment: Assignment, now: datetime) -> None:
    review.end_review_lease(assignment, actor=None)


def _end_window(assignment: Assignment, now: datetime) -> None:
    """The worker did not answer: the last submission is decided as it stands, with a full window."""
    with legal(assignment.state, "end_window"):
        assignment.end_window()
    assignment.resubmit_by = None
    assignment.auto_approve_at = now + review_window(assignment)
    assignment.reminded = 0
    assignment.save()
    record(
        "assignment.window_ended", topics=topics.of_decision(assignment), actor=None, **hold.ids(assignment)
    )


def _approve_by_silence(assignment: Assignment, now: datetime) -> None:
    submission = assignment.submissions.order_by("-number")[0]
    failed = any(not result["passed"] for result in submission.checks)
    if assignment.state == AssignmentState.SURPLUS and failed:
        # Late work is approved by silence only if its checks pass; otherwise it waits for a person.
        assignment.auto_approve_at = now + review_window(assignment)
        assignment.reminded = 0
        assignment.save(update_fields=["state", "auto_approve_at", "reminded"])
        return
    Review.objects.create(submission=submission, decision=Decision.SILENCE, reviewer=None, created_at=now)
    review.settle(assignment, submission, now, unseen=True, actor=None)


def _remind(now: datetime) -> int:
    """Tells the reviewers at 50, 80 and 95 % of an answer's window that it waits."""
    at_desk = Assignment.objects.filter(state__in=[AssignmentState.SUBMITTED, AssignmentState.IN_REVIEW])
    windows = Step.objects.order_by().values_list("auto_approve_days", flat=True).distinct()
    late = Assignment.objects.filter(state=AssignmentState.SURPLUS)
    kinds = [(late, SURPLUS_DAYS), *((at_desk.filter(step__auto_approve_days=n), n) for n in windows)]
    return sum(_remind_of(rows, days, percent, now) for rows, days in kinds for percent in REMINDERS)


def _remind_of(rows: QuerySet[Assignment], days: int, percent: int, now: datetime) -> int:
    """Also of what is overdue: silence waits for the last reminder."""
    near = now + timedelta(days=days) * (100 - percent) / 100
    due = rows.filter(auto_approve_at__lte=near, reminded__lt=percent)
    ids = list(due.order_by("auto_approve_at").values_list("pk", flat=True)[:CHUNK])
    return one_by_one(ids, lambda pk: _remind_one(pk, percent))


@transaction.atomic
def _remind_one(pk: int, percent: int) -> bool:
    assignment = (
        Assignment.objects.select_for_update(of=("self",)).select_related("step__batch__store").get(pk=pk)
    )
    if assignment.reminded >= percent or assignment.auto_approve_at is None:
        return False
    assignment.reminded = percent
    assignment.clock_waits = percent == LAST_REMINDER
    assignment.save(update_fields=["state", "reminded", "clock_waits"])
    record(
        "assignment.reminded",
        topics=[*topics.of_batch(assignment.step.batch), f"review.store.{assignment.store_id}"],
        actor=None,
        percent=percent,
        **hold.ids(assignment),
    )
    return True


def _remind_of_unseen(now: datetime) -> int:
    """Tells the directors every week of answers approved by silence that nobody has accepted."""
    before = now - UNSEEN_EVERY
    unseen = Assignment.objects.filter(
        Q(batch__unseen_reminded_at=None) | Q(batch__unseen_reminded_at__lte=before),
        state=AssignmentState.APPROVED,
        use=Use.UNSEEN,
        decided_at__lte=before,
    )
    ids = list(unseen.order_by().values_list("batch_id", flat=True).distinct()[:CHUNK])
    return one_by_one(ids, lambda pk: _remind_batch_of_unseen(pk, now))


@transaction.atomic
def _remind_batch_of_unseen(batch_id: int, now: datetime) -> bool:
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.unseen_reminded_at and batch.unseen_reminded_at > now - UNSEEN_EVERY:
        return False
    batch.unseen_reminded_at = now
    batch.save(update_fields=["state", "unseen_reminded_at"])
    record("batch.unseen_waits", topics=topics.of_batch(batch), actor=None, batch=batch.pk)
    return True


def _complete(now: datetime) -> int:
    """Batches whose last two tasks ended in the same moment, so that neither saw the other."""
    running = {
        batch.pk: batch for batch in Batch.objects.filter(state__in=[BatchState.OPEN, BatchState.CLOSED])
    }
    done = [
        pk
        for pk, found in counts.of_batches(running).items()
        if not any(n for state, n in found.items() if state not in FINAL_TASK)
    ]
    return one_by_one(done, lambda pk: _complete_one(running[pk], now))


@transaction.atomic
def _complete_one(batch: Batch, now: datetime) -> bool:
    return batches.complete_if_done(batch, now=now)
