"""Where the answers that a later check found stand: kept beside them, so that a list can be filtered by it.

Whatever changes the files of a batch (one is written, ticked off, or not any more) asks for `refresh`.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from events import record
from jobs import stopping
from tasks.models import LaterCheck, LaterFinding, Release, ReleaseCell
from tasks.states import AnswerPlace, JobState

CHUNK = 500
COUNTERS = {
    AnswerPlace.FILE: "in_file",
    AnswerPlace.UPLOADED: "uploaded",
    AnswerPlace.TAKEN_BACK: "taken_back",
}
Upload = tuple[datetime, int]


def places_of(submissions: Collection[int]) -> dict[int, AnswerPlace]:
    """The place of each answer: what was uploaded last decides, a file or one that took it back."""
    rows = ReleaseCell.objects.filter(submission__in=submissions, release__state=JobState.DONE)
    told = ("submission", "release", "release__format", "release__uploaded_at")
    brought: dict[int, Upload] = {}
    back: dict[int, Upload] = {}
    held = set()
    for pk, release, kind, uploaded_at in rows.order_by().values_list(*told).distinct():
        held.add(pk)
        if uploaded_at is not None:
            side = back if kind == Release.Format.RESTORE else brought
            side[pk] = max(side.get(pk, (uploaded_at, release)), (uploaded_at, release))
    return {pk: _place(pk in held, brought.get(pk), back.get(pk)) for pk in submissions}


def _place(held: bool, brought: Upload | None, back: Upload | None) -> AnswerPlace:
    if back is not None and (brought is None or back > brought):
        return AnswerPlace.TAKEN_BACK
    if brought is not None:
        return AnswerPlace.UPLOADED
    return AnswerPlace.FILE if held else AnswerPlace.NONE


def count(later: LaterCheck, places: Iterable[str], *, sign: int = 1) -> None:
    """Adds to the counters of a locked row, or takes away; the caller saves it."""
    for place, n in Counter(places).items():
        name = COUNTERS.get(AnswerPlace(place))
        if name is not None:
            setattr(later, name, getattr(later, name) + sign * n)


def refresh(*, release_id: int) -> None:
    """Looks again at every finding of the batch. Safe to run again."""
    release = Release.objects.select_related("batch__store").get(pk=release_id)
    cursor: int | None = 0
    while cursor is not None:
        cursor = _chunk(release, cursor)
        stopping()


@transaction.atomic
def _chunk(release: Release, cursor: int) -> int | None:
    """The next findings; returns the last one's id, None when there was none."""
    company = release.batch.store.company_id
    # Also those that are still looking: what they wrote beside a file of this moment is waited for.
    locked = {
        later.pk: later
        for later in LaterCheck.objects.select_for_update().filter(company=company).order_by("pk")
    }
    rows = list(LaterFinding.objects.filter(batch=release.batch_id, pk__gt=cursor).order_by("pk")[:CHUNK])
    if not rows:
        return None
    places = places_of({row.submission_id for row in rows})
    moved = [row for row in rows if row.place != places[row.submission_id]]
    for row in moved:
        later, place = locked[row.later_check_id], places[row.submission_id]
        count(later, [row.place], sign=-1)
        count(later, [place])
        row.place = place
    LaterFinding.objects.bulk_update(moved, ["place"])
    for pk in sorted({row.later_check_id for row in moved}):
        locked[pk].save(update_fields=["state", *COUNTERS.values()])
        told: dict[str, Any] = {"later_check": pk}
        record("later_check.placed", topics=[f"later_check.{pk}"], actor=None, **told)
    return rows[-1].pk
