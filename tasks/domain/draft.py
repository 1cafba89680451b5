"""Saving what a worker types, so that nothing typed is lost and nothing newer is overwritten."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kernel.errors import Conflict, Invalid
from tasks.answers.validate import normalise_answer, validate_draft
from tasks.domain import hold
from tasks.domain.versions import known
from tasks.errors import IllegalMove
from tasks.models import Assignment, DraftAlternative
from tasks.states import AssignmentState

Answer = dict[str, Any]

LATE_DAYS = 7
ALTERNATIVES_KEPT = 20
# A hold that has ended still takes what its worker had typed: it can be handed in late or offered back.
DRAFT_STATES = (
    AssignmentState.CLAIMED,
    AssignmentState.CHANGES_REQUESTED,
    AssignmentState.EXPIRED,
    AssignmentState.RELEASED,
)


class DraftOutdated(Conflict):
    """The save was based on an older draft; the refused text is kept beside it."""

    def __init__(self, assignment: Assignment, alternative_id: int) -> None:
        super().__init__(
            "draft_outdated",
            _("This draft was changed in another window. Your text was kept beside it."),
            draft=assignment.draft,
            fence=assignment.fence,
            alternative=alternative_id,
        )


def save_draft(*, assignment_id: int, answer: Answer, fence: int, by: User, now: datetime) -> Assignment:
    """Stores a draft that was based on `fence`; returns the assignment with the next fence.

    Repeating the stored answer with the previous fence (its reply was lost) changes nothing. Raises
    `Missing`, `Invalid` for what cannot be stored, `IllegalMove` once the work is decided, and
    `DraftOutdated` after keeping the text as an alternative.
    """
    with transaction.atomic():
        assignment = hold.lock_own(assignment_id, by)
        answer = storable(assignment, answer)
        if fence == assignment.fence - 1 and answer == assignment.draft:
            return assignment
        if fence == assignment.fence and assignment.state in DRAFT_STATES:
            store(assignment, answer, now)
            return assignment
        refused = keep_aside(assignment, answer, fence, now)
    # Raised after the commit, or the text would be rolled back with it.
    raise refused


def keep_aside(assignment: Assignment, answer: Answer, fence: int, now: datetime) -> Conflict:
    """Keeps a text that cannot become the draft as an alternative; returns the reason to raise."""
    if assignment.state not in DRAFT_STATES:
        if answer != assignment.draft:
            keep_alternative(assignment, answer, fence, now)
        return IllegalMove(assignment.state, "draft")
    return DraftOutdated(assignment, keep_alternative(assignment, answer, fence, now).pk)


def storable(assignment: Assignment, answer: Answer) -> Answer:
    """The answer in the form it is stored; `Invalid` if it is no answer to this form at all."""
    form = known(assignment.template_version_id).form
    problems = validate_draft(form, answer)
    if problems:
        raise Invalid("draft_invalid", _("The draft could not be saved."), fields=problems)
    return normalise_answer(form, answer)


def store(assignment: Assignment, answer: Answer, now: datetime) -> None:
    assignment.draft = answer
    assignment.fence += 1
    assignment.draft_saved_at = now
    hold.renew(assignment, now)
    assignment.save(update_fields=["state", "draft", "fence", "draft_saved_at", "lease_expires_at"])


def keep_alternative(assignment: Assignment, answer: Answer, fence: int, now: datetime) -> DraftAlternative:
    """Keeps a refused text, each text once, the latest twenty. A fence that was no number comes as -1."""
    latest = assignment.alternatives.order_by("-pk")
    for one in latest[:ALTERNATIVES_KEPT]:
        if one.answer == answer:
            return one
    kept = DraftAlternative.objects.create(
        assignment=assignment, answer=answer, fence=max(fence, 0), created_at=now
    )
    old = latest.values_list("pk", flat=True)[ALTERNATIVES_KEPT:]
    DraftAlternative.objects.filter(pk__in=list(old)).delete()
    return kept


def may_submit_late(assignment: Assignment, now: datetime) -> bool:
    """Whether an ended hold may still be handed in: until 7 days after its batch ended."""
    if assignment.state not in (AssignmentState.EXPIRED, AssignmentState.RELEASED):
        return False
    ended = assignment.step.batch.ended_at
    return ended is None or now <= ended + timedelta(days=LATE_DAYS)
