"""What a release's job does: which cells, from which answers, into which file."""

import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.db.models import Exists, OuterRef

from events import record
from exchange.merge import AnswersChanged, Change, iter_changes, write_update, write_whole
from exchange.opening import Opened
from tasks import topics
from tasks.domain import release_cells, release_fresh, release_people, uploaded
from tasks.domain.release_answers import Answers, KnownColumns
from tasks.domain.release_cells import Kept, Picked, Restored
from tasks.domain.release_fresh import Drifted
from tasks.domain.release_part import cells_to_restore
from tasks.domain.release_sources import fresh_of, own_file_of, shop_now
from tasks.domain.release_warnings import warnings_of
from tasks.models import Release, ReleaseCell
from tasks.states import JobState

PICKED_AT_ONCE = 500
PROGRESS_EVERY_SECONDS = 0.5

Origin = KnownColumns | Restored


@dataclass
class Outcome:
    """What became of it, for the release's row."""

    answers: int
    cells: int = 0
    drift_count: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class New:
    """How many of the cells the uploaded files have not brought into the shop; None if there are none."""

    since: int | None
    cells: int = 0

    def as_json(self) -> dict[str, int] | None:
        return None if self.since is None else {"since": self.since, "cells": self.cells}


def write(release: Release, out: BinaryIO) -> Outcome:
    """Writes the file of a running release; its cells are on record first.

    Raises `FileRefused` and `FreshRefused` for the fresh export, `NotEncodable` for answers that the file
    cannot hold. Memory is bounded by the number of answers, not by what they say.
    """
    if release.format == Release.Format.CSV:
        return Outcome(release_people.write_table(release, Answers(release.batch_id), out))
    if release.format == Release.Format.JSONL:
        return Outcome(release_people.write_lines(Answers(release.batch_id), out))
    drifted = _compared(release) if release.fresh else None
    with _base(release) as base:
        return _merged(release, base, _origin(release, base), drifted, out)


def _base(release: Release) -> AbstractContextManager[Opened]:
    if release.fresh:
        return fresh_of(release)
    if release.restores is not None:
        return shop_now(release.batch, also=release.restores)
    return shop_now(release.batch) if release.since_uploaded else own_file_of(release.batch)


def _origin(release: Release, base: Opened) -> Origin:
    if release.restores_id is not None:
        return Restored(cells_to_restore(release))
    return KnownColumns(Answers(release.batch_id), base.source.answerable)


def _compared(release: Release) -> Drifted:
    """What the shop changed since the batch's file, or since the file that is to be taken back."""
    restored = release.restores
    before = own_file_of(release.batch) if restored is None else shop_now(release.batch, also=restored)
    with before as then, fresh_of(release) as now:
        return release_fresh.compare(
            release.pk,
            then if restored is None else Opened(then.file, then.plain),
            now,
            wanted=_origin(release, now),
            ours=lambda keys: uploaded.values_written(release.batch_id, keys),
        )


def _merged(
    release: Release, base: Opened, origin: Origin, drifted: Drifted | None, out: BinaryIO
) -> Outcome:
    source = base.plain if isinstance(origin, Restored) else base.source
    new = New(next(reversed(uploaded.in_order(release.batch_id)), None))
    avoid = drifted.conflicts if drifted is not None and not release.overwrite else set()
    changes = (
        change
        for change in iter_changes(base.file, source, origin)
        if (change.key, change.logical) not in avoid
    )
    kept = release_cells.keep(release.pk, _picked(release, changes, origin, new), _Progress(release))
    write_file = write_whole if release.format == Release.Format.SOURCE else write_update
    written = write_file(base.file, base.plain, release_cells.lookup(release.written.all(), "after"), out)
    if (written.cells, written.products) != (kept.cells, kept.units):
        raise AnswersChanged
    later = _later_count(release) if release.restores_id else 0
    return Outcome(
        answers=kept.units,
        cells=kept.cells,
        drift_count=drifted.kinds.total() if drifted else 0,
        facts=_facts(kept, drifted, new),
        warnings=warnings_of(release, source, origin, kept, drifted, later=later),
    )


def _picked(release: Release, changes: Iterable[Change], origin: Origin, new: New) -> Iterator[Picked]:
    """The changes with the answers they are from; counts those that the shop does not have yet."""
    done = uploaded.in_order(release.batch_id)
    for chunk in release_cells.chunks(changes, PICKED_AT_ONCE):
        shop = uploaded.shop_values(done, {change.key for change in chunk}) if done else {}
        new.cells += sum(shop.get((change.key, change.logical)) != change.after for change in chunk)
        yield from map(Picked, chunk, origin.submissions(chunk))


class _Progress:
    """Tells how far the staging is, in its own transactions; people hear of it twice a second."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.told_at = 0.0

    def __call__(self, kept: Kept) -> None:
        self.release.answers_done = min(kept.units, self.release.answers)
        self.release.save(update_fields=["state", "answers_done"])
        if time.monotonic() - self.told_at >= PROGRESS_EVERY_SECONDS:
            self.told_at = time.monotonic()
            told: dict[str, Any] = {"batch": self.release.batch_id, "release": self.release.pk}
            record("release.progressed", topics=topics.of_batch(self.release.batch), actor=None, **told)


def _facts(kept: Kept, drifted: Drifted | None, new: New) -> dict[str, Any]:
    columns = [
        {"logical": logical, "column": column, "cells": n} for (logical, column), n in kept.columns.items()
    ]
    return {
        "columns": columns,
        "drift": drifted.as_json() if drifted is not None else None,
        "new": new.as_json(),
    }


def _later_count(release: Release) -> int:
    """Cells of a restore file that a later file has written again."""
    rows = Release.objects.filter(batch=release.batch_id, state=JobState.DONE, pk__gt=release.restores_id)
    later = list(rows.exclude(format=Release.Format.RESTORE).values_list("pk", flat=True))
    again = ReleaseCell.objects.filter(release__in=later, key=OuterRef("key"), logical=OuterRef("logical"))
    return ReleaseCell.objects.filter(Exists(again), release=release).count() if later else 0
