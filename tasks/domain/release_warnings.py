"""What to know before a result file is uploaded: codes and numbers, worded by `tasks.texts.warning`."""

from typing import Any

from kernel import clock
from tasks.domain.release_answers import KnownColumns
from tasks.domain.release_cells import Kept, Restored
from tasks.domain.release_fresh import Drifted
from tasks.domain.release_sources import uploaded_at
from tasks.models import Assignment, Release
from tasks.states import UNDECIDED, Use

Warning_ = dict[str, Any]


def warnings_of(
    release: Release, origin: KnownColumns | Restored, kept: Kept, drifted: Drifted | None, *, later: int
) -> list[Warning_]:
    found = list(_of_age(release))
    if drifted is not None:
        found += _of_drift(release, drifted)
    if isinstance(origin, Restored):
        return [*found, *_counted(later_release=later, blank_restored=kept.blank_after)]
    for column, n in sorted(origin.left_out.items()):
        found.append(_warning("column_missing", column=column, n=n))
    unseen = Assignment.objects.filter(batch_id=release.batch_id, use=Use.UNSEEN).count()
    waiting = Assignment.objects.filter(batch_id=release.batch_id, state__in=UNDECIDED).count()
    return [*found, *_counted(unseen_left_out=unseen, undecided_left_out=waiting)]


def _of_age(release: Release) -> list[Warning_]:
    """A whole file brings back everything that it holds."""
    at = uploaded_at(release.batch)
    if release.format != Release.Format.SOURCE or release.fresh or at is None:
        return []
    hours = int((clock.now() - at).total_seconds() // 3600)
    return [_warning("source_age", hours=hours, at=at.isoformat())]


def _of_drift(release: Release, drifted: Drifted) -> list[Warning_]:
    conflict = "shop_overwritten" if release.overwrite else "shop_kept"
    counted = {conflict: drifted.answered, "unit_gone": drifted.gone, "fresh_refused": drifted.refused}
    return _counted(**counted)


def _counted(**numbers: int) -> list[Warning_]:
    return [_warning(code, n=n) for code, n in numbers.items() if n]


def _warning(code: str, **params: Any) -> Warning_:
    return {"code": code, "params": params}
