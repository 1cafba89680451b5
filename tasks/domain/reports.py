"""What cannot be done: a worker says so, a director answers or agrees; the clock agrees with what is left."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid
from tasks import topics
from tasks.domain import batches, counts, hold, needs
from tasks.domain.claim import lease_end
from tasks.errors import Missing, legal
from tasks.models import Assignment, Batch, Report
from tasks.rules import refusal_of_running
from tasks.states import BatchState, PauseReason, ReportReason

ANSWER_WITHIN = timedelta(days=2)
NOTE_MAX = 5000
# As many open reports for the same reason pause the batch; and again at as many more.
ALIKE = 5


def open_reports(batch_id: int | OuterRef) -> QuerySet[Report]:
    """Those of a batch that wait for the director, the nearest clock first."""
    rows = Report.objects.filter(closed_at=None).order_by("assignment__report_due_at", "pk")
    return rows.filter(batch_id=batch_id)  # type: ignore[misc]  # or a reference to an outer query


def paid_share(assignment: Assignment) -> int:
    """Yen that a settled report is paid, rounded down. Needs `step` loaded."""
    return assignment.reward * assignment.step.impossible_share // 100


@transaction.atomic
def report_impossible(*, assignment_id: int, reason: str, by: User, now: datetime, note: str = "") -> Report:
    """Says that a held task cannot be done. The slot stays held and the draft is kept until the answer.

    The fifth open report of a batch for the same reason pauses the batch. Raises `Missing`, `IllegalMove`,
    and `Invalid` for an unknown reason or one that needs words.
    """
    # A pause stops the clocks of what is claimed: it comes before this change or after it, never between.
    batch = _lock_batch(Assignment.objects.filter(pk=assignment_id, worker=by).values("batch"))
    assignment = hold.lock_own(assignment_id, by)
    note = _checked(reason, note)
    with legal(assignment.state, "report"):
        assignment.report()
    assignment.lease_expires_at = assignment.lease_remaining = None
    assignment.report_due_at = now + ANSWER_WITHIN
    # Until a director's notice is handed over; see `windows`.
    assignment.clock_waits = True
    _save(assignment, "report")
    made = Report.objects.create(assignment=assignment, batch=batch, reason=reason, note=note, created_at=now)
    _tell("assignment.reported", made, assignment, actor=by.pk)
    _pause_if_alike(batch, reason, now)
    return made


def _lock_batch(pks: "QuerySet[Assignment, object]") -> Batch:
    batch = Batch.objects.select_for_update(of=("self",)).select_related("store").filter(pk__in=pks).first()
    if batch is None:
        raise Missing
    return batch


def _checked(reason: str, note: str) -> str:
    """The note, stripped."""
    problems = []
    if reason not in ReportReason.values:
        problems.append(FieldProblem("reason", "unknown", _("Choose why it cannot be done.")))
    elif reason == ReportReason.OTHER and not note.strip():
        problems.append(FieldProblem("note", "required", _("Say in a few words why it cannot be done.")))
    if len(note) > NOTE_MAX:
        problems.append(FieldProblem("note", "too_long", _("This text is too long.")))
    if problems:
        raise Invalid("report_invalid", _("The report could not be sent."), fields=problems)
    return note.strip()


def _pause_if_alike(batch: Batch, reason: str, now: datetime) -> None:
    alike = open_reports(batch.pk).filter(reason=reason).count()
    # A director who has resumed it knows of the first five.
    if alike and alike % ALIKE == 0 and batch.state == BatchState.OPEN:
        batches.hold_claims(batch, reason=PauseReason.IMPOSSIBLE, actor=None, now=now)


@transaction.atomic
def answer_report(*, report_id: int, answer: str, by: User, now: datetime) -> Report:
    """Tells the worker how to go on: the task is theirs again with a fresh lease.

    Raises `Missing`, `RoleMissing`, `IllegalMove` once it is closed, `Invalid` without words, and `Conflict`
    where the deadline has passed: the lease would end at once, so only agreeing is left.
    """
    report, assignment = _lock_open(report_id, by, now)
    text = answer.strip()
    if not text or len(answer) > NOTE_MAX:
        problem = FieldProblem("answer", "required", _("Write what the worker should do."))
        if text:
            problem = FieldProblem("answer", "too_long", _("This text is too long."))
        raise Invalid("answer_missing", _("The answer could not be sent."), fields=[problem])
    with legal(assignment.state, "answer_report"):
        assignment.answer_report()
    _start_lease(assignment, now)
    assignment.report_due_at, assignment.clock_waits = None, False
    _save(assignment, "answer_report")
    report.answer, report.answered_by, report.closed_at = text, by, now
    report.save(update_fields=["answer", "answered_by", "closed_at"])
    _tell("assignment.report_answered", report, assignment, actor=by.pk)
    return report


def _start_lease(assignment: Assignment, now: datetime) -> None:
    """A whole lease, capped by the deadline; while the batch is paused it stands still."""
    step = assignment.step
    if step.batch.deadline and step.batch.deadline <= now:
        raise Conflict(
            "deadline_passed",
            _("The deadline has passed, so nobody could work on it any more. Agree with the worker instead."),
        )
    if step.batch.state == BatchState.PAUSED:
        assignment.lease_remaining = timedelta(minutes=step.lease_minutes)
    else:
        assignment.lease_expires_at = lease_end(step, now)


@transaction.atomic
def agree(*, report_id: int, by: User, now: datetime) -> Report:
    """Agrees that the task cannot be done: the share is paid, the task is left as it is. Raises alike."""
    report, assignment = _lock_open(report_id, by, now)
    _settle(report, assignment, by=by, now=now)
    return report


def _lock_open(report_id: int, by: User, now: datetime) -> tuple[Report, Assignment]:
    """An open report and its assignment, locked batch first; for a director of its store."""
    row = Report.objects.filter(pk=report_id).values_list("batch_id", "assignment_id").first()
    if row is None:
        raise Missing
    batch_id, assignment_id = row
    batches.lock_batch(batch_id, by, now)
    assignment = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("step__batch__store", "template_version")
        .get(pk=assignment_id)
    )
    report = Report.objects.get(pk=report_id)
    if report.closed_at is not None:
        raise Conflict("report_closed", _("This report was answered already."), state=assignment.state)
    return report, assignment


def settle_unanswered(assignment: Assignment, now: datetime) -> None:
    """The clock agrees in the place of a director who did not answer. Takes a locked assignment."""
    _settle(assignment.reports.get(closed_at=None), assignment, by=None, now=now)


def _settle(report: Report, assignment: Assignment, *, by: User | None, now: datetime) -> None:
    slot = needs.lock_slot(assignment.slot_id)
    with legal(assignment.state, "settle_report"):
        assignment.settle_report()
    assignment.report_due_at = None
    assignment.ended_at = assignment.decided_at = now
    _save(assignment, "settle_report")
    counts.add(assignment.batch_id, {counts.PAID: paid_share(assignment)})
    needs.move_slot(slot, "settle", step=assignment.step, now=now)
    report.answered_by, report.closed_at = by, now
    report.save(update_fields=["answered_by", "closed_at"])
    _tell("assignment.settled", report, assignment, actor=by.pk if by else None)
    batches.complete_if_done(assignment.step.batch, now=now)


def _save(assignment: Assignment, verb: str) -> None:
    with legal(assignment.state, verb):
        assignment.save(
            update_fields=[
                "state",
                "lease_expires_at",
                "lease_remaining",
                "report_due_at",
                "clock_waits",
                "ended_at",
                "decided_at",
            ]
        )


def _tell(name: str, report: Report, assignment: Assignment, *, actor: int | None) -> None:
    record(
        name,
        topics=topics.of_work(assignment),
        actor=actor,
        reason=report.reason,
        report=report.pk,
        **hold.ids(assignment),
    )


def may_answer(assignment: Assignment, now: datetime) -> bool:
    """Whether an answer could still be worked on. Needs `step.batch` loaded."""
    return refusal_of_running(assignment.step, now) != "deadline_passed"
