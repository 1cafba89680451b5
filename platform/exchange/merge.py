"""Puts answers back into a shop's file so that it is safe to upload.

Only answered cells that really change are written anew; every other cell keeps its bytes. Cells that look
like formulas are left alone: these files are read by machines. Text that the file's encoding lacks raises
NotEncodable with every place before a byte is written; nothing could reach the file as something else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from exchange.csvbytes import BOM, Record
from exchange.encodings import UTF8, missing_in
from exchange.errors import RowRefusal
from exchange.grouping import OnProgress, ProductRow, product_rows
from exchange.rendering import render_description, unify_line_ends
from exchange.source import Source
from exchange.updates import encode_cell, update_columns, update_head
from exchange.workbook_writing import RowChanges, check_length, copy_with, write_new

Answers = Mapping[str, str]  # logical column -> answer
Lookup = Callable[[Sequence[str]], Mapping[str, Answers]]

LOOKUP_KEYS = 500
PLACES_KEPT = 1_000
_LOOKUP_BYTES = 1024 * 1024


class AnswersChanged(Exception):
    """The answers changed while the file was being written. Nothing is wrong with them: write it again."""


class Place(NamedTuple):
    """A cell with characters that the file's encoding lacks."""

    key: str
    row: int
    column: str  # the header as the file spells it
    number: int  # of the column, from 1, for headers may repeat
    characters: tuple[str, ...]


class NotEncodable(Exception):
    """Answers hold characters that the file's encoding lacks: `places`, at most 1,000 of `total` cells."""

    def __init__(self, encoding: str, places: Sequence[Place], total: int) -> None:
        super().__init__(encoding, total)
        self.encoding = encoding
        self.places = tuple(places)
        self.total = total


class Change(NamedTuple):
    """One cell whose value an answer replaces."""

    key: str
    row: int
    logical: str
    column: str  # the header as the file spells it
    before: str
    after: str


@dataclass(slots=True)
class Written:
    """What went into a file. `left_out` counts answers for columns that the source file does not have."""

    products: int = 0
    cells: int = 0
    columns: tuple[str, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)


class _Answered(NamedTuple):
    """`changes`: column index -> new value. `echoes`: the same for cells that repeat a changed one."""

    record: Record
    row: ProductRow | None
    changes: dict[int, str]
    echoes: dict[int, str]


def from_mapping(answers: Mapping[str, Answers]) -> Lookup:
    """Return a lookup over answers that are all in memory."""
    return lambda keys: {key: answers[key] for key in keys if key in answers}


def write_whole(
    file: BinaryIO, source: Source, lookup: Lookup, out: BinaryIO, *, on_progress: OnProgress | None = None
) -> Written:
    """Copy the file with the answers in their cells; all other bytes stay as they are.

    Raises NotEncodable before anything is written. For that, a file that is not UTF-8 is read twice. Of a
    workbook all other cells and parts stay as they are.
    """
    _require_encodable(file, source, lookup)
    merge = _Merge(file, source, lookup)
    if source.workbook:
        copy_with(source.workbook, _row_changes(merge, on_progress), out)
        return merge.written
    file.seek(0)
    out.write(file.read(source.body_offset))
    for answered in merge.rows(on_progress):
        record = answered.record
        new = answered.changes | answered.echoes
        data = record.style.delimiter.join(_cells(record, new)) if new else record.data
        out.write(data + record.ending)
    return merge.written


def write_update(
    file: BinaryIO, source: Source, lookup: Lookup, out: BinaryIO, *, on_progress: OnProgress | None = None
) -> Written:
    """Write the columns that are always kept and those that changed, and the rows that changed.

    Columns are called as the shop's import calls them. A cell that is in the file because another product
    changed there keeps its source value: a blank one would blank the shop's. The file is read twice, first
    for the columns; raises AnswersChanged when the second reading needs others. Nothing changed: only the
    header of the kept columns is written. Raises NotEncodable before anything is written.
    """
    _require_encodable(file, source, lookup)
    looked_at = _Merge(file, source, lookup).rows()
    columns = update_columns(source, ((answered.record, answered.changes) for answered in looked_at))
    merge = _Merge(file, source, lookup)
    if source.workbook:
        header = [source.header[index] for index in columns]
        write_new(source.workbook, header, _new_rows(merge, columns, on_progress), out)
        return merge.written
    out.write(BOM if source.bom else b"")
    for line in update_head(source, columns):
        out.write(source.style.delimiter.join(line) + source.newline)
    for answered in merge.rows(on_progress):
        if _goes_along(answered, columns):
            cells = _cells(answered.record, answered.changes)
            out.write(source.style.delimiter.join(cells[index] for index in columns) + source.newline)
    return merge.written


def _goes_along(answered: "_Answered", columns: Sequence[int]) -> bool:
    """Whether a row belongs into an update file of these columns."""
    if not answered.changes.keys() <= set(columns):
        raise AnswersChanged
    return bool(answered.changes)


def _row_changes(merge: "_Merge", on_progress: OnProgress | None) -> Iterator[RowChanges]:
    for answered in merge.rows(on_progress):
        if answered.changes:
            yield answered.record.row, answered.changes


def _new_rows(
    merge: "_Merge", columns: Sequence[int], on_progress: OnProgress | None
) -> Iterator[list[tuple[int, str]]]:
    for answered in merge.rows(on_progress):
        if _goes_along(answered, columns):
            texts = dict(enumerate(answered.record.texts())) | answered.changes
            yield [(index, texts[index]) for index in columns]


