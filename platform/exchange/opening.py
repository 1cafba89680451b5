"""One way into every file of a shop: a known export or a mapped table. The writers take what it returns."""

from collections.abc import Iterator
from typing import BinaryIO

from exchange.csvbytes import LIMITS, Limits, Style
from exchange.errors import FileRefused
from exchange.grouping import OnProgress, OnRefusal
from exchange.inspection import Reading, guess_reading
from exchange.shopify import Product, iter_products
from exchange.source import TABLE, Source, header_texts, open_source
from exchange.table import Table
from exchange.tablefile import DELIMITERS, head_of, iter_rows, open_table

SHOPIFY = "shopify"
FORMATS = (SHOPIFY, TABLE)


def open_file(
    file: BinaryIO, format: str, mapping: Table | None = None, *, limits: Limits = LIMITS
) -> Source:
    """Read the head of a file of a known format; a table needs its mapping.

    The result goes to `iter_units`, `write_update`, `write_whole` and `iter_changes`, whatever the format.
    Raises FileRefused when the file is not what it is said to be.
    """
    if format == TABLE:
        assert mapping is not None, "a table is read by its mapping"
        return open_table(file, mapping, limits=limits)
    return open_source(file, limits=limits)


# What keeps a table from passing for a shop's export, and does no harm to a table.
_NO_EXPORT = {"header_missing", "header_doubled", "encoding_not_utf8", "delimiter_wrong", "file_spreadsheet"}


def recognise(file: BinaryIO, *, limits: Limits = LIMITS) -> str:
    """Return the format a file seems to have: a known export, else a table if it has at least two columns.

    What is neither counts as an export, whose refusal says best what is wrong with it.
    """
    try:
        open_source(file, limits=limits)
    except FileRefused as refused:
        if refused.code in _NO_EXPORT and _has_columns(file, limits):
            return TABLE
    return SHOPIFY


def _has_columns(file: BinaryIO, limits: Limits) -> bool:
    try:
        return len(head_of_table(file, guess_reading(file, limits=limits), limits=limits)) > 1
    except FileRefused:
        return False


def head_of_table(file: BinaryIO, reading: Reading, *, limits: Limits = LIMITS) -> tuple[str, ...]:
    """Return the headers of a table that is read in this way. Raises FileRefused."""
    _bom, record = head_of(file, Style(DELIMITERS[reading.kind], reading.encoding), limits)
    return header_texts(record, limits)


def iter_units(
    file: BinaryIO,
    source: Source,
    *,
    on_refusal: OnRefusal,
    on_progress: OnProgress | None = None,
    progress_rows: int = 500,
) -> Iterator[Product]:
    """Yield the units in the order of the file, one in memory at a time; refused rows go to `on_refusal`."""
    read = iter_rows if source.mapped else iter_products
    return read(file, source, on_refusal=on_refusal, on_progress=on_progress, progress_rows=progress_rows)
