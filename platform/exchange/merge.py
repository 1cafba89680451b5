"""Puts answers back into a shop's file so that it is safe to upload.

Only answered cells that really change are written anew; every other cell keeps its bytes. Cells that look
like formulas are left alone: these files are read by machines. Text that the file's encoding lacks raises
NotEncodable with every place before a byte is written; nothing could reach the file as something else.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from exchange.csvbytes import BOM, Record, Style, quote
from exchange.encodings import UTF8, missing_in
from exchange.errors import RowRefusal
from exchange.grouping import OnProgress, ProductRow, product_rows
from exchange.rendering import render_description, unify_line_ends
from exchange.source import Source
from exchange.workbook_writing import RowChanges, check_length, copy_with, write_new

Answers = Mapping[str, str]  # logical column -> answer
Lookup = Callable[[Sequence[str]], Mapping[str, Answers]]

LOOKUP_KEYS = 500
PLACES_KEPT = 1_000
_LOOKUP_BYTES = 1024 * 1024
_NEEDS_QUOTES = frozenset('"\r\n')


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
    record: Record
    row: ProductRow | None
    changes: dict[int, str]  # column index -> new value


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
        data = _replace_cells(record, answered.changes) if answered.changes else record.data
        out.write(data + record.ending)
    return merge.written


def write_update(
    file: BinaryIO, source: Source, lookup: Lookup, out: BinaryIO, *, on_progress: OnProgress | None = None
) -> Written:
    """Write the key columns and what changed: the columns, and the products' first rows.

    A cell that is in the file because another product changed there keeps its source value: a blank one would
    blank the shop's. The file is read twice, first for the columns; raises AnswersChanged when the second
    reading needs others. Nothing changed: only the header of the key columns is written. Raises NotEncodable
    before anything is written.
    """
    _require_encodable(file, source, lookup)
    columns = _update_columns(file, source, lookup)
    merge = _Merge(file, source, lookup)
    if source.workbook:
        header = [source.header[index] for index in columns]
        write_new(source.workbook, header, _new_rows(merge, columns, on_progress), out)
        return merge.written
    style = source.style
    out.write(BOM if source.bom else b"")
    out.write(style.delimiter.join(_encode(source.header[index], style) for index in columns))
    out.write(source.newline)
    for answered in merge.rows(on_progress):
        if _goes_along(answered, columns):
            cells = _cells(answered.record, answered.changes)
            out.write(style.delimiter.join(cells[index] for index in columns) + source.newline)
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
        left_out: Counter[str] = Counter()
        for group in self._groups(on_progress):
            keys = [row.key for _record, row in group if row and row.first]
            answers = self.lookup(keys) if keys else {}
            for record, row in group:
                changes = self._changes(row, answers, left_out) if row and row.first else {}
                changed |= changes.keys()
                self.written.cells += len(changes)
                self.written.products += bool(changes)
                yield _Answered(record, row, changes)
        self.written.columns = tuple(logical for logical, index in self._by_position() if index in changed)
        self.written.left_out = dict(left_out)

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

    def _changes(
        self, row: ProductRow, answers: Mapping[str, Answers], left_out: Counter[str]
    ) -> dict[int, str]:
        changes = {}
        for logical, answer in answers.get(row.key, {}).items():
            index = self.source.columns.get(logical)
            if index is None:
                left_out[logical] += 1
                continue
            value = render_description(answer) if logical in self.source.html else answer
            # Forms unify line ends, so a text that only differs in them was not touched.
            before = unify_line_ends(row.texts[index])
            if before not in (unify_line_ends(answer), unify_line_ends(value)):
                changes[index] = value
        return changes


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


def _update_columns(file: BinaryIO, source: Source, lookup: Lookup) -> list[int]:
    """The kept and the changed ones; all columns of one name together, or which one is it?"""
    changed = set(source.kept)
    for answered in _Merge(file, source, lookup).rows():
        changed |= answered.changes.keys()
    names = {source.header[index] for index in changed}
    return [index for index, name in enumerate(source.header) if name in names]


def _replace_cells(record: Record, changes: Mapping[int, str]) -> bytes:
    return record.style.delimiter.join(_cells(record, changes))


def _cells(record: Record, changes: Mapping[int, str]) -> list[bytes]:
    """Return the raw cells with the changed ones written anew, quoted if they were or must be."""
    cells = record.raw_cells()
    for index, value in changes.items():
        cells[index] = _encode(value, record.style, quoted=cells[index][:1] == b'"')
    return cells


def _encode(value: str, style: Style, *, quoted: bool = False) -> bytes:
    encoded = value.encode(style.encoding)
    marks = _NEEDS_QUOTES | {style.separator}
    if quoted or value != value.strip() or not marks.isdisjoint(value):
        return quote(encoded)
    return encoded
