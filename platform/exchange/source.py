"""The head of a file: which dialect it is and where its columns are."""

from collections import Counter
from dataclasses import dataclass
from typing import BinaryIO

from exchange.csvbytes import BOM, COMMA_UTF8, LIMITS, Limits, Record, Style, read_records
from exchange.errors import FileRefused
from exchange.layout import Layout, product_layouts
from exchange.sniff import check_file
from exchange.workbook import Sheet


@dataclass(frozen=True, slots=True)
class Source:
    """What must be known of a file to read and rewrite its rows. `columns`: logical name -> index.

    `key` names a unit and `kept` are the columns that an update file always has; `together` says that a run
    of rows with the same key is one unit. `shown` are columns a worker sees although they have no logical
    name. `workbook` is the sheet that the text was made of, where the file is one.
    """

    dialect: str
    header: tuple[str, ...]
    columns: dict[str, int]
    html: frozenset[str]
    bom: bool
    newline: bytes
    header_row: int
    body_offset: int
    size: int
    limits: Limits
    key: int
    title: int | None
    title_required: bool
    kept: frozenset[int]
    together: bool = True
    shown: tuple[int, ...] = ()
    style: Style = COMMA_UTF8
    workbook: Sheet | None = None

    @property
    def mapped(self) -> bool:
        """Whether a mapping says what the columns mean, not a layout that the program knows."""
        return self.dialect == TABLE


TABLE = "table"


def open_source(file: BinaryIO, *, limits: Limits = LIMITS) -> Source:
    """Recognise a Shopify product file. The file must be seekable; its position is changed.

    Columns may be fewer, in another order or joined by unknown ones. Raises FileRefused when this is no
    product CSV.
    """
    size = check_file(file, limits)
    file.seek(0)
    bom = file.read(len(BOM)) == BOM
    record = first_record(file, len(BOM) if bom else 0, limits)
    header = header_texts(record, limits)
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise FileRefused("delimiter_wrong", row=record.row)
    layout = _recognise(header)
    _check_header(header, layout, record.row)
    columns = {logical: header.index(name) for logical, name in layout.columns.items() if name in header}
    return Source(
        dialect=layout.dialect,
        header=header,
        columns=columns,
        html=layout.html,
        bom=bom,
        newline=record.ending or b"\n",
        header_row=record.row,
        body_offset=record.start + record.length,
        size=size,
        limits=limits,
        key=columns["handle"],
        title=columns["title"],
        title_required=True,
        kept=frozenset({columns["handle"], columns["title"]}),
    )


def first_record(file: BinaryIO, start: int, limits: Limits, style: Style = COMMA_UTF8) -> Record:
    """Return the first row that is not blank: the header. Raises FileRefused where there is none."""
    for record in read_records(file, start=start, limits=limits, style=style):
        if not record.blank:
            return record
    raise FileRefused("file_empty")


def header_texts(record: Record, limits: Limits) -> tuple[str, ...]:
    """Return the header's cells. Raises FileRefused for a damaged one or too many."""
    damaged = record.damaged_column()
    if damaged is not None:
        raise FileRefused("text_after_quote", row=record.row, column=str(damaged + 1))
    header = tuple(record.texts())
    if len(header) > limits.columns:
        raise FileRefused("too_many_columns", row=record.row, limit=limits.columns)
    return header


def _recognise(header: tuple[str, ...]) -> Layout:
    """Return the layout that fits best: its handle is there, or nearly, and it knows most headers."""
    lowered = {name.lower() for name in header}

    def fitness(layout: Layout) -> tuple[bool, bool, int]:
        handle = layout.columns["handle"]
        return handle in header, handle.lower() in lowered, layout.known(header)

    return max(product_layouts(), key=fitness)


def _check_header(header: tuple[str, ...], layout: Layout, row: int) -> None:
    for logical in layout.required:
        name = layout.columns[logical]
        if name not in header:
            raise FileRefused("header_missing", row=row, column=name, header=name)
    known = set(layout.columns.values())
    for name, times in Counter(header).items():
        if times > 1 and name in known:
            raise FileRefused("header_doubled", row=row, column=name, header=name)
