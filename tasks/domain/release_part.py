"""A restore file may take back a part: named answers, or those that a later check found."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kernel.errors import Conflict, FieldProblem, Invalid
from tasks.domain.queries import visible_later_checks
from tasks.models import LaterCheck, LaterFinding, Release, ReleaseCell
from tasks.states import JobState

ANSWERS_AT_MOST = 1_000


def cells_to_restore(release: Release) -> QuerySet[ReleaseCell]:
    """The cells of the other file that this restore file puts back."""
    cells = ReleaseCell.objects.filter(release=release.restores_id)
    if release.answers_only is not None:
        cells = cells.filter(submission__in=release.answers_only)
    if release.later_check_id is not None:
        found = LaterFinding.objects.filter(
            later_check=release.later_check_id, submission=OuterRef("submission")
        )
        cells = cells.filter(Exists(found))
    return cells


def choose(
    release: Release, *, answers: Collection[int] | None, later_check: int | None, by: User, now: datetime
) -> None:
    """Limits a restore file that is being asked for.

    Raises `Invalid` (answers, later_check) for what is not of that file or not there, `Conflict` for a check
    that still runs or that found nothing in it.
    """
    if answers is None and later_check is None:
        return
    if release.restores_id is None:
        raise _invalid("answers", _("Only a restore file can be limited to some answers."))
    release.answers_only = None if answers is None else _known(release, answers)
    release.later_check = None if later_check is None else _finished(later_check, by, now)
    if not cells_to_restore(release).exists():
        raise Conflict("nothing_to_restore", _("That file holds none of these answers."))


def _known(release: Release, answers: Collection[int]) -> list[int]:
    wanted = sorted(set(answers))
    if not 0 < len(wanted) <= ANSWERS_AT_MOST:
        text = _("Name 1 to %(max)d answers.") % {"max": ANSWERS_AT_MOST}
        raise _invalid("answers", text, code="out_of_range")
    cells = ReleaseCell.objects.filter(release=release.restores_id, submission__in=wanted)
    if cells.values("submission").distinct().count() != len(wanted):
        raise _invalid("answers", _("The file to be taken back does not hold all of these answers."))
    return wanted


def _finished(later_check: int, by: User, now: datetime) -> LaterCheck:
    found = visible_later_checks(by, now).filter(pk=later_check).first()
    if found is None:
        raise _invalid("later_check", _("There is no such check."))
    if found.state != JobState.DONE:
        raise Conflict("later_check_running", _("The check has not looked at every answer yet."))
    return found


def _invalid(field: str, text: object, *, code: str = "unknown") -> Invalid:
    problem = FieldProblem(field, code, text)  # type: ignore[arg-type]  # lazy or formatted, both are texts
    return Invalid("release_invalid", _("There is no result of this kind."), fields=[problem])
