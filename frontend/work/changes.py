"""What changed in a task's manual since its worker last worked by it, and what the store says about it."""

from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.utils.translation import get_language

from frontend.questions.shown import panel
from tasks.domain import manuals
from tasks.domain.template_diff import Differences, differences
from tasks.models import Assignment, Repair, Review
from tasks.states import Decision


@dataclass(frozen=True)
class Changes:
    """`moved`: the manual changed while the worker held this very task."""

    differences: Differences
    moved: bool
    note: str


def changes_for(assignment: Assignment) -> Changes | None:
    before = manuals.version_before(assignment)
    if before is None or before.pk == assignment.template_version_id:
        return None
    found = differences(before, assignment.template_version)
    if not found:
        return None
    repairs = Repair.objects.filter(batch=assignment.batch_id, after=assignment.template_version_id)
    note = repairs.order_by("-pk").values_list("note", flat=True).first()
    return Changes(_for_reader(found), assignment.claimed_version_id is not None, note or "")


def _for_reader(found: Differences) -> Differences:
    """The manual in the reader's language, unless only the other one has changed."""
    language = (get_language() or "ja")[:2]
    mine = found.manual.get(language)
    return replace(found, manual={language: mine}) if mine else found


def excuse_of(assignment: Assignment) -> Review | None:
    """Why an answer was set aside."""
    if not assignment.set_aside:
        return None
    rows = Review.objects.filter(submission__assignment=assignment, decision=Decision.EXCUSED)
    return rows.order_by("-pk").first()


def shown_beside(request: HttpRequest, assignment: Assignment) -> dict[str, object]:
    """What stands around the answer: changes of the manual, and the batch's questions."""
    return {
        "changes": changes_for(assignment),
        "excuse": excuse_of(assignment),
        "asked": panel(request, assignment.step.batch),
    }
