"""A shop's own table as CSV or TSV, read by its mapping."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from exchange.csvbytes import BOM, LIMITS, Limits, Record, Style
from exchange.encodings import UTF8
from exchange.errors import FileRefused
from exchange.grouping import OnProgress, OnRefusal, ProductRow, product_rows
from exchange.shopify import Product
from exchange.sniff import check_file
from exchange.source import TABLE, Source, first_record, header_texts
from exchange.table import Role, Table

DELIMITERS = {"csv": b",", "tsv": b"\t"}
# Of a unit's name, which a person reads.
TITLE_LENGTH = 500


def open_table(file: BinaryIO, table: Table, *, limits: Limits = LIMITS) -> Source:
    """Read the head of a table. The file must be seekable; its position is changed.

    Raises FileRefused when the file is no text of the mapping's encoding or its header is another one.
    """
    size = check_file(file, limits)
    style = Style(DELIMITERS[table.kind], table.encoding)
    bom, record = head_of(file, style, limits)
    header = header_texts(record, limits)
    check_header(header, table, record.row)
    return Source(
        dialect=TABLE,
        header=header,
        columns=table.names(),
        html=frozenset(),
        bom=bom,
        newline=record.ending or b"\n",
        header_row=record.row,
        body_offset=record.start + record.length,
        size=size,
        limits=limits,
        style=style,
        **roles_of(table),
    )


def head_of(file: BinaryIO, style: Style, limits: Limits) -> tuple[bool, Record]:
    """Return whether a byte order mark stands first, and the header's record."""
    file.seek(0)
    bom = style.encoding == UTF8 and file.read(len(BOM)) == BOM
    return bom, first_record(file, len(BOM) if bom else 0, limits, style)


def check_header(header: tuple[str, ...], table: Table, row: int) -> None:
    """Columns are known by their place, so the header must be the mapping's, cell for cell."""
    if header == table.header:
        return
    longest = max(len(header), len(table.header))
    at = next(n for n in range(longest) if header[n : n + 1] != table.header[n : n + 1])
    found, expected = ("".join(names[at : at + 1])[:100] for names in (header, table.header))
    raise FileRefused("header_changed", row=row, column=str(at + 1), found=found, expected=expected)


def roles_of(table: Table) -> dict[str, Any]:
    """The parts of a Source that the mapping's roles decide."""
    titles = table.having(Role.TITLE)
    return {
        "key": table.key.index,
        "title": titles[0].index if titles else None,
        "title_required": False,
        "kept": frozenset({table.key.index}),
        "together": table.together,
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
