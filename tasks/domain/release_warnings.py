"""What to know before a result file is uploaded: codes and numbers, worded by `tasks.texts.warning`."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef

from exchange.source import Source
from kernel import clock
from tasks.domain.later_places import places_of
from tasks.domain.release_answers import KnownColumns
from tasks.domain.release_cells import Kept, Restored, chunks
from tasks.domain.release_fresh import Drifted
from tasks.domain.release_sources import uploaded_at
from tasks.models import Assignment, Release, ReleaseCell
from tasks.states import UNDECIDED, AnswerPlace, JobState, Use

LOOKED_AT_ONCE = 500
# What changes in a shop from hour to hour. Where a mall demands it of every row, the file holds old values.
VOLATILE = ("price", "inventory_quantity")

Warning_ = dict[str, Any]


def warnings_of(
    release: Release,
    source: Source,
    origin: KnownColumns | Restored,
    kept: Kept,
    drifted: Drifted | None,
    *,
    later: int,
) -> list[Warning_]:
    found = [*_of_age(release), *_of_upload(release, source, kept)]
    if drifted is not None:
        found += _of_drift(release, drifted)
    if isinstance(origin, Restored):
        return [*found, *_counted(later_release=later, blank_restored=kept.blank_after)]
    for column, n in sorted(origin.left_out.items()):
        found.append(_warning("column_missing", column=column, n=n))
    unseen = Assignment.objects.filter(batch_id=release.batch_id, use=Use.UNSEEN).count()
    waiting = Assignment.objects.filter(batch_id=release.batch_id, state__in=UNDECIDED).count()
    again = _taken_back(release)
    counted = _counted(unseen_left_out=unseen, undecided_left_out=waiting, taken_back_again=again)
    return [*found, *counted]


def _taken_back(release: Release) -> int:
    """Answers of this file that the last upload which held them has taken back: it brings them again."""
    restores = Release.objects.filter(
        batch=release.batch_id, format=Release.Format.RESTORE, state=JobState.DONE, uploaded_at__isnull=False
    )
    ids = list(restores.values_list("pk", flat=True))
    if not ids:
        return 0
    back = ReleaseCell.objects.filter(release__in=ids, submission=OuterRef("submission"))
    rows = ReleaseCell.objects.filter(Exists(back), release=release).order_by("submission")
    wanted = rows.values_list("submission", flat=True).distinct().iterator()
    return sum(
        place == AnswerPlace.TAKEN_BACK
        for chunk in chunks((pk for pk in wanted if pk is not None), LOOKED_AT_ONCE)
        for place in places_of(chunk).values()
    )


def _of_age(release: Release) -> list[Warning_]:
    """A whole file brings back everything that it holds."""
    at = uploaded_at(release.batch)
    if release.format != Release.Format.SOURCE or release.fresh or at is None:
        return []
    hours = int((clock.now() - at).total_seconds() // 3600)
    return [_warning("source_age", hours=hours, at=at.isoformat())]


def _of_upload(release: Release, source: Source, kept: Kept) -> Iterator[Warning_]:
    """What the mall's own rules make of an update file: its rows, and columns that it must have."""
    most = source.updating.file_rows
    if release.format == Release.Format.SOURCE:
        return
    if most is not None and kept.rows > most:
        yield _warning("too_many_rows", n=kept.rows, limit=most)
    places = {name: source.columns.get(name) for name in VOLATILE}
    along = [source.header[n] for n in places.values() if n is not None and n in source.updating.kept]
    if along and kept.rows and not release.fresh:
        yield _warning("values_along", columns=along)


def _of_drift(release: Release, drifted: Drifted) -> list[Warning_]:
    conflict = "shop_overwritten" if release.overwrite else "shop_kept"
    counted = {conflict: drifted.answered, "unit_gone": drifted.gone, "fresh_refused": drifted.refused}
    return _counted(**counted)


def _counted(**numbers: int) -> list[Warning_]:
    return [_warning(code, n=n) for code, n in numbers.items() if n]


def _warning(code: str, **params: Any) -> Warning_:
    return {"code": code, "params": params}
