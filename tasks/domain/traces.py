"""Where an answer went, and what else its worker handed in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.domain.queries import DESK, stores_of
from accounts.models import User
from tasks.domain.queries import visible_submissions
from tasks.errors import Missing
from tasks.models import Assignment, Release, ReleaseCell, Submission
from tasks.states import RECEIVED, AssignmentState, JobState

RELEASES_AT_MOST = 50


@dataclass(frozen=True)
class WentInto:
    """One result file that holds cells of an answer; `taken_back` are the restore files of it."""

    release: Release
    cells: Sequence[ReleaseCell]
    taken_back: Sequence[Release]


def answer_at_desk(submission_id: int, by: User, now: datetime) -> Submission:
    """An answer for somebody at its store's desk. Raises `Missing`, for rejected work too (rule 6)."""
    rows = visible_submissions(by, now).filter(assignment__store__in=stores_of(by, now, *DESK))
    rows = rows.exclude(assignment__state=AssignmentState.REJECTED)
    related = ("assignment__task__unit", "assignment__worker", "assignment__template_version__template")
    found = (
        rows.select_related(*related, "assignment__step__batch__store", "correction__corrected_by")
        .prefetch_related("reviews__reviewer")
        .filter(pk=submission_id)
        .first()
    )
    if found is None:
        raise Missing
    return found


def releases_of(submission: Submission) -> list[WentInto]:
    """The finished files that hold cells of the answer, the latest first, at most 50."""
    held = ReleaseCell.objects.filter(submission=submission, release__state=JobState.DONE)
    ids = held.order_by("-release_id").values_list("release_id", flat=True).distinct()[:RELEASES_AT_MOST]
    rows = Release.objects.filter(pk__in=list(ids)).select_related("created_by", "uploaded_by")
    releases = list(rows.order_by("-pk"))
    cells = _by_release(held.filter(release__in=releases).order_by("pk"))
    taken_back = _restored_by(releases, submission)
    return [WentInto(one, cells.get(one.pk, []), taken_back.get(one.pk, [])) for one in releases]


def _by_release(cells: Iterable[ReleaseCell]) -> Mapping[int, list[ReleaseCell]]:
    found: dict[int, list[ReleaseCell]] = {}
    for cell in cells:
        found.setdefault(cell.release_id, []).append(cell)
    return found


def _restored_by(releases: Sequence[Release], submission: Submission) -> Mapping[int, list[Release]]:
    """Restore files that put back cells of this answer: one may hold only a part of its file."""
    found: dict[int, list[Release]] = {}
    rows = Release.objects.filter(restores__in=releases, state=JobState.DONE, written__submission=submission)
    for one in rows.order_by("pk").distinct():
        assert one.restores_id is not None, "filtered by it"
        found.setdefault(one.restores_id, []).append(one)
    return found


def others_by_worker(submission: Submission, by: User, now: datetime) -> QuerySet[Any, Any]:
    """What the same person handed in to the same company, as far as the reader sits at its desk.

    Each assignment carries `last_submission`, its last one. Rejected work is its worker's alone.
    """
    assignment = submission.assignment
    company = assignment.step.batch.store.company_id
    last = Submission.objects.filter(assignment=OuterRef("pk")).order_by("-number")
    rows = Assignment.objects.filter(
        worker=assignment.worker_id,
        store__company=company,
        store__in=stores_of(by, now, *DESK),
    )
    rows = rows.filter(RECEIVED).exclude(pk=assignment.pk)
    return rows.select_related("task__unit", "batch").annotate(
        last_submission=Subquery(last.values("pk")[:1])
    )
