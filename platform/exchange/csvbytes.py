"""A CSV reader on bytes that remembers where every cell stood.

Python's `csv` forgets how a cell was written and re-quotes it on the way out. A shop's file must come back
identical but for the answered cells, so here a record keeps its bytes: `record.data + record.ending` of all
records, in order and after the byte order mark, is the file.

Rules as Python's and Ruby's readers have them: RFC 4180, a quotation mark opens only at the start of a cell,
line ends are CRLF, LF or CR in any mixture. Memory stays bounded by the limits whatever the file holds.

Marks are looked for in bytes, whatever the encoding: in UTF-8, EUC-JP and CP932 the bytes of a comma, a tab,
a quotation mark and a line end are never part of another character (a CP932 trail byte is 0x40 or more).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from exchange.errors import FileRefused

BOM = b"\xef\xbb\xbf"
CHUNK = 64 * 1024
_LINE_FEED, _CARRIAGE_RETURN = b"\n\r"
_CLOSED_QUOTE = re.compile(rb'"[^"]*+(?:""[^"]*+)*+"')
_UNDECODABLE = {
    "utf-8": "encoding_not_utf8",
    "cp932": "encoding_not_cp932",
    "euc_jp": "encoding_not_euc_jp",
}


@dataclass(frozen=True)
class Style:
    """How cells are parted and spelt: `delimiter` is a comma or a tab, `encoding` utf-8, cp932 or euc_jp."""

    delimiter: bytes = b","
    encoding: str = "utf-8"
    cell: bytes = field(init=False, repr=False)
    cells: re.Pattern[bytes] = field(init=False, repr=False)
    texts: re.Pattern[str] = field(init=False, repr=False)
    sound: re.Pattern[bytes] = field(init=False, repr=False)
    separator: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        mark = self.delimiter
        # A quoted cell (text after its closing mark belongs to it, and is refused later), or one that no mark
        # opens. The possessive quantifiers keep a hostile cell from costing more than one pass.
        plain = rb'(?!")[^' + mark + rb"\r\n]*+"
        cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"[^' + mark + rb"\r\n]*+|" + plain + rb")"
        sound = rb'(?:"[^"]*+(?:""[^"]*+)*+"(?=' + mark + rb"|\Z)|" + plain + rb")"
        parts = {
            "cell": cell,
            "cells": re.compile(mark + rb"(" + cell + rb")"),
            "texts": re.compile(f"{mark.decode()}({cell.decode()})"),
            "sound": re.compile(sound + rb"(?:" + mark + sound + rb")*"),
            "separator": mark.decode(),
        }
        for name, value in parts.items():
            object.__setattr__(self, name, value)

    def count(self, data: bytes) -> int:
        """How many cells these bytes begin."""
        return len(self.cells.findall(self.delimiter + data))


COMMA_UTF8 = Style()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold. Shopify takes product files up to 15 MB; the rest keeps memory bounded."""

    file_bytes: int = 15 * 1024 * 1024
    rows: int = 100_000
    cell_bytes: int = 1_000_000
    record_bytes: int = 4_000_000
    columns: int = 2_000


LIMITS = Limits()


