"""Deciding on what was handed in."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import has_role, member_ids
from accounts.models import User
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid, NotAllowed
from tasks import rules, topics
from tasks.answers.lists import parse_checklist
from tasks.answers.schema import parse_form
from tasks.domain import batches, counts, hold, needs
from tasks.errors import IllegalMove, Missing, RoleMissing, legal
from tasks.models import Assignment, Correction, Review, Submission
from tasks.models.assignment import CHANGES_AT_MOST
from tasks.states import AssignmentState, Decision, SlotState, Use

REVIEW_LEASE = timedelta(minutes=10)
NOTE_MAX = 5000


class OwnWork(NotAllowed):
    def __init__(self) -> None:
        super().__init__("own_work", _("You cannot review your own work."))


class ReviewedByOther(Conflict):
    def __init__(self, name: str) -> None:
        super().__init__("reviewed_by_other", _("Another reviewer is looking at this."), reviewer=name)


class SecondPersonNeeded(NotAllowed):
    """Whoever corrected a price or an address would take it into use alone."""

    def __init__(self) -> None:
        super().__init__(
            "second_person_needed",
            _("You corrected a price or an address here. Somebody else has to accept it for use."),
        )


class RejectionCap(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "rejection_cap",
            _("So much of this batch has been rejected that further rejections need the operator."),
        )


def lock_submission(submission_id: int, by: User, now: datetime) -> tuple[Assignment, Submission]:
    """The submission and its locked assignment, for a reviewer of its store; `Missing` for others."""
    submission = Submission.objects.filter(pk=submission_id).first()
    if submission is None:
        raise Missing
    assignment = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("step__batch__store", "template_version", "reviewer")
        .get(pk=submission.assignment_id)
    )
    if not has_role(by, assignment.store_id, now, *rules.REVIEW_ROLES):
        if assignment.worker_id == by.pk:
            raise RoleMissing
        raise Missing
    return assignment, submission


def lock_decidable(submission_id: int, by: User, now: datetime) -> tuple[Assignment, Submission]:
    """Like `lock_submission`, for the last submission, and somebody who may decide on it now."""
    assignment, submission = lock_submission(submission_id, by, now)
    _require_last(submission)
    _may_decide(assignment, by, now)
    return assignment, submission


@transaction.atomic
def start_review(*, submission_id: int, by: User, now: datetime) -> Assignment:
    """Leases a submission to one reviewer for ten minutes; repeating it renews the lease."""
    assignment, _submission = lock_decidable(submission_id, by, now)
    if assignment.state == AssignmentState.SURPLUS:
        return assignment
    if assignment.state != AssignmentState.IN_REVIEW:
        with legal(assignment.state, "start_review"):
            assignment.start_review()
    newly = assignment.reviewer_id != by.pk or assignment.review_lease_until is None
    assignment.reviewer = by
    assignment.review_lease_until = now + REVIEW_LEASE
    with legal(assignment.state, "start_review"):
        assignment.save(update_fields=["state", "reviewer", "review_lease_until"])
    if newly:
        record("assignment.review_started", topics=_desk(assignment), actor=by.pk, **hold.ids(assignment))
    return assignment


@transaction.atomic
def stop_review(*, submission_id: int, by: User, now: datetime) -> Assignment:
    """Gives a leased submission back to the queue."""
    assignment, _submission = lock_submission(submission_id, by, now)
    if assignment.state == AssignmentState.IN_REVIEW and assignment.reviewer_id == by.pk:
        end_review_lease(assignment, actor=by.pk)
    return assignment


def end_review_lease(assignment: Assignment, *, actor: int | None) -> None:
    with legal(assignment.state, "stop_review"):
        assignment.stop_review()
        assignment.reviewer = None
        assignment.review_lease_until = None
        assignment.save(update_fields=["state", "reviewer", "review_lease_until"])
    record("assignment.review_stopped", topics=_desk(assignment), actor=actor, **hold.ids(assignment))


@transaction.atomic
def approve(*, submission_id: int, by: User, now: datetime, note: str = "") -> Review:
    """Approves an answer and settles its slot.

    Where a task wants one answer it is used; of several, a person chooses with `accept`.
    """
    assignment, submission = lock_decidable(submission_id, by, now)
    review = write_review(submission, assignment, Decision.APPROVED, by, now, note=note)
    settle(assignment, submission, now, unseen=False, actor=by.pk)
    return review


def settle(
    assignment: Assignment, submission: Submission, now: datetime, *, unseen: bool, actor: int | None
) -> None:
    """Moves a locked, undecided assignment to approved, with its use, slot and event.

    `unseen`: a person has to accept it before it is used.
    """
    late = assignment.state == AssignmentState.SURPLUS
    slot = needs.lock_slot(assignment.slot_id)
    has_slot = not late or slot.state == SlotState.OPEN
    with legal(assignment.state, "approve"):
        assignment.approve()
    assignment.use = _use_after_approval(assignment, has_slot=has_slot, unseen=unseen)
    _close(assignment, now)
    counts.add(assignment.batch_id, {counts.PAID: assignment.reward})
    if has_slot:
        needs.move_slot(slot, "settle", step=assignment.step, now=now)
    record(
        "assignment.approved",
        topics=topics.of_decision(assignment),
        actor=actor,
        submission=submission.pk,
        use=assignment.use,
        **hold.ids(assignment),
    )
    batches.complete_if_done(assignment.step.batch, now=now)


def _use_after_approval(assignment: Assignment, *, has_slot: bool, unseen: bool) -> str:
    if not has_slot:
        return Use.UNUSED
    if unseen:
        return Use.UNSEEN
    return Use.USED if assignment.step.answers_per_task == 1 else Use.UNUSED


@transaction.atomic
def request_changes(
    *, submission_id: int, comments: Mapping[str, str], by: User, now: datetime, note: str = ""
) -> Review:
    """Sends an answer back with a comment per field, at most twice; the worker has a window to answer."""
    assignment, submission = lock_decidable(submission_id, by, now)
    comments = _checked_comments(assignment, comments, note)
    if assignment.rounds >= CHANGES_AT_MOST:
        raise Conflict("rounds_used_up", _("Changes were asked for twice already. Approve or reject."))
    with legal(assignment.state, "request_changes"):
        assignment.request_changes()
    review = write_review(
        submission, assignment, Decision.CHANGES_REQUESTED, by, now, comments=comments, note=note
    )
    assignment.rounds += 1
    # Until the worker's notice is handed over this is only what it would be.
    assignment.resubmit_by = now + timedelta(days=assignment.step.resubmit_days)
    assignment.clock_waits, assignment.reminded = True, 0
    assignment.reviewer = None
    assignment.review_lease_until = assignment.auto_approve_at = None
    with legal(assignment.state, "request_changes"):
        assignment.save()
    record(
        "assignment.changes_requested",
        topics=topics.of_decision(assignment),
        actor=by.pk,
        submission=submission.pk,
        **hold.ids(assignment),
    )
    return review


def _checked_comments(assignment: Assignment, comments: Mapping[str, str], note: str) -> dict[str, str]:
    form = parse_form(assignment.template_version.form)
    kept = {field: text.strip()[:NOTE_MAX] for field, text in comments.items() if text.strip()}
    problems = [
        FieldProblem(field, "unknown_field", _("There is no such field in this form."))
        for field in kept
        if form.field(field) is None
    ]
    if not kept and not note.strip():
        problems.append(
            FieldProblem("comments", "required", _("Say what should change, at the field concerned."))
        )
    if problems:
        raise Invalid("comments_invalid", _("The comments could not be sent."), fields=problems)
    return kept


@transaction.atomic
def reject(*, submission_id: int, reasons: Sequence[str], by: User, now: datetime, note: str = "") -> Review:
    """Rejects an answer for named reasons: checklist items or failed checks. Final at once.

    Raises `Invalid` for reasons that the brief does not state, `RejectionCap` beyond the cap.
    """
    assignment, submission = lock_decidable(submission_id, by, now)
    cited = _checked_reasons(assignment, submission, reasons)
    late = assignment.state == AssignmentState.SURPLUS
    _require_below_cap(assignment)
    with legal(assignment.state, "reject"):
        assignment.reject()
    review = write_review(submission, assignment, Decision.REJECTED, by, now, reasons=cited, note=note)
    _close(assignment, now)
    if not late:
        slot = needs.lock_slot(assignment.slot_id)
        back = "offer_again" if rules.takes_work_back(assignment.step.batch) else "cancel"
        needs.move_slot(slot, back, step=assignment.step, now=now)
    record(
        "assignment.rejected",
        topics=topics.of_decision(assignment),
        actor=by.pk,
        submission=submission.pk,
        **hold.ids(assignment),
    )
    batches.complete_if_done(assignment.step.batch, now=now)
    return review


def citable(assignment: Assignment, submission: Submission) -> dict[str, Any]:
    """What a rejection may cite: id → label, checklist items first, then failed checks."""
    items: dict[str, Any] = {
        item.id: item.label for item in parse_checklist(assignment.template_version.checklist)
    }
    for result in submission.checks:
        if not result["passed"]:
            items[result["id"]] = result["label"]
    return items


def _checked_reasons(assignment: Assignment, submission: Submission, reasons: Sequence[str]) -> list[str]:
    known = citable(assignment, submission)
    cited = list(dict.fromkeys(reasons))
    if cited and all(reason in known for reason in cited):
        return cited
    problem = FieldProblem(
        "reasons", "not_in_brief", _("Name at least one checklist item or failed check of this task.")
    )
    raise Invalid("reasons_invalid", _("A rejection needs a reason from the brief."), fields=[problem])


def _require_below_cap(assignment: Assignment) -> None:
    _one_rejection_at_a_time(assignment.batch_id)
    handed_in = Assignment.objects.filter(batch_id=assignment.batch_id, submitted_at__isnull=False)
    rejected = handed_in.filter(state=AssignmentState.REJECTED).count()
    if rejected < rules.REJECTIONS_ALWAYS_ALLOWED:
        return
    if rules.rejections_left(submitted=handed_in.count(), rejected=rejected) <= 0:
        raise RejectionCap


def _one_rejection_at_a_time(batch_id: int) -> None:
    """Two reviewers must not both give the last rejection that the cap leaves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('tasks.review.reject'), %s)", [batch_id % 2**31]
            )


