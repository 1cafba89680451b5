"""Workbooks (XLSX), read through one sheet as comma separated text.

Everything that reads tables works on that text: row n of the text is row n of the sheet. What the text cannot
say (which columns hold numbers or days, where formulas stand) goes along as `Sheet`; `workbook_writing` needs
the workbook itself.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import chain, islice
from typing import Any, BinaryIO
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.styles.numbers import BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.escape import unescape

from exchange.csvbytes import Limits
from exchange.encodings import UTF8
from exchange.errors import FileRefused
from exchange.head import HEAD_FILLED, HEAD_ROWS, Finder, is_filled
from exchange.padded import Padded, padded, pattern_of

CHUNK = 64 * 1024
# Unpacked; a workbook is packed so well that 15 MB of it could fill the memory.
SHEETS_BYTES = 400_000_000
PART_BYTES = 64_000_000  # of a part that is held in memory as a whole, such as the shared texts
PARTS_MAX = 5_000
# Cells that no answer may overwrite; a sheet's areas can be written down larger than the sheet.
FIXED_MAX = 1_000_000
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
ROWS_TOLD = 500
_FIXED = re.compile(rb"<(?:\w+:)?(?:f[\s/>]|mergeCell\s)")
_UTF8_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE)
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?[0-9]+")
_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})")


OnRows = Callable[[int, int], None]  # rows done, rows in all


class Kind(StrEnum):
    """What all filled cells of a column hold. Anything mixed is text."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook. `file` is the workbook, `part` where the sheet stands in it.

    `kinds`: column index -> what it holds; `epoch`: day 0 of its calendar. `patterns`: column index -> the
    zeros in which all its numbers are shown; `padding`: number of a cell's look -> the same. `fixed`: column
    index -> row -> why no answer may be written there.
    """

    file: BinaryIO
    part: str
    header_row: int
    kinds: dict[int, Kind]
    patterns: dict[int, str]
    padding: dict[str, str]
    fixed: dict[int, dict[int, str]]
    epoch: datetime


def is_workbook(file: BinaryIO) -> bool:
    """Whether the file is a workbook of Excel 2007 or later."""
    file.seek(0)
    if not file.read(4).startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(file) as packed:
            return "xl/workbook.xml" in packed.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False


def check_workbook(file: BinaryIO, limits: Limits) -> int:
    """Return the size in bytes. Raises FileRefused for a workbook that is too big, packed or unpacked."""
    size = file.seek(0, io.SEEK_END)
    if size > limits.file_bytes:
        raise FileRefused("file_too_big", limit_mb=limits.file_bytes // (1024 * 1024))
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise FileRefused("workbook_damaged") from None
    names = {part.filename for part in parts}
    if len(names) != len(parts) or any(part.flag_bits & 1 for part in parts):
        raise FileRefused("workbook_damaged")
    held = [part.file_size for part in parts if not part.filename.startswith("xl/worksheets/")]
    total = sum(part.file_size for part in parts)
    if len(parts) > PARTS_MAX or total > SHEETS_BYTES or max(held, default=0) > PART_BYTES:
        raise FileRefused("workbook_too_big")
    return size


def sheet_names(file: BinaryIO) -> tuple[str, ...]:
    """Return the names of the sheets that hold cells, in their order. Raises FileRefused."""
    with _opened(file) as book:
        return tuple(sheet.title for sheet in book.worksheets)


def write_text(
    file: BinaryIO,
    name: str,
    out: BinaryIO,
    *,
    find: Finder,
    limits: Limits,
    rows: int | None = None,
    on_rows: OnRows = lambda _done, _all: None,
) -> Sheet:
    """Write a sheet as UTF-8 text, comma separated; `name` empty: the first. `rows`: no more than so many.

    Days are written as 2026-11-24, numbers as short as they are exact, or with the zeros that people see.
    `on_rows` hears how many rows are done, and how many the sheet says it has. Raises FileRefused.
    """
    with _opened(file) as book:
        sheet = _named(book, name)
        padding = _padding(book)
        text = io.TextIOWrapper(out, encoding=UTF8, newline="", write_through=True)
        writing = _Writing(csv.writer(text, lineterminator="\r\n"), find)
        try:
            writing.run(_rows(sheet, limits, rows, padding, on_rows))
        finally:
            text.detach()
        part, epoch = sheet._worksheet_path.removeprefix("/"), book.epoch
    kinds, patterns = writing.columns.found(), writing.columns.patterns()
    fixed = _fixed(file, part, writing) if rows is None else {}
    return Sheet(
        file, part, writing.header_row, kinds, patterns, {str(n): p for n, p in padding.items()}, fixed, epoch
    )


def _padding(book: Any) -> dict[int, str]:
    """The looks of cells that show numbers with leading zeros: number of the look -> pattern."""
    own = book._number_formats
    formats = (
        (number, own[look.numFmtId - BUILTIN_FORMATS_MAX_SIZE])
        for number, look in enumerate(book._cell_styles)
        if 0 <= look.numFmtId - BUILTIN_FORMATS_MAX_SIZE < len(own)
    )
    return {number: pattern for number, spelt in formats if (pattern := pattern_of(spelt))}


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Any]:
    file.seek(0)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception:  # noqa: BLE001  # a damaged workbook fails anywhere in the library, in its own ways
        raise FileRefused("workbook_damaged") from None
    with closing(book):
        if not book.worksheets:
            raise FileRefused("file_empty")
        yield book


def _named(book: Any, name: str) -> Any:
    found = next((sheet for sheet in book.worksheets if sheet.title == name), None)
    if name and found is None:
        raise FileRefused("sheet_missing", sheet=name[:100])
    return found or book.worksheets[0]


def _rows(
    sheet: Any, limits: Limits, rows: int | None, padding: dict[int, str], on_rows: OnRows
) -> Iterator[list[Any]]:
    """The values of each row; of a row that the sheet leaves out, none."""
    said = sheet.max_row or 0
    sheet.reset_dimensions()  # what a sheet says of its size need not be true
    found = sheet.iter_rows()
    number = 0
    while rows is None or number < rows:
        number += 1
        try:
            cells = next(found, None)
        except Exception:  # noqa: BLE001  # as when opening
            raise FileRefused("workbook_damaged", row=number) from None
        if cells is None:
            return
        if number > 2 * limits.rows:
            raise FileRefused("too_many_rows", row=number, limit=limits.rows)
        last = next((n for n in range(len(cells), 0, -1) if cells[n - 1].value not in (None, "")), 0)
        if last > limits.columns:
            raise FileRefused("too_many_columns", row=number, limit=limits.columns)
        yield [_value(cell, padding) for cell in cells[:last]]
        if number % ROWS_TOLD == 0:
            on_rows(number, max(said, number))


def _value(cell: Any, padding: dict[int, str]) -> Any:
    value = cell.value
    if padding and value is not None and (pattern := padding.get(cell._style_id)):
        return padded(value, pattern) or value
    return value


class _Writing:
    """Rows become lines. Behind the header they are as wide as it is; longer ones are left to the reader."""

    def __init__(self, writer: Any, find: Finder) -> None:
        self.writer = writer
        self.find = find
        self.columns = _Columns()
        self.header_row = self.width = self.row = 0

    def run(self, rows: Iterator[list[Any]]) -> None:
        head, filled = [], []
        for number, values in enumerate(islice(rows, HEAD_ROWS), start=1):
            head.append(values)
            texts = [_text(value) for value in values]
            if is_filled(texts):
                filled.append((number, texts))
            if len(filled) == HEAD_FILLED:
                break
        if not filled:
            raise FileRefused("file_empty")
        self.header_row = self.find(filled)
        for values in chain(head, rows):
            self._write(values)

    def _write(self, values: list[Any]) -> None:
        self.row += 1
        texts = [_text(value) for value in values]
        if self.row == self.header_row:
            self.width = len(texts)
        elif texts and self.width:
            self.columns.note(values)
            texts += [""] * (self.width - len(texts))
        self.writer.writerow(texts)


class _Columns:
    """What the columns hold behind the header."""

    def __init__(self) -> None:
        self.kinds: dict[int, Kind] = {}
        self.shown: dict[int, str] = {}

    def note(self, values: list[Any]) -> None:
        for index, value in enumerate(values):
            if value in (None, "", *ERROR_CODES):
                continue  # an error says nothing of what belongs there
            kind, pattern = _kind(value), value.pattern if isinstance(value, Padded) else ""
            if self.kinds.setdefault(index, kind) != kind:
                self.kinds[index] = Kind.TEXT
            if self.shown.setdefault(index, pattern) != pattern:
                self.shown[index] = ""

    def found(self) -> dict[int, Kind]:
        return {index: kind for index, kind in self.kinds.items() if kind != Kind.TEXT}

    def patterns(self) -> dict[int, str]:
        return {index: pattern for index, pattern in self.shown.items() if pattern}


def _kind(value: Any) -> Kind:
    if isinstance(value, int | float | Padded) and not isinstance(value, bool):
        return Kind.NUMBER
    return Kind.DAY if isinstance(value, datetime) and value.time() == time() else Kind.TEXT


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case Padded():
            return str(value)
        case str():
            return str(unescape(value))
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
        case datetime():
            return str(value.date() if value.time() == time() else value.replace(microsecond=0))
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _fixed(file: BinaryIO, part: str, text: _Writing) -> dict[int, dict[int, str]]:
    """Where formulas and merged cells stand. Few tables have any, so they are searched for before the sheet
    is parsed.

    Raises FileRefused for a sheet that is not UTF-8: its cells could not be replaced in place.
    """
    file.seek(0)
    with zipfile.ZipFile(file) as packed:
        with packed.open(part) as sheet:
            head = sheet.read(CHUNK)
            if head[:2] in (b"\xff\xfe", b"\xfe\xff") or _UTF8_DECLARED.match(head):
                raise FileRefused("workbook_damaged")
        if not contains(packed, part, _FIXED):
            return {}
        finder = _FixedFinder(text)
        with packed.open(part) as sheet:
            finder.parse(sheet)
    return finder.found


def contains(packed: zipfile.ZipFile, part: str, pattern: re.Pattern[bytes]) -> bool:
    """Whether a part holds a short pattern."""
    tail = b""
    with packed.open(part) as opened:
        while chunk := opened.read(CHUNK):
            if pattern.search(tail + chunk):
                return True
            tail = chunk[-64:]
    return False


class Walker:
    """Walks through a sheet's XML and knows at which cell it is. Raises FileRefused for damaged XML."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = _no_doctype
        self.row = 0
        self.column = -1
        self.prefix = ""  # of the names of elements

    def parse(self, sheet: Any) -> None:
        try:
            while chunk := sheet.read(CHUNK):
                self.read(chunk)
            self.parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, zipfile.BadZipFile):
            raise FileRefused("workbook_damaged") from None

    def read(self, chunk: bytes) -> None:
        self.parser.Parse(chunk, False)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.prefix, _colon, local = name.rpartition(":")
        if local == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), -1
        elif local == "c":
            reference = _REFERENCE.fullmatch(attributes.get("r", ""))
            self.column = column_index_from_string(reference[1]) - 1 if reference else self.column + 1
        self.started(local, attributes)

    def end(self, name: str) -> None:
        self.ended(name.rpartition(":")[2])

    def started(self, local: str, attributes: dict[str, str]) -> None:
        """An element begins; `row` and `column` say where."""

    def ended(self, local: str) -> None:
        """An element ends."""


