"""A first look at a table whose columns nobody has explained yet: how it is written, what stands in it."""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from exchange.csvbytes import LIMITS, Limits, Style, read_records
from exchange.encodings import CP932, UTF8
from exchange.errors import FileRefused
from exchange.sniff import check_file
from exchange.source import header_texts
from exchange.tablefile import DELIMITERS, head_of

COLUMNS_MAX = 1_000
PREVIEW_ROWS = 10
PREVIEW_CHARS = 200
EXAMPLE_CHARS = 60
# Values remembered to tell which columns could be a key; beyond them the later columns stay undecided.
_REMEMBERED = 1_500_000
_CHUNK = 64 * 1024

Row = tuple[int, list[str]]  # number, cells


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a table: found by looking, or corrected by a person. `kind`: csv, tsv or xlsx."""

    kind: str
    encoding: str = UTF8
    sheet: str = ""


@dataclass(slots=True)
class ColumnFacts:
    """`doubled`: the first two rows with the same value, and the value; None where all differ."""

    header: str
    filled: int = 0
    longest: int = 0
    doubled: tuple[int, int, str] | None = None
    decided: bool = True

    def as_json(self, rows: int) -> dict[str, Any]:
        return {
            "header": self.header,
            "filled": self.filled,
            "longest": self.longest,
            "unique": self.decided and self.doubled is None and self.filled == rows > 0,
            "doubled": list(self.doubled) if self.doubled else None,
        }


@dataclass(slots=True)
class Inspection:
    """What was found. `rows` counts those that hold something."""

    reading: Reading
    header: tuple[str, ...]
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
            "data_rows": self.rows,
            "preview": [{"row": row, "cells": cells} for row, cells in self.preview],
            "columns": [column.as_json(self.rows) for column in self.columns],
        }


def guess_reading(file: BinaryIO, *, limits: Limits = LIMITS) -> Reading:
    """Tell how a file is written: UTF-8 if the whole file is; the delimiter that parts the header best."""
    check_file(file, limits)
    encoding = UTF8 if _is_utf8(file) else CP932
    cells = {}
    for kind, delimiter in DELIMITERS.items():
        try:
            _bom, record = head_of(file, Style(delimiter, encoding), limits)
        except FileRefused as refused:
            if refused.code == "file_empty":
                raise
            continue
        cells[kind] = len(record.raw_cells())
    kind = max(cells, key=lambda kind: cells[kind], default="csv")
    return Reading(kind, encoding)


def _is_utf8(file: BinaryIO) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(UTF8)()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def inspect_table(
    file: BinaryIO,
    *,
    reading: Reading | None = None,
    limits: Limits = LIMITS,
    on_progress: Callable[[int, int], None] = lambda _done, _rows: None,
) -> Inspection:
    """Read a table through once. Memory stays bounded. Raises FileRefused, the column by its name."""
    reading = reading or guess_reading(file, limits=limits)
    found, rows = _open(file, reading, limits)
    if len(found.header) < 2:
        raise FileRefused("columns_too_few")
    if len(found.header) > COLUMNS_MAX:
        raise FileRefused("too_many_columns", row=1, limit=COLUMNS_MAX)
    looker = _Looker(found)
    try:
        for number, (done, row) in enumerate(rows, start=1):
            looker.note(row)
            if number % 500 == 0:
                on_progress(done, number)
    except FileRefused as refused:
        raise refused.with_header(found.header) from None
    return found


def _open(file: BinaryIO, reading: Reading, limits: Limits) -> tuple[Inspection, Iterator[tuple[int, Row]]]:
    check_file(file, limits)
    style = Style(DELIMITERS[reading.kind], reading.encoding)
    bom, record = head_of(file, style, limits)
    header = header_texts(record, limits)
    newline = {b"\r\n": "CRLF", b"\r": "CR"}.get(record.ending, "LF")
    found = Inspection(reading, header, bom=bom, newline=newline)
    records = read_records(
        file, start=record.start + record.length, row=record.row + 1, limits=limits, style=style
    )
    rows = ((one.start + one.length, (one.row, one.texts())) for one in records if not one.blank)
    return found, rows


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
            self.found.preview.append((number, [cell[:PREVIEW_CHARS] for cell in cells[:COLUMNS_MAX]]))
        for index, cell in enumerate(cells[: len(self.found.columns)]):
            if cell.strip():
                column = self.found.columns[index]
                column.filled += 1
                column.longest = max(column.longest, len(cell))
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