@transaction.atomic
def accept(*, submission_id: int, by: User, now: datetime) -> Review:
    """A person accepts an approved answer for use: one approved by silence, or the one of several.

    The task's other answers, used so far or unseen, become unused; they stay approved and paid. A late answer
    fills its slot if nobody has taken that again; raises `Conflict` while somebody works on it.
    """
    _lock_answers(submission_id)
    assignment, submission = lock_submission(submission_id, by, now)
    _require_last(submission)
    _require_other_eyes(assignment, by, now)
    if Correction.objects.filter(submission=submission, second_person=True, corrected_by=by).exists():
        raise SecondPersonNeeded
    if assignment.state != AssignmentState.APPROVED or assignment.set_aside or assignment.use == Use.USED:
        raise IllegalMove(assignment.use or assignment.state, "accept")
    _put_others_aside(assignment)
    _fill_slot(assignment, now)
    assignment.use = Use.USED
    try:
        with transaction.atomic():
            assignment.save(update_fields=["state", "use"])
    except IntegrityError as raced:
        raise Conflict("overtaken", _("Somebody else chose an answer in the same moment.")) from raced
    review = write_review(submission, assignment, Decision.ACCEPTED, by, now, stage=2)
    record(
        "assignment.accepted",
        topics=topics.of_decision(assignment),
        actor=by.pk,
        submission=submission.pk,
        **hold.ids(assignment),
    )
    batches.complete_if_done(assignment.step.batch, now=now)
    return review