def _no_doctype(*_parts: object) -> None:
    raise FileRefused("workbook_damaged")


class _FixedFinder(Walker):
    """Collects the cells behind the header that no answer may overwrite."""

    def __init__(self, text: _Writing) -> None:
        super().__init__()
        self.first_row, self.last_row, self.width = text.header_row + 1, text.row, text.width
        self.found: dict[int, dict[int, str]] = {}
        self.room = FIXED_MAX

    def started(self, local: str, attributes: dict[str, str]) -> None:
        if local == "f":
            self._add(range(self.column, self.column + 1), range(self.row, self.row + 1), "cell_formula")
            if attributes.get("t") in ("array", "dataTable"):
                self._add(*self._area(attributes), "cell_formula")
        elif local == "mergeCell":
            columns, rows = self._area(attributes)
            self._add(columns[:1], rows[1:], "cell_merged")
            self._add(columns[1:], rows, "cell_merged")

    def _area(self, attributes: dict[str, str]) -> tuple[range, range]:
        """The columns and rows of an area, as far as the table reaches."""
        area = _AREA.fullmatch(attributes.get("ref", ""))
        if area is None:
            return range(0), range(0)
        left, right = (column_index_from_string(area[n]) - 1 for n in (1, 3))
        top, bottom = int(area[2]), min(int(area[4]), self.last_row)
        return range(left, min(right + 1, self.width)), range(top, bottom + 1)

    def _add(self, columns: range, rows: range, code: str) -> None:
        rows = range(max(rows.start, self.first_row), rows.stop)
        self.room -= len(columns) * len(rows)
        if self.room < 0:
            raise FileRefused("workbook_too_big")
        for column in columns:
            found = self.found.setdefault(column, {})
            for row in rows:
                found.setdefault(row, code)