class Record:
    """One row of the file. `row` counts as a spreadsheet does: the header is 1, blank lines count too."""

    __slots__ = ("data", "ending", "quoted", "row", "start", "style")

    def __init__(
        self, row: int, start: int, data: bytes, ending: bytes, quoted: bool, style: Style = COMMA_UTF8
    ) -> None:
        self.row = row
        self.start = start
        self.data = data
        self.ending = ending
        self.quoted = quoted
        self.style = style

    @property
    def blank(self) -> bool:
        return not self.data

    @property
    def length(self) -> int:
        """Bytes of the row with its line end."""
        return len(self.data) + len(self.ending)

    def raw_cells(self) -> list[bytes]:
        """Return the cells as they stand in the file, quotation marks included."""
        if self.quoted:
            return self.style.cells.findall(self.style.delimiter + self.data)
        return self.data.split(self.style.delimiter)

    @property
    def cells(self) -> list[bytes]:
        """The values of the cells. A damaged cell (text after its closing mark) is given as it stands."""
        return [unquote(cell) for cell in self.raw_cells()] if self.quoted else self.raw_cells()

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where each cell stands in the file, as byte offsets, quotation marks included."""
        spans = []
        position = self.start
        for cell in self.raw_cells():
            spans.append((position, position + len(cell)))
            position += len(cell) + 1
        return spans

    def texts(self) -> list[str]:
        """Return the cells as text. Raises FileRefused (`encoding_not_…`) naming row, column and byte."""
        style = self.style
        try:
            text = self.data.decode(style.encoding)
        except UnicodeDecodeError:
            raise self._undecodable() from None
        if not self.quoted:
            return text.split(style.separator)
        return [
            cell[1:-1].replace('""', '"') if cell[:1] == '"' and cell[-1:] == '"' else cell
            for cell in style.texts.findall(style.separator + text)
        ]

    def damaged_column(self) -> int | None:
        """Return the index of the first cell that has text after its closing quotation mark."""
        if not self.quoted:
            return None
        match = self.style.sound.match(self.data)
        if match is None:
            return 0
        return None if match.end() == len(self.data) else self.style.count(match.group())

    def _undecodable(self) -> FileRefused:
        column, cell, problem = next(self._decoding_problems())
        byte = f"0x{cell[problem.start]:02X}"
        return FileRefused(_UNDECODABLE[self.style.encoding], row=self.row, column=str(column), byte=byte)

    def _decoding_problems(self) -> Iterator[tuple[int, bytes, UnicodeDecodeError]]:
        for column, cell in enumerate(self.cells, start=1):
            try:
                cell.decode(self.style.encoding)
            except UnicodeDecodeError as problem:
                yield column, cell, problem


def unquote(cell: bytes) -> bytes:
    """Return the value of one raw cell."""
    if cell[:1] == b'"' and cell[-1:] == b'"':
        return cell[1:-1].replace(b'""', b'"')
    return cell


def quote(value: bytes) -> bytes:
    """Return a value as a quoted cell."""
    return b'"' + value.replace(b'"', b'""') + b'"'


def read_records(
    file: BinaryIO, *, start: int = 0, row: int = 1, limits: Limits = LIMITS, style: Style = COMMA_UTF8
) -> Iterator[Record]:
    """Yield every record from byte `start` on, blank lines included; the first one is numbered `row`.

    Raises FileRefused where the rest of the file cannot be read reliably: an open quotation mark, a NUL byte,
    too long cells or rows, too many rows or columns.
    """
    window = _Window(file, start, row, limits, style)
    while window.fill():
        yield from window.take()


class _Window:
    """A stretch of the file that slides on from record to record; long only for a long record."""

    def __init__(self, file: BinaryIO, start: int, row: int, limits: Limits, style: Style) -> None:
        self.file = file
        self.limits = limits
        self.style = style
        self.row = row
        more = rb"(?:" + style.delimiter + style.cell + rb"){0,%d}" % (limits.columns - 1)
        self.record_pattern = re.compile(style.cell + more)
        self.block = b""
        self.start = start
        self.at_end = False
        self.problem: FileRefused | None = None
        file.seek(start)

    def fill(self) -> bool:
        """Read on; ever more while one record goes on, so that a long one is not scanned too often."""
        if self.problem:
            raise self.problem
        if self.at_end:
            return False
        wanted = max(CHUNK, len(self.block))
        more = self.file.read(wanted)
        self.at_end = len(more) < wanted
        self.block += more
        return bool(self.block)

    def take(self) -> list[Record]:
        """Take all complete records out of the window; a problem waits until these were given."""
        records: list[Record] = []
        try:
            position = self._scan(records)
            if b"\0" in self.block:
                self._refuse_nul(records)
            self.block = self.block[position:]
            self.start += position
            self._refuse_long_rest()
        except FileRefused as problem:
            self.problem = problem
        return records

    def _scan(self, records: list[Record]) -> int:
        """Add the complete records and return where the rest begins.

        The next place of each mark is kept: searching the block anew for every row would cost the most.
        """
        block, size, row, style = self.block, len(self.block), self.row, self.style
        last_row, cell_bytes = self.limits.rows + 1, self.limits.cell_bytes
        position, line_feed, carriage_return, mark = 0, -1, -1, -1
        while position < size:
            if line_feed < position:
                line_feed = _find(block, b"\n", position)
            if carriage_return < position:
                carriage_return = _find(block, b"\r", position)
            if mark < position:
                mark = _find(block, b'"', position)
            end = min(line_feed, carriage_return)
            quoted = mark < end
            if quoted:
                end = self._end_of_quoted(position, row)
            following = self._after_line_end(end)
            if following is None:
                break
            if following - position > cell_bytes:
                self._refuse_long(block[position:end], row)
            # Blank lines at the end do no harm, a flood of them does.
            if row > last_row and (end > position or row > 2 * last_row):
                raise FileRefused("too_many_rows", row=row, limit=self.limits.rows)
            records.append(
                Record(row, self.start + position, block[position:end], block[end:following], quoted, style)
            )
            position, row = following, row + 1
        self.row = row
        return position

    def _after_line_end(self, end: int) -> int | None:
        """Return where the next record begins, None when that is not known before more is read."""
        size = len(self.block)
        if end >= size:
            return size if self.at_end and end == size else None
        if self.block[end] != _CARRIAGE_RETURN:
            return end + 1
        if end + 1 == size:
            return size if self.at_end else None
        return end + 2 if self.block[end + 1] == _LINE_FEED else end + 1

    def _end_of_quoted(self, position: int, row: int) -> int:
        """Return where a record with quotation marks ends; beyond the window when it goes on there."""
        block, size = self.block, len(self.block)
        match = self.record_pattern.match(block, position)
        end = match.end() if match else position - 1
        if match and (end == size or block[end] != self.style.delimiter[0]):
            return end
        if block[end + 1 : end + 2] == b'"' and not _CLOSED_QUOTE.match(block, end + 1):
            if not self.at_end:
                return size + 1
            column = self.style.count(block[position:end]) + 1 if match else 1
            raise FileRefused("quote_unterminated", row=row, column=str(column))
        raise FileRefused("too_many_columns", row=row, limit=self.limits.columns)

    def _refuse_nul(self, records: list[Record]) -> None:
        for index, record in enumerate(records):
            if b"\0" in record.data:
                del records[index:]
                column = next(n for n, cell in enumerate(record.raw_cells(), start=1) if b"\0" in cell)
                raise FileRefused("nul_byte", row=record.row, column=str(column))

    def _refuse_long_rest(self) -> None:
        """Stop at a record that is still open but already too long."""
        if len(self.block) > self.limits.cell_bytes:
            self._refuse_long(self.block, self.row)

    def _refuse_long(self, data: bytes, row: int) -> None:
        lengths = self._cell_lengths(data)
        if len(lengths) > self.limits.columns and lengths[-1] > 0:
            raise FileRefused("too_many_columns", row=row, limit=self.limits.columns)
        for column, length in enumerate(lengths, start=1):
            if length > self.limits.cell_bytes:
                raise FileRefused("cell_too_long", row=row, column=str(column), limit=self.limits.cell_bytes)
        if len(data) > self.limits.record_bytes:
            raise FileRefused("row_too_long", row=row, limit=self.limits.record_bytes)

    def _cell_lengths(self, data: bytes) -> list[int]:
        """Return the cells' lengths in bytes; a cell left open at the end counts with all that follows it."""
        match = self.record_pattern.match(data)
        if match is None:
            return [len(data)]
        lengths = [len(cell) for cell in self.style.cells.findall(self.style.delimiter + match.group())]
        return [*lengths, len(data) - match.end()]


def _find(block: bytes, mark: bytes, position: int) -> int:
    found = block.find(mark, position)
    return len(block) if found < 0 else found
