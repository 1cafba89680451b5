"""A shop's own table as CSV, TSV or a sheet of a workbook, read by its mapping."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from exchange.csvbytes import BOM, LIMITS, Limits, Record, Style, read_records
from exchange.encodings import UTF8
from exchange.errors import FileRefused
from exchange.fileheads import header_texts
from exchange.grouping import OnProgress, OnRefusal, ProductRow, product_rows
from exchange.head import HEAD_FILLED, HEAD_ROWS, Finder, Row, guess, is_filled, named
from exchange.products import Product
from exchange.sniff import check_file
from exchange.source import TABLE, Grouping, Source, Updating
from exchange.table import Role, Table
from exchange.workbook import SHEETS_BYTES, Sheet, check_workbook, write_text

XLSX = "xlsx"
TEXT_KINDS = ("csv", "tsv")
# A workbook is read through its sheet as comma separated text.
DELIMITERS = {"csv": b",", "tsv": b"\t", XLSX: b","}
# Of a unit's name, which a person reads.
TITLE_LENGTH = 500
# Of the way through a workbook, what is behind when its sheet is unpacked.
_UNPACKING = 0.6


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a table: found by looking, or corrected by a person. `kind`: csv, tsv or xlsx, and then
    which sheet; empty: the first. `header_row` from 1; 0: find it."""

    kind: str
    encoding: str = UTF8
    sheet: str = ""
    header_row: int = 0


class Text(NamedTuple):
    """A table as text: the file itself, or what stands on a sheet of a workbook.

    `find` tells its header. `packed` and `size`: bytes of a workbook, and of the text of its sheet.
    """

    file: BinaryIO
    limits: Limits
    find: Finder
    sheet: Sheet | None = None
    packed: int = 0
    size: int = 1

    def bytes_of(self, done: int) -> int:
        """How many bytes of the shop's file are done when so many of the text are."""
        if self.sheet is None:
            return done
        return int(self.packed * (_UNPACKING + (1 - _UNPACKING) * done / self.size))


@contextmanager
def as_text(
    file: BinaryIO,
    reading: Reading,
    *,
    find: Finder = guess,
    limits: Limits = LIMITS,
    rows: int | None = None,
    on_progress: OnProgress | None = None,
) -> Iterator[Text]:
    """Give a table as text; of a workbook no more than so many rows.

    `find` tells the header unless the reading does. `on_progress` hears bytes and rows done while a workbook
    is unpacked. The file must be seekable; its position is changed. Raises FileRefused.
    """
    find = named(reading.header_row) if reading.header_row else find
    if reading.kind != XLSX:
        yield Text(file, limits, find)
        return
    size = check_workbook(file, limits)

    def on_rows(done: int, rows: int) -> None:
        if on_progress:
            on_progress(int(size * _UNPACKING * done / rows), done)

    with tempfile.TemporaryFile() as text:
        found = write_text(file, reading.sheet, text, find=find, limits=limits, rows=rows, on_rows=on_rows)
        yield Text(text, replace(limits, file_bytes=SHEETS_BYTES), find, found, size, max(1, text.tell()))


def open_table(text: Text, table: Table) -> Source:
    """Read the head of a table.

    Raises FileRefused when the file is no text of the mapping's encoding or its header is another one.
    """
    size = check_file(text.file, text.limits)
    head = head_of(text, table.kind, table.encoding)
    check_header(head.names, table, head.record.row)
    return Source(
        format=TABLE,
        dialect=TABLE,
        header=head.names,
        columns=table.names(),
        html=frozenset(),
        bom=head.bom,
        newline=head.record.ending or b"\n",
        header_row=head.record.row,
        body_offset=head.body_offset,
        size=size,
        limits=text.limits,
        style=head.style,
        workbook=_to_fill(text.sheet, table) if text.sheet else None,
        **roles_of(table),
    )


class Head(NamedTuple):
    """The header of a table, and what stands above it."""

    style: Style
    bom: bool
    record: Record
    names: tuple[str, ...]
    above: list[Row]

    @property
    def body_offset(self) -> int:
        return self.record.start + self.record.length


