"""A first look at a table whose columns nobody has explained yet: how it is written, what stands in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from exchange.csvbytes import LIMITS, Limits, Record, read_records
from exchange.encodings import CP932, UTF8, decodes
from exchange.errors import FileRefused
from exchange.grouping import OnProgress
from exchange.head import Finder, Row, guess
from exchange.sniff import check_file
from exchange.tablefile import TEXT_KINDS, XLSX, Head, Reading, Text, as_text, head_of
from exchange.workbook import check_workbook, is_workbook, sheet_names

COLUMNS_MAX = 1_000
PREVIEW_ROWS = 10
PREVIEW_CHARS = 200
EXAMPLE_CHARS = 60
SAMPLES = 3
PROGRESS_ROWS = 500
# Values remembered to tell which columns could be a key; beyond them the later columns stay undecided.
_REMEMBERED = 1_500_000


@dataclass(slots=True)
class ColumnFacts:
    """`samples`: the first values, each once. `doubled`: the first two rows with the same value, and the
    value; None where all differ."""

    header: str
    filled: int = 0
    longest: int = 0
    samples: list[str] = field(default_factory=list)
    doubled: tuple[int, int, str] | None = None
    decided: bool = True

    def as_json(self, rows: int) -> dict[str, Any]:
        return {
            "header": self.header,
            "filled": self.filled,
            "longest": self.longest,
            "samples": self.samples,
            "unique": self.decided and self.doubled is None and self.filled == rows > 0,
            "doubled": list(self.doubled) if self.doubled else None,
        }


@dataclass(slots=True)
class Inspection:
    """What was found. `rows` counts those that hold something; `above` are the rows above the header."""

    reading: Reading
    header: tuple[str, ...]
    header_row: int = 1
    above: list[Row] = field(default_factory=list)
    bom: bool = False
    newline: str = ""
    sheets: tuple[str, ...] = ()
    rows: int = 0
    preview: list[Row] = field(default_factory=list)
    columns: list[ColumnFacts] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.reading.kind,
            "encoding": self.reading.encoding,
            "sheet": self.reading.sheet,
            "sheets": list(self.sheets),
            "bom": self.bom,
            "newline": self.newline,
            "header": list(self.header),
            "header_row": self.header_row,
            "above": [{"row": row, "cells": cells} for row, cells in self.above],
            "data_rows": self.rows,
            "preview": [{"row": row, "cells": cells} for row, cells in self.preview],
            "columns": [column.as_json(self.rows) for column in self.columns],
        }


def guess_reading(file: BinaryIO, *, limits: Limits = LIMITS) -> Reading:
    """Tell how a file is written: UTF-8 if the whole file is; the delimiter that parts the header best.

    Of a workbook its first sheet is read.
    """
    if is_workbook(file):
        check_workbook(file, limits)
        return Reading(XLSX, sheet=sheet_names(file)[0])
    check_file(file, limits)
    encoding = UTF8 if decodes(file, UTF8) else CP932
    columns = {}
    for kind in TEXT_KINDS:
        try:
            columns[kind] = len(head_of(Text(file, limits, guess), kind, encoding).names)
        except FileRefused as refused:
            if refused.code == "file_empty":
                raise
    kind = max(columns, key=lambda kind: columns[kind], default="csv")
    return Reading(kind, encoding)


def inspect_table(
    file: BinaryIO,
    *,
    reading: Reading | None = None,
    find: Finder = guess,
    limits: Limits = LIMITS,
    on_progress: OnProgress = lambda _done, _rows: None,
) -> Inspection:
    """Read a table through once. Memory stays bounded. `find` tells the header unless the reading does.

    `on_progress` hears bytes and rows read. Raises FileRefused, the column by its name.
    """
    reading = reading or guess_reading(file, limits=limits)
    sheets = sheet_names(file) if reading.kind == XLSX else ()
    with as_text(file, reading, find=find, limits=limits, on_progress=on_progress) as text:
        return _inspect(text, reading, sheets, on_progress)


def _inspect(text: Text, reading: Reading, sheets: tuple[str, ...], on_progress: OnProgress) -> Inspection:
    check_file(text.file, text.limits)
    head = head_of(text, reading.kind, reading.encoding)
    if len(head.names) < 2:
        raise FileRefused("columns_too_few")
    if len(head.names) > COLUMNS_MAX:
        raise FileRefused("too_many_columns", row=head.record.row, limit=COLUMNS_MAX)
    newline = {b"\r\n": "CRLF", b"\r": "CR"}.get(head.record.ending, "LF")
    found = Inspection(
        reading, head.names, head.record.row, [_cut(row) for row in head.above], head.bom, newline, sheets
    )
    looker = _Looker(found)
    try:
        for number, record in enumerate(_body(text, head), start=1):
            looker.note((record.row, record.texts()))
            if number % PROGRESS_ROWS == 0:
                on_progress(text.bytes_of(record.start + record.length), number)
    except FileRefused as refused:
        raise refused.with_header(found.header) from None
    return found


def _body(text: Text, head: Head) -> Iterator[Record]:
    records = read_records(
        text.file, start=head.body_offset, row=head.record.row + 1, limits=text.limits, style=head.style
    )
    return (record for record in records if not record.blank)


def _cut(row: Row) -> Row:
    number, cells = row
    return number, [cell[:PREVIEW_CHARS] for cell in cells[:COLUMNS_MAX]]


class _Looker:
    """Counts and compares what stands in the columns."""

    def __init__(self, found: Inspection) -> None:
        self.found = found
        found.columns = [ColumnFacts(header) for header in found.header]
        self.seen: list[dict[int, int] | None] = [{} for _ in found.header]
        self.remembered = 0

    def note(self, row: Row) -> None:
        number, cells = row
        if not any(cells):
            return
        self.found.rows += 1
        if len(self.found.preview) < PREVIEW_ROWS:
            self.found.preview.append(_cut(row))
        for index, cell in enumerate(cells[: len(self.found.columns)]):
            if cell.strip():
                column = self.found.columns[index]
                column.filled += 1
                column.longest = max(column.longest, len(cell))
                if len(column.samples) < SAMPLES and cell[:EXAMPLE_CHARS] not in column.samples:
                    column.samples.append(cell[:EXAMPLE_CHARS])
                self._compare(index, column, number, cell)

    def _compare(self, index: int, column: ColumnFacts, number: int, cell: str) -> None:
        seen = self.seen[index]
        if seen is None:
            return
        if self.remembered >= _REMEMBERED:
            column.decided, self.seen[index] = False, None
            return
        first = seen.setdefault(hash(cell), number)
        if first == number:
            self.remembered += 1
            return
        column.doubled = (first, number, cell[:EXAMPLE_CHARS])
        self.remembered -= len(seen)
        self.seen[index] = None
