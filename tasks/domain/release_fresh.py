"""Comparing a fresh export of the shop with what a batch began with: what the shop changed since."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction

from exchange.grouping import ProductRow, product_rows
from exchange.merge import Lookup
from exchange.opening import Opened
from exchange.rendering import render_description, unify_line_ends
from jobs import stopping
from kernel.db import bulk_load
from tasks.domain.release_cells import COLUMN_MAX, Cell, chunks
from tasks.domain.staging import breathe
from tasks.models import Drift

CHUNK = 1000
COMPARED_AT_ONCE = 500
# Changes that no answer touches; beyond so many they are only counted.
KEPT = 100_000
# What is named of a whole row.
ROW_SHOWN = 200
FIELDS = ("release", "key", "column", "kind", "then", "now", "answered")
CHANGED, ADDED, REMOVED = "changed", "row_added", "row_removed"

Rows = list[list[str]]
Values = Callable[[Sequence[str]], Mapping[Cell, set[str]]]


class FreshRefused(Exception):
    """The file is no fresh export of this shop."""

    def __init__(self, code: str, **params: int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Found(NamedTuple):
    key: str
    column: str
    kind: str
    then: str
    now: str
    answered: bool


@dataclass
class Drifted:
    """What changed, counted. `answered`: cells that an answer would overwrite."""

    kinds: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    gone: int = 0
    refused: int = 0
    columns_added: list[str] = field(default_factory=list)
    columns_removed: list[str] = field(default_factory=list)
    stored: int = 0
    # The answered cells themselves (unit key, logical column): at most as many as there are answers.
    conflicts: set[Cell] = field(default_factory=set)

    def add(self, found: Found) -> bool:
        """Counts one; says whether it is to be kept."""
        self.kinds[found.kind] += 1
        self.answered += found.answered and found.kind == CHANGED
        self.gone += found.answered and found.kind == REMOVED
        self.stored += 1
        return found.answered or self.stored <= KEPT

    def as_json(self) -> dict[str, Any]:
        return {
            **{kind: self.kinds[kind] for kind in (CHANGED, ADDED, REMOVED)},
            "answered": self.answered,
            "gone": self.gone,
            "refused": self.refused,
            "columns_added": self.columns_added[:100],
            "columns_removed": self.columns_removed[:100],
        }


def compare(release_id: int, then: Opened, now: Opened, *, wanted: Lookup, ours: Values) -> Drifted:
    """Stages a `Drift` for whatever the shop changed between two files.

    `wanted` are the values that would be written, `ours` those that files of this batch have written before:
    a cell that holds one of them was not changed by the shop. Raises `FreshRefused` for another kind of file,
    or one that has hardly a key in common.
    """
    if then.source.dialect != now.source.dialect:
        raise FreshRefused("fresh_other_dialect")
    comparison = _Comparison(then, now, wanted, ours)
    # A private database of the file system's: the files may be larger than what memory should hold.
    with closing(sqlite3.connect("")) as comparison.database:
        comparison.read_fresh()
        comparison.require_same_shop()
        _keep(release_id, comparison)
    return comparison.drifted


def _keep(release_id: int, comparison: "_Comparison") -> None:
    kept = (found for found in comparison.differences() if comparison.drifted.add(found))
    for chunk in chunks(kept, CHUNK):
        began = time.monotonic()
        with transaction.atomic():
            bulk_load(Drift, FIELDS, ((release_id, *found) for found in chunk))
        stopping()
        breathe(time.monotonic() - began)


class _Columns:
    """The columns of both files by their headers; one that repeats by its place among its like."""

    def __init__(self, then: Opened, now: Opened) -> None:
        before, after = _numbered(then.source.header), _numbered(now.source.header)
        self.common = [name for name in before if name in after]
        self.then = [before[name] for name in self.common]
        self.now = [after[name] for name in self.common]
        self.headers = [header[:COLUMN_MAX] for header, _n in self.common]
        self.added = [header[:COLUMN_MAX] for header, _n in after if (header, _n) not in before]
        self.removed = [header[:COLUMN_MAX] for header, _n in before if (header, _n) not in after]
        logical = {index: name for name, index in then.source.columns.items()}
        self.logical = [logical.get(index, "") for index in self.then]
        title = then.source.title
        self.title = self.then.index(title) if title in self.then else None


def _numbered(header: Sequence[str]) -> dict[tuple[str, int], int]:
    seen: Counter[str] = Counter()
    found = {}
    for index, name in enumerate(header):
        found[name, seen[name]] = index
        seen[name] += 1
    return found


class _Comparison:
    database: sqlite3.Connection

    def __init__(self, then: Opened, now: Opened, wanted: Lookup, ours: Values) -> None:
        self.then, self.now, self.wanted, self.ours = then, now, wanted, ours
        self.columns = _Columns(then, now)
        self.drifted = Drifted(columns_added=self.columns.added, columns_removed=self.columns.removed)
        self.html = then.source.html
        self.repeated = then.source.grouping.repeated

    def read_fresh(self) -> None:
        self.database.execute("CREATE TABLE unit (key TEXT PRIMARY KEY, rows TEXT, seen INTEGER DEFAULT 0)")
        self.database.executemany("INSERT INTO unit (key, rows) VALUES (?, ?)", self._units(self.now, True))

    def _units(self, opened: Opened, fresh: bool) -> Iterator[tuple[str, str]]:
        """Every unit's key and its rows, as JSON, reduced to the columns that both files have."""
        indexes = self.columns.now if fresh else self.columns.then
        key = ""
        rows: Rows = []
        for _record, row in product_rows(opened.file, opened.source, on_refusal=self._refused(fresh)):
            if row is None:
                continue
            if row.first and rows:
                yield key, json.dumps(rows)
                stopping()
                rows = []
            key = row.key
            rows.append([unify_line_ends(row.texts[index]) for index in indexes])
            self._gather(rows, row)
        if rows:
            yield key, json.dumps(rows)

    def _gather(self, rows: Rows, row: ProductRow) -> None:
        """Every cell that an answer can fill is compared once: on the unit's first row."""
        if row.first or not (row.columns or self.repeated):
            return
        first, latest = rows[0], rows[-1]
        for place, (logical, then) in enumerate(zip(self.columns.logical, self.columns.then, strict=True)):
            if logical in row.columns:
                first[place], latest[place] = latest[place], ""
            elif then in self.repeated and first[place] == latest[place]:
                latest[place] = ""

    def _refused(self, fresh: bool) -> Callable[[object], None]:
        def count(_refusal: object) -> None:
            self.drifted.refused += fresh

        return count

    def require_same_shop(self) -> None:
        """Half of the keys of the smaller file must be in the other: other shops share a key by chance."""
        had = common = 0
        for key, _rows in self._units(self.then, False):
            had += 1
            common += self.database.execute("SELECT 1 FROM unit WHERE key = ?", [key]).fetchone() is not None
        has: int = self.database.execute("SELECT count(*) FROM unit").fetchone()[0]
        if not has or common * 2 < min(had, has):
            raise FreshRefused("fresh_other_shop", common=common, units=has)

    def differences(self) -> Iterator[Found]:
        for chunk in chunks(self._units(self.then, False), COMPARED_AT_ONCE):
            yield from self._of_chunk(dict(chunk))
        for key, rows in self.database.execute("SELECT key, rows FROM unit WHERE NOT seen ORDER BY rowid"):
            yield Found(key, "", ADDED, "", self._named(json.loads(rows)), False)

    def _of_chunk(self, before: dict[str, str]) -> Iterator[Found]:
        marks = ", ".join("?" * len(before))
        found = self.database.execute(
            f"SELECT key, rows FROM unit WHERE key IN ({marks})", list(before)
        )  # marks only
        after: dict[str, str] = dict(found.fetchall())
        self.database.executemany("UPDATE unit SET seen = 1 WHERE key = ?", ([key] for key in after))
        differ = [key for key in before if before[key] != after.get(key)]
        if not differ:
            return
        wanted, ours = self.wanted(differ), self.ours(differ)
        for key in differ:
            rows = json.loads(before[key])
            if key not in after:
                yield Found(key, "", REMOVED, self._named(rows), "", key in wanted)
            else:
                yield from self._of_unit(key, rows, json.loads(after[key]), wanted.get(key, {}), ours)

    def _of_unit(
        self, key: str, before: Rows, after: Rows, wanted: Mapping[str, str], ours: Mapping[Cell, set[str]]
    ) -> Iterator[Found]:
        """Product columns stand on the first row; further rows are matched whatever their order."""
        for index, (then, now) in enumerate(zip(before[0], after[0], strict=True)):
            logical = self.columns.logical[index]
            if then == now or now in ours.get((key, logical), ()):
                continue
            aim = self._aim(wanted, logical)
            if aim is not None and now in aim:
                continue
            if aim is not None:
                self.drifted.conflicts.add((key, logical))
            yield Found(key, self.columns.headers[index], CHANGED, then, now, aim is not None)
        removed, added = _without_common(before[1:], after[1:])
        for old, new in zip(removed, added, strict=False):
            for header, then, now in zip(self.columns.headers, old, new, strict=True):
                if then != now:
                    yield Found(key, header, CHANGED, then, now, False)
        matched = min(len(removed), len(added))
        for row in removed[matched:]:
            yield Found(key, "", REMOVED, _shown(row), "", False)
        for row in added[matched:]:
            yield Found(key, "", ADDED, "", _shown(row), False)

    def _aim(self, wanted: Mapping[str, str], logical: str) -> set[str] | None:
        """The texts that the cell would hold afterwards; None if nothing is to be written there."""
        text = wanted.get(logical) if logical else None
        if text is None:
            return None
        rendered = render_description(text) if logical in self.html else text
        return {unify_line_ends(text), unify_line_ends(rendered)}

    def _named(self, rows: Rows) -> str:
        """What a whole unit is called."""
        title = "" if self.columns.title is None else rows[0][self.columns.title]
        return (title or _shown(rows[0]))[:ROW_SHOWN]


def _without_common(before: Rows, after: Rows) -> tuple[Rows, Rows]:
    """Both without the rows that are in both."""
    left = Counter(map(tuple, before)) & Counter(map(tuple, after))
    return _rest(before, left.copy()), _rest(after, left.copy())


def _rest(rows: Rows, common: Counter[tuple[str, ...]]) -> Rows:
    rest = []
    for row in rows:
        if common[tuple(row)] > 0:
            common[tuple(row)] -= 1
        else:
            rest.append(row)
    return rest


def _shown(row: list[str]) -> str:
    return " · ".join(text for text in row if text)[:ROW_SHOWN]