def head_of(text: Text, kind: str, encoding: str) -> Head:
    """Find the header. Raises FileRefused for a file that holds nothing, or is no text of this encoding."""
    file, limits, style = text.file, text.limits, Style(DELIMITERS[kind], encoding)
    file.seek(0)
    bom = encoding == UTF8 and file.read(len(BOM)) == BOM
    records, problem = _first_filled(file, len(BOM) if bom else 0, limits, style)
    rows = [(record.row, record.texts()) for record in records]
    number = text.find(rows)
    record = next(record for record in records if record.row == number)
    names = header_texts(record, limits)
    if problem and len(names) < 2:
        raise problem  # what passes for the header is a title above a row that cannot be read
    return Head(style, bom, record, names, [row for row in rows if row[0] < number])


def _first_filled(
    file: BinaryIO, start: int, limits: Limits, style: Style
) -> tuple[list[Record], FileRefused | None]:
    """The first rows that hold something, and why there are no more of them where a row cannot be read."""
    found: list[Record] = []
    try:
        for record in islice(read_records(file, start=start, limits=limits, style=style), HEAD_ROWS):
            if is_filled(record.texts()):
                found.append(record)
            if len(found) == HEAD_FILLED:
                break
    except FileRefused as refused:
        if not found:
            raise
        return found, refused
    if not found:
        raise FileRefused("file_empty")
    return found, None


def check_header(header: tuple[str, ...], table: Table, row: int) -> None:
    """Columns are known by their place, so the header must be the mapping's, cell for cell."""
    if header == table.header:
        return
    longest = max(len(header), len(table.header))
    at = next(n for n in range(longest) if header[n : n + 1] != table.header[n : n + 1])
    found, expected = ("".join(names[at : at + 1])[:100] for names in (header, table.header))
    raise FileRefused("header_changed", row=row, column=str(at + 1), found=found, expected=expected)


def _to_fill(sheet: Sheet, table: Table) -> Sheet:
    """The sheet, with what answers would overwrite."""
    filled = {column.index for column in table.having(Role.FILL)}
    return replace(sheet, fixed={index: rows for index, rows in sheet.fixed.items() if index in filled})


def roles_of(table: Table) -> dict[str, Any]:
    """The parts of a Source that the mapping's roles decide."""
    titles = table.having(Role.TITLE)
    return {
        "key": table.key.index,
        "key_name": table.key.name,
        "title": titles[0].index if titles else None,
        "title_required": False,
        "updating": Updating(kept=(table.key.index,)),
        "grouping": Grouping(together=table.together),
        "shown": tuple(column.index for column in table.having(Role.INPUT) if not column.name),
    }


def iter_rows(
    file: BinaryIO,
    source: Source,
    *,
    on_refusal: OnRefusal,
    on_progress: OnProgress | None = None,
    progress_rows: int = 500,
) -> Iterator[Product]:
    """Yield the units of a mapped table in the order of the file, one in memory at a time.

    Refused rows go to `on_refusal`. Raises FileRefused, at any point, where the file is unreadable.
    """
    unit: Product | None = None
    rows = product_rows(
        file, source, on_refusal=on_refusal, on_progress=on_progress, progress_rows=progress_rows
    )
    for record, row in rows:
        if row is None:
            continue
        if row.first:
            if unit is not None:
                yield unit
            unit = _begin(source, record, row)
        if unit is not None:
            unit.rows.append(record.row)
    if unit is not None:
        yield unit


def _begin(source: Source, record: Record, row: ProductRow) -> Product:
    title = row.texts[source.title].strip() if source.title is not None else ""
    return Product(
        key=row.key,
        title=(title or row.key)[:TITLE_LENGTH],
        rows=[],
        values={name: row.texts[index] for name, index in source.columns.items()},
        variants=[],
        images=[],
        offset=record.start,
        length=record.length,
        shown=[(index, row.texts[index]) for index in source.shown],
    )
