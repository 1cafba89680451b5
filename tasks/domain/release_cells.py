"""The cells that a result file writes: staged by its job, then the file is written from them alone.

So what is on record is what is in the file. Staged rows of a release that is not `done` are nobody's.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

from django.db import models, transaction

from exchange.merge import Change, Lookup
from jobs import stopping
from kernel.db import bulk_load
from tasks.domain.staging import breathe, chunk_rows
from tasks.models import Drift, ReleaseCell

CHUNK = 1000
CLEAR_AT_ONCE = 5000
# Of a header and of a logical name, which can be as long as their cell.
COLUMN_MAX, LOGICAL_MAX = 200, 100
FIELDS = ("release", "submission", "key", "row", "column", "logical", "before", "after")
STAGED: tuple[type[models.Model], ...] = (ReleaseCell, Drift)


T = TypeVar("T")
Cell = tuple[str, str]  # unit key, logical column


class Picked(NamedTuple):
    """One cell to write, and the answer it is from."""

    change: Change
    submission: int | None


@dataclass
class Kept:
    """What was staged. `units` counts the products that the file changes, `rows` the rows of the shop's file
    in which it does, `blank_after` cells it empties."""

    units: int = 0
    rows: int = 0
    cells: int = 0
    blank_after: int = 0
    columns: Counter[tuple[str, str]] = field(default_factory=Counter)
    last: tuple[str, int] | None = None

    def add(self, change: Change) -> None:
        self.units += self.last is None or change.key != self.last[0]
        self.rows += (change.key, change.row) != self.last
        self.last = change.key, change.row
        self.cells += 1
        self.blank_after += not change.after
        self.columns[change.logical, change.column] += 1


def clear(release_id: int) -> None:
    """Removes what an unfinished run of this release has staged, in short transactions."""
    for model in STAGED:
        while _clear_chunk(model, release_id):
            time.sleep(0)


@transaction.atomic
def _clear_chunk(model: type[models.Model], release_id: int) -> bool:
    rows = model._default_manager.filter(release_id=release_id)
    first = list(rows.order_by("pk").values_list("pk", flat=True)[:CLEAR_AT_ONCE])
    if first:
        rows.filter(pk__lte=first[-1]).delete()
    return bool(first)


def keep(release_id: int, picked: Iterable[Picked], on_chunk: Callable[[Kept], None]) -> Kept:
    """Stages the cells in short transactions; `on_chunk` is called within each."""
    kept = Kept()
    for chunk in chunks(picked, CHUNK):
        for one in chunk:
            kept.add(one.change)
        began = time.monotonic()
        with transaction.atomic():
            bulk_load(ReleaseCell, FIELDS, (_row(release_id, one) for one in chunk))
            on_chunk(kept)
        stopping()
        breathe(time.monotonic() - began)
    return kept


def chunks(rows: Iterable[T], most: int) -> Iterator[list[T]]:
    """Lists of at most `most` rows, fewer while the database is slow."""
    chunk: list[T] = []
    for one in rows:
        chunk.append(one)
        if len(chunk) >= chunk_rows(most):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _row(release_id: int, picked: Picked) -> tuple[object, ...]:
    change, submission = picked
    column, logical = change.column[:COLUMN_MAX], change.logical[:LOGICAL_MAX]
    return release_id, submission, change.key, change.row, column, logical, change.before, change.after


def lookup(cells: models.QuerySet[ReleaseCell], side: Literal["before", "after"]) -> Lookup:
    """These cells by key and logical column, as the writers of `exchange.merge` ask for them."""

    def find(keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        stopping()
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        rows = cells.filter(key__in=keys)
        for key, logical, text in rows.values_list("key", "logical", side):
            found[key][logical] = text
        return found

    return find


class Restored:
    """What another release overwrote in these cells, to be put back."""

    def __init__(self, cells: models.QuerySet[ReleaseCell]) -> None:
        self._cells = cells
        self._find = lookup(cells, "before")

    def __call__(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        return self._find(keys)

    def submissions(self, changes: Iterable[Change]) -> list[int | None]:
        """Which submission each cell was from that is put back."""
        wanted = [(change.key, change.logical) for change in changes]
        rows = self._cells.filter(key__in={key for key, _ in wanted})
        found = {(key, logical): pk for key, logical, pk in rows.values_list("key", "logical", "submission")}
        return [found.get(cell) for cell in wanted]
