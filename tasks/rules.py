"""Who may do what. Pure: people, rows and moments in, an answer out."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.states import Role
from kernel.errors import Conflict, NotAllowed, TenchoError, Text
from tasks.models import Assignment, Batch, Step
from tasks.states import Audience, BatchState

# A director of a small shop works along with the staff.
STAFF_WORK_ROLES = (Role.STAFF, Role.DIRECTOR)
DIRECT_ROLES = (Role.DIRECTOR,)
REVIEW_ROLES = (Role.DIRECTOR, Role.REVIEWER)

# Rule 6 of the product: rejections of one batch are capped.
REJECTIONS_ALWAYS_ALLOWED = 3
REJECTIONS_PER_CENT = 30

REASONS: dict[str, Text] = {
    "batch_not_open": _("This batch is not open for work."),
    "batch_paused": _("The store has paused this batch. Your held work waits for you."),
    "deadline_passed": _("The deadline of this batch has passed."),
    "not_staff": _("This work is for the store's own staff."),
    "not_in_pool": _("This company offers its work to freelancers it has invited."),
    "not_a_freelancer": _("This work is for freelancers."),
    "own_company": _("You belong to this company, so you cannot take its freelance work."),
    "cap_reached": _("You have taken as many tasks of this batch as one person may."),
    "nothing_left": _("Nothing is left to take here at the moment."),
    "rest_waits": _("What is left waits for the store's go. It appears by itself."),
    "slot_taken": _("Somebody else was faster: this task has just been taken."),
    "already_on_task": _("You already have this task."),
    "busy": _("Many people are taking tasks at this moment. Try again."),
}


@dataclass(frozen=True)
class Standing:
    """What a person is towards one step: read once, judged by `refusal_of_claim`."""

    staff: bool
    of_company: bool
    freelancer: bool
    in_pool: bool


def refusal_of_offer(step: Step, standing: Standing) -> str | None:
    """Reason code if the step's work is not for this person, else None."""
    if step.audience == Audience.STAFF:
        return None if standing.staff else "not_staff"
    if standing.of_company:
        return "own_company"
    if not standing.freelancer:
        return "not_a_freelancer"
    return None if step.open_to_all or standing.in_pool else "not_in_pool"


def refusal_of_claim(step: Step, standing: Standing, now: datetime) -> str | None:
    """Reason code if this person cannot take work of this step now, else None."""
    return refusal_of_offer(step, standing) or refusal_of_running(step, now)


def refusal_of_running(step: Step, now: datetime) -> str | None:
    """Reason code if nobody can take work of this step now, else None."""
    batch = step.batch
    if batch.state == BatchState.PAUSED:
        return "batch_paused"
    if batch.state != BatchState.OPEN:
        return "batch_not_open"
    if batch.deadline and batch.deadline <= now:
        return "deadline_passed"
    return None


def error_of(reason: str) -> TenchoError:
    """The typed error for a reason code of `REASONS`."""
    who = {"not_staff", "not_in_pool", "not_a_freelancer", "own_company"}
    base = NotAllowed if reason in who else Conflict
    return base(reason, REASONS[reason])


def may_review(assignment: Assignment, reviewer_id: int, *, other_reviewers: bool, directs: bool) -> bool:
    """Not one's own submission; in a shop too small for two, a director's own staff work (recorded)."""
    if assignment.worker_id != reviewer_id:
        return True
    return directs and not other_reviewers and assignment.step.audience == Audience.STAFF


def rejections_left(*, submitted: int, rejected: int) -> int:
    """How many more answers of a batch may be rejected without the operator."""
    return max(REJECTIONS_ALWAYS_ALLOWED, submitted * REJECTIONS_PER_CENT // 100) - rejected


def takes_work_back(batch: Batch) -> bool:
    """Whether a freed slot is offered again."""
    return batch.state in (BatchState.OPEN, BatchState.PAUSED)
