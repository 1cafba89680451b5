"""Reads the rows above a file's data."""

from dataclasses import dataclass
from typing import BinaryIO

from exchange.csvbytes import BOM, Limits, Record, Style, read_records
from exchange.encodings import UTF8
from exchange.errors import FileRefused


@dataclass(frozen=True, slots=True)
class FileHead:
    """`records`: the rows above the data, the column names last."""

    style: Style
    bom: bool
    records: tuple[Record, ...]
    names: tuple[str, ...]

    @property
    def last(self) -> Record:
        return self.records[-1]


def read_head(file: BinaryIO, style: Style, rows: int, limits: Limits) -> FileHead:
    """Return the first rows that are not blank. Raises FileRefused where there are fewer."""
    file.seek(0)
    bom = style.encoding == UTF8 and file.read(len(BOM)) == BOM
    found: list[Record] = []
    for record in read_records(file, start=len(BOM) if bom else 0, limits=limits, style=style):
        if not record.blank:
            found.append(record)
        if len(found) == rows:
            return FileHead(style, bom, tuple(found), header_texts(record, limits))
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
