"""Answers back into a workbook: the shop's own with single cells replaced, or a new one of few columns.

A spreadsheet library that loads and saves would lose what it does not know (charts, pictures, rules). Here
every part of the workbook is copied but the sheet, and the sheet's XML but the changed cells.
"""

import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from io import BytesIO
from itertools import chain
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from exchange.errors import FileRefused
from exchange.padded import number_of
from exchange.workbook import FORMULA, Kind, Sheet, Walker, contains

CELL_CHARS = 32_767  # Excel's own limit
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DIGITS_MAX = 15  # beyond them Excel rounds
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_CALCULATION = re.compile(rb"<((?:\w+:)?calcPr)\b")

RowChanges = tuple[int, Mapping[int, str]]  # row, column index -> text


def value_of(text: str, kind: Kind) -> str | int | float | date:
    """What a text is in a column of this kind: a number or a day where it is exactly one, else text."""
    if kind == Kind.NUMBER and _NUMBER.fullmatch(text) and sum(map(str.isdigit, text)) <= _DIGITS_MAX:
        return float(text) if "." in text else int(text)
    if kind == Kind.DAY and _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


def shown_as(text: str, pattern: str) -> str | int:
    """What a text is where numbers are shown with leading zeros: the number that looks so, else text."""
    number = number_of(text, pattern)
    return text if number is None else number


def unmistakable(text: str) -> str:
    """Return a text as a workbook spells it: `_x000D_` would be read as the character of that number."""
    return _ESCAPE.sub("_x005F_", text)


def check_length(text: str, row: int, column: str) -> None:
    """Raises FileRefused for a text that no cell of a workbook holds."""
    if len(text) > CELL_CHARS:
        raise FileRefused("cell_too_long_workbook", row=row, column=column, limit=CELL_CHARS)


def copy_with(sheet: Sheet, changes: Iterable[RowChanges], out: BinaryIO) -> None:
    """Write the workbook with the changed cells; none changed: the very same bytes.

    `changes` in the order of the rows. Raises FileRefused where the sheet's rows are in no order.
    """
    given = iter(changes)
    first = next(given, None)
    sheet.file.seek(0)
    if first is None:
        shutil.copyfileobj(sheet.file, out)
        return
    with zipfile.ZipFile(sheet.file) as packed, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        stale = _has_formulas(packed)
        for part in packed.infolist():
            with packed.open(part) as source, made.open(_like(part), "w") as target:
                if part.filename == sheet.part:
                    _Patcher(sheet, chain([first], given), target).run(source)
                elif stale and part.filename == "xl/workbook.xml":
                    target.write(_recalculated(source.read()))
                else:
                    shutil.copyfileobj(source, target)


def write_new(
    sheet: Sheet, header: Sequence[str], rows: Iterable[Sequence[tuple[int, str]]], out: BinaryIO
) -> None:
    """Write a workbook of one sheet: `header`, then rows of (column index in the source, text).

    Texts that look like formulas are texts all the same.
    """
    book = Workbook(write_only=True, iso_dates=False)
    page = book.create_sheet()
    page.append([_cell(page, text) for text in header])
    for row in rows:
        page.append([_cell_like(sheet, page, index, text) for index, text in row])
    packed = BytesIO()
    book.save(packed)
    out.write(packed.getbuffer())


def _cell_like(sheet: Sheet, page: Any, index: int, text: str) -> Any:
    pattern = sheet.patterns.get(index, "")
    value = shown_as(text, pattern) if pattern else value_of(text, sheet.kinds.get(index, Kind.TEXT))
    cell = _cell(page, value)
    if pattern and isinstance(value, int):
        cell.number_format = pattern
    return cell