def _lock_answers(submission_id: int) -> None:
    """All approved answers of the task, in one order: two people choosing must not wait for each other."""
    answers = Assignment.objects.filter(
        state=AssignmentState.APPROVED, task__assignments__submissions=submission_id
    )
    list(answers.select_for_update(of=("self",)).order_by("pk").values_list("pk"))


def _put_others_aside(assignment: Assignment) -> None:
    others = Assignment.objects.filter(task_id=assignment.task_id, use__in=[Use.USED, Use.UNSEEN])
    for other in others.exclude(pk=assignment.pk):
        other.use = Use.UNUSED
        other.save(update_fields=["state", "use"])


def _fill_slot(assignment: Assignment, now: datetime) -> None:
    slot = needs.lock_slot(assignment.slot_id)
    if slot.state in (SlotState.HELD, SlotState.DELIVERED):
        raise Conflict("slot_in_work", _("Somebody else is working on this answer. Decide on theirs first."))
    if slot.state == SlotState.OPEN:
        needs.move_slot(slot, "settle", step=assignment.step, now=now)


def _require_last(submission: Submission) -> None:
    newer = Submission.objects.filter(assignment_id=submission.assignment_id, number__gt=submission.number)
    if newer.exists():
        raise Conflict("not_last_submission", _("There is a newer submission of this work."))


def _may_decide(assignment: Assignment, by: User, now: datetime) -> None:
    _require_other_eyes(assignment, by, now)
    leased = assignment.state == AssignmentState.IN_REVIEW and assignment.review_lease_until
    if leased and leased > now and assignment.reviewer_id != by.pk:
        raise ReviewedByOther(str(assignment.reviewer))


def _require_other_eyes(assignment: Assignment, by: User, now: datetime) -> None:
    if assignment.worker_id != by.pk:
        return
    store_id = assignment.store_id
    others = [pk for pk in member_ids(store_id, now, *rules.REVIEW_ROLES) if pk != by.pk]
    directs = has_role(by, store_id, now, *rules.DIRECT_ROLES)
    if not rules.may_review(assignment, by.pk, other_reviewers=bool(others), directs=directs):
        raise OwnWork


def write_review(
    submission: Submission, assignment: Assignment, decision: Decision, by: User, now: datetime, **fields: Any
) -> Review:
    try:
        with transaction.atomic():
            return Review.objects.create(
                submission=submission,
                decision=decision,
                reviewer=by,
                own_work=assignment.worker_id == by.pk,
                created_at=now,
                **fields,
            )
    except IntegrityError as raced:
        raise IllegalMove(assignment.state, decision) from raced


def _close(assignment: Assignment, now: datetime) -> None:
    assignment.decided_at = now
    assignment.review_lease_until = assignment.auto_approve_at = None
    with legal(assignment.state, "decide"):
        assignment.save()


def _desk(assignment: Assignment) -> list[str]:
    return [*topics.of_batch(assignment.step.batch), f"review.store.{assignment.store_id}"]
