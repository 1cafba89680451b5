"""Taking an approval back: a minute's grace for the slip of a finger."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from events import record
from kernel.errors import Conflict, NotAllowed
from tasks import jobs, topics
from tasks.domain import counts, hold, needs, review
from tasks.domain.submit import SURPLUS_DAYS
from tasks.errors import IllegalMove, Missing, legal
from tasks.models import Assignment, Batch, Correction, Review, Slot, Submission
from tasks.states import RUNNING_BATCH, AssignmentState, BatchState, Decision, JobState, SlotState, Use

GRACE = timedelta(minutes=1)
# Silence must not decide in the moment in which the desk has the answer back.
CLOCK_AT_LEAST = timedelta(days=1)


@transaction.atomic
def undo_approval(*, submission_id: int, by: User, now: datetime) -> Review:
    """Takes back one's own approval of less than a minute ago; the answer is on one's desk again.

    A correction made with it goes. Raises `Missing`, `IllegalMove`, `NotAllowed` (somebody else approved it),
    and `Conflict` saying why it is too late: the minute is over, the batch is complete, the answer is in a
    result file, or somebody has accepted it or another one for use.
    """
    batch = _lock_batch(submission_id)
    assignment, submission = review.lock_submission(submission_id, by, now)
    made = submission.reviews.filter(decision=Decision.APPROVED).first()
    if made is None or assignment.state != AssignmentState.APPROVED or assignment.set_aside:
        raise IllegalMove(assignment.state, "undo")
    _require_possible(made, assignment, batch, by, now)
    _take_back(assignment, submission, batch, by, now)
    Correction.objects.filter(submission=submission).delete()
    made.decision = Decision.UNDONE
    made.save(update_fields=["decision"])
    record(
        "assignment.approval_undone",
        topics=topics.of_decision(assignment),
        actor=by.pk,
        submission=submission.pk,
        **hold.ids(assignment),
    )
    return made


def _lock_batch(submission_id: int) -> Batch:
    """Whoever completes the batch in the same moment waits, and then sees what was taken back."""
    of_submission = Submission.objects.filter(pk=submission_id).values("assignment__batch")
    found = Batch.objects.select_for_update(of=("self",)).filter(pk__in=of_submission).first()
    if found is None:
        raise Missing
    return found


def _require_possible(made: Review, assignment: Assignment, batch: Batch, by: User, now: datetime) -> None:
    if made.reviewer_id != by.pk:
        raise NotAllowed("not_own_approval", _("Only the reviewer who approved it can take that back."))
    if now - made.created_at > GRACE:
        raise Conflict("undo_too_late", _("An approval can be taken back for one minute. It stands now."))
    if batch.state == BatchState.COMPLETED:
        raise Conflict(
            "batch_completed", _("This was the last answer of the batch, which is complete now. It stands.")
        )
    if _is_chosen(assignment, made):
        raise Conflict("already_chosen", _("An answer of this task was accepted for use meanwhile."))
    if _is_released(batch, made):
        raise Conflict("already_released", _("A result file with this answer was asked for meanwhile."))


def _is_chosen(assignment: Assignment, made: Review) -> bool:
    """A person has accepted this answer for use, or another one in its place."""
    of_task = Review.objects.filter(decision=Decision.ACCEPTED, created_at__gte=made.created_at)
    return of_task.filter(submission__assignment__task=assignment.task_id).exists()


def _is_released(batch: Batch, made: Review) -> bool:
    """A file that was not finished when the answer was approved may hold it."""
    files = batch.releases.exclude(state=JobState.FAILED)
    return files.exclude(finished_at__lt=made.created_at).exists()


def _take_back(assignment: Assignment, submission: Submission, batch: Batch, by: User, now: datetime) -> None:
    late = submission.late
    slot = needs.lock_slot(assignment.slot_id)
    filled = not late or _fills(assignment, slot)
    verb = "undo_late" if late else "undo"
    with legal(assignment.state, verb):
        getattr(assignment, verb)()
    assignment.use, assignment.decided_at = Use.NONE, None
    assignment.auto_approve_at = _clock(assignment, now, late=late)
    if not late:
        assignment.reviewer, assignment.review_lease_until = by, now + review.REVIEW_LEASE
    with legal(assignment.state, verb):
        assignment.save()
    counts.add(batch.pk, {counts.PAID: -assignment.reward})
    if filled:
        needs.move_slot(slot, "offer_again" if late else "undo", step=assignment.step, now=now)
    if late and batch.state not in RUNNING_BATCH:
        jobs.cancel_free_slots.enqueue(batch.pk)


def _fills(assignment: Assignment, slot: Slot) -> bool:
    """Whether a late answer is the one that has settled its slot."""
    if slot.state != SlotState.SETTLED:
        return False
    decided = [AssignmentState.APPROVED, AssignmentState.SETTLED]
    others = Assignment.objects.filter(slot=slot, state__in=decided).exclude(pk=assignment.pk)
    return assignment.use != Use.UNUSED or not others.exists()


def _clock(assignment: Assignment, now: datetime, *, late: bool) -> datetime:
    """The window goes on as if nothing had happened."""
    days = SURPLUS_DAYS if late else assignment.step.auto_approve_days
    handed_in = assignment.submitted_at or now
    return max(handed_in + timedelta(days=days), now + CLOCK_AT_LEAST)