def _cell(page: Any, value: str | int | float | date) -> Any:
    cell = WriteOnlyCell(page)
    cell.value = unmistakable(value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    return cell


def _like(part: zipfile.ZipInfo) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(part.filename, part.date_time)
    made.compress_type, made.external_attr = part.compress_type, part.external_attr
    if made.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        made.compress_type = zipfile.ZIP_DEFLATED
    return made


def _has_formulas(packed: zipfile.ZipFile) -> bool:
    sheets = (name for name in packed.namelist() if name.startswith("xl/worksheets/"))
    return any(contains(packed, name, FORMULA) for name in sheets)


def _recalculated(book: bytes) -> bytes:
    """Formulas elsewhere may depend on the new values: Excel is told to reckon them again on opening."""
    if b"fullCalcOnLoad" in book:
        return book
    return _CALCULATION.sub(rb'<\1 fullCalcOnLoad="1"', book, count=1)


class _Patcher(Walker):
    """Copies a sheet's bytes and puts new cells in the place of the changed ones.

    The parser tells where in the bytes each event stands; an event's own bytes end where the next begins.
    """

    def __init__(self, sheet: Sheet, changes: Iterator[RowChanges], out: Any) -> None:
        super().__init__()
        self.sheet = sheet
        self.changes = changes
        self.out = out
        self.parser.DefaultHandler = self._other
        self.held = b""  # bytes of the sheet from `held_from` on
        self.held_from = 0
        self.done = 0  # up to here bytes are written or dropped
        self.seen = 0  # where the latest event stands
        self.replacing = ""  # what comes instead of the cell that is being dropped
        self.cell_ended = False
        self.styles: dict[int, str] = {}  # the latest of each column, behind the header
        self.column_styles: list[tuple[int, int, str]] = []  # first column, last, style
        self.row_style = ""
        self.next_row, self.next_cells = self._next_change()
        self.waiting: dict[int, str] = {}  # what is still to be written into the present row

    def run(self, source: Any) -> None:
        self.parse(source)
        self.out.write(self.held[self.done - self.held_from :])
        if self.next_row or self.waiting:
            raise FileRefused("workbook_damaged", row=self.next_row or self.row)

    def read(self, chunk: bytes) -> None:
        self.held += chunk
        super().read(chunk)
        self._done_to(self.seen)
        self.held, self.held_from = self.held[self.done - self.held_from :], self.done

    def started(self, local: str, attributes: dict[str, str]) -> None:
        self._reach()
        if local == "col":
            self._note_column(attributes)
        elif local == "row":
            self.row_style = attributes.get("s", "") if attributes.get("customFormat") == "1" else ""
            if self.row == self.next_row:
                self.waiting = dict(sorted(self.next_cells.items()))
                self.next_row, self.next_cells = self._next_change()
        elif local == "c":
            style = attributes.get("s", "")
            if self.row > self.sheet.header_row and (style or self.column not in self.styles):
                self.styles[self.column] = style
            self._insert_before(self.column)
            if self.column in self.waiting:
                self._done_to(self.seen)
                self.replacing = self._made(self.column, self.waiting.pop(self.column), style)

    def ended(self, local: str) -> None:
        self._reach()
        if local == "row":
            self._insert_before(None)
        elif local == "c":
            self.cell_ended = bool(self.replacing)

    def _other(self, _data: str) -> None:
        self._reach()

    def _reach(self) -> None:
        """Takes note of an event; behind the end of a dropped cell its replacement is written."""
        self.seen = self.parser.CurrentByteIndex
        if self.cell_ended:
            self._done_to(self.seen)
            self.out.write(self.replacing.encode())
            self.replacing, self.cell_ended = "", False

    def _done_to(self, end: int) -> None:
        if not self.replacing:
            self.out.write(self.held[self.done - self.held_from : end - self.held_from])
        self.done = end

    def _insert_before(self, column: int | None) -> None:
        """Writes cells that the row had not, up to a column or to its end."""
        for index in [index for index in self.waiting if column is None or index < column]:
            self._done_to(self.seen)
            cell = self._made(index, self.waiting.pop(index), self._style_of(index))
            self.out.write(cell.encode())

    def _note_column(self, attributes: dict[str, str]) -> None:
        first, last = (int(attributes[name]) - 1 if name in attributes else -1 for name in ("min", "max"))
        self.column_styles.append((first, last, attributes.get("style", "")))

    def _style_of(self, index: int) -> str:
        """How a cell looks that was not there: like its column so far, else as row or column say."""
        if index in self.styles:
            return self.styles[index]
        said = (style for first, last, style in self.column_styles if first <= index <= last)
        return self.row_style or next(said, "")

    def _made(self, index: int, text: str, style: str) -> str:
        mark = f"{self.prefix}:" if self.prefix else ""
        start = f'<{mark}c r="{get_column_letter(index + 1)}{self.row}"' + (f' s="{style}"' if style else "")
        pattern = self.sheet.padding.get(style, "")
        kind = self.sheet.kinds.get(index, Kind.TEXT)
        value = shown_as(text, pattern) if pattern else value_of(text, kind)
        if isinstance(value, str):
            inner = (
                f'<{mark}is><{mark}t xml:space="preserve">{escape(unmistakable(value))}</{mark}t></{mark}is>'
            )
            return f'{start} t="inlineStr">{inner}</{mark}c>'
        if isinstance(value, date):
            value = int(to_excel(value, self.sheet.epoch))
        return f"{start}><{mark}v>{value}</{mark}v></{mark}c>"

    def _next_change(self) -> RowChanges:
        return next(self.changes, (0, {}))