def iter_changes(file: BinaryIO, source: Source, lookup: Lookup) -> Iterator[Change]:
    """Yield every cell that the writers would change, with its value before and after."""
    logical_of = {index: logical for logical, index in source.columns.items()}
    for answered in _Merge(file, source, lookup).rows():
        if answered.row is None:
            continue
        for index, after in answered.changes.items():
            yield Change(
                key=answered.row.key,
                row=answered.record.row,
                logical=logical_of[index],
                column=source.header[index],
                before=answered.row.texts[index],
                after=after,
            )


class _Merge:
    """One reading of the file with the answers found for its products."""

    def __init__(self, file: BinaryIO, source: Source, lookup: Lookup) -> None:
        self.file = file
        self.source = source
        self.lookup = lookup
        self.written = Written()

    def rows(self, on_progress: OnProgress | None = None) -> Iterator[_Answered]:
        changed: set[int] = set()
        unit = _Unit({}, self.source)
        for group in self._groups(on_progress):
            keys = [row.key for _record, row in group if row and row.first]
            answers = self.lookup(keys) if keys else {}
            for record, row in group:
                if row is None:
                    yield _Answered(record, None, {}, {})
                    continue
                if row.first:
                    self._finish(unit)
                    unit = _Unit(answers.get(row.key, {}), self.source)
                changes = unit.changes(row)
                changed |= changes.keys()
                self.written.cells += len(changes)
                yield _Answered(record, row, changes, unit.echoes(row))
        self._finish(unit)
        self.written.columns = tuple(logical for logical, index in self._by_position() if index in changed)

    def _finish(self, unit: "_Unit") -> None:
        """Counts a unit whose rows all came by."""
        self.written.products += bool(unit.first_changes or unit.variant_changes)
        for logical in unit.answers:
            self.written.left_out[logical] = self.written.left_out.get(logical, 0) + 1

    def _by_position(self) -> list[tuple[str, int]]:
        return sorted(self.source.columns.items(), key=lambda item: item[1])

    def _groups(self, on_progress: OnProgress | None) -> Iterator[list[tuple[Record, ProductRow | None]]]:
        """Gather rows, so that answers are asked for many at a time and memory stays bounded."""
        group: list[tuple[Record, ProductRow | None]] = []
        keys = size = 0
        for record, row in product_rows(self.file, self.source, on_refusal=_known, on_progress=on_progress):
            group.append((record, row))
            keys += bool(row and row.first)
            size += record.length
            if keys >= LOOKUP_KEYS or size >= _LOOKUP_BYTES:
                yield group
                group, keys, size = [], 0, 0
        yield group


class _Unit:
    """The answers of one unit on their way into its rows: each goes to the row where its cell counts."""

    def __init__(self, answers: Answers, source: Source) -> None:
        self.answers = dict(answers)  # that found no row yet
        self.html = source.html
        self.read_only = source.read_only
        self.repeated = source.grouping.repeated
        self.first_changes: dict[int, tuple[str, str]] = {}
        self.variant_changes = False

    def changes(self, row: ProductRow) -> dict[int, str]:
        """The cells of this row that get another value."""
        found: dict[int, str] = {}
        for logical in [name for name in self.answers if name in row.columns]:
            if logical in self.read_only:
                continue
            index, answer = row.columns[logical], self.answers.pop(logical)
            value = render_description(answer) if logical in self.html else answer
            # Forms unify line ends, so a text that only differs in them was not touched.
            before = unify_line_ends(row.texts[index])
            if before not in (unify_line_ends(answer), unify_line_ends(value)):
                found[index] = value
        if row.first:
            self.first_changes = {index: (row.texts[index], value) for index, value in found.items()}
        else:
            self.variant_changes |= bool(found)
        return found

    def echoes(self, row: ProductRow) -> dict[int, str]:
        """The cells of a further row that repeat one which was changed on the first."""
        if row.first:
            return {}
        return {
            index: after
            for index, (before, after) in self.first_changes.items()
            if index in self.repeated and row.texts[index] == before
        }


def _require_encodable(file: BinaryIO, source: Source, lookup: Lookup) -> None:
    if source.workbook:
        _require_short(file, source, lookup)
    if source.style.encoding == UTF8:
        return  # holds whatever a form lets through
    places: list[Place] = []
    total = 0
    for answered in _Merge(file, source, lookup).rows():
        for index, value in answered.changes.items():
            missing = missing_in(value, source.style.encoding)
            total += bool(missing)
            if missing and answered.row and len(places) < PLACES_KEPT:
                row, header = answered.record.row, source.header[index]
                places.append(Place(answered.row.key, row, header, index + 1, tuple(missing)))
    if total:
        raise NotEncodable(source.style.encoding, places, total)


def _require_short(file: BinaryIO, source: Source, lookup: Lookup) -> None:
    for answered in _Merge(file, source, lookup).rows():
        for index, value in answered.changes.items():
            check_length(value, answered.record.row, source.header[index])


def _known(_refusal: RowRefusal) -> None:
    """Refusals were reported when the file was read; here such rows are copied as they are."""


def _cells(record: Record, changes: Mapping[int, str]) -> list[bytes]:
    """Return the raw cells with the changed ones written anew, quoted if they were or must be."""
    cells = record.raw_cells()
    for index, value in changes.items():
        cells[index] = encode_cell(value, record.style, quoted=cells[index][:1] == b'"')
    return cells
