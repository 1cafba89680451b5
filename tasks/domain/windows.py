"""Clocks that can cost somebody money start when their notice was handed over, not when it was written.

`clock_waits` holds the running window: no sweep rings it. What is handed over late gives the whole time.
"""

from datetime import datetime, timedelta

from django.db import transaction

from events import record
from tasks import topics
from tasks.domain import hold
from tasks.domain.reports import ANSWER_WITHIN
from tasks.domain.submit import SURPLUS_DAYS
from tasks.models import Assignment
from tasks.states import UNDECIDED, AssignmentState

# The last reminder before silence approves; from its hand-over on runs what is left of the window.
LAST_REMINDER = 95

RETURNED, REVIEW_DUE, REPORTED = "changes_requested", "review_due", "report_received"
# A decision may be taken back: by then the reminder must count.
_WAITING = {
    RETURNED: (AssignmentState.CHANGES_REQUESTED,),
    REVIEW_DUE: (*UNDECIDED, AssignmentState.APPROVED),
    REPORTED: (AssignmentState.REPORTED,),
}


def review_window(assignment: Assignment) -> timedelta:
    """How long an answer waits for a decision before silence approves it. Needs `step` loaded."""
    late = assignment.state == AssignmentState.SURPLUS
    return timedelta(days=SURPLUS_DAYS if late else assignment.step.auto_approve_days)


def last_stretch(assignment: Assignment) -> timedelta:
    """What reviewers have at least, once the last reminder has reached one of them."""
    return review_window(assignment) * (100 - LAST_REMINDER) / 100


@transaction.atomic
def start(*, assignment_id: int, notice: str, submission_id: int | None, now: datetime) -> bool:
    """The notice of kind `notice` was handed over at `now`: the window that waited for it runs from there.

    False if none waits, or if another one does by now. Safe to repeat.
    """
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("step__batch__store")
    assignment = rows.filter(pk=assignment_id, clock_waits=True).first()
    if assignment is None or assignment.state not in _WAITING[notice]:
        return False
    last = assignment.submissions.order_by("-number").values_list("pk", flat=True).first()
    if submission_id not in (None, last):
        return False
    _run_from(assignment, now)
    assignment.clock_waits = False
    assignment.save(update_fields=["state", "clock_waits", "resubmit_by", "report_due_at", "auto_approve_at"])
    record(
        "assignment.window_started",
        topics=topics.of_decision(assignment),
        actor=None,
        **hold.ids(assignment),
    )
    return True


def _run_from(assignment: Assignment, now: datetime) -> None:
    if assignment.state == AssignmentState.CHANGES_REQUESTED:
        assignment.resubmit_by = now + timedelta(days=assignment.step.resubmit_days)
    elif assignment.state == AssignmentState.REPORTED:
        assignment.report_due_at = now + ANSWER_WITHIN
    elif assignment.auto_approve_at is not None:
        assignment.auto_approve_at = max(assignment.auto_approve_at, now + last_stretch(assignment))
