"""One way into every file of a shop: a known export or a mapped table. The writers take what it returns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO

from exchange.csvbytes import LIMITS, Limits
from exchange.errors import FileRefused
from exchange.grouping import OnProgress, OnRefusal
from exchange.head import HEAD_ROWS, known
from exchange.inspection import guess_reading
from exchange.layout import product_layouts
from exchange.products import Product, iter_products
from exchange.recognition import identify, open_source
from exchange.source import SHOPIFY, TABLE, Source
from exchange.table import Table
from exchange.tablefile import Head, Reading, as_text, head_of, iter_rows, open_table

# Shopify's first, for it is the usual one; a table is whatever is none of the others.
FORMATS = (SHOPIFY, *sorted({layout.format for layout in product_layouts()} - {SHOPIFY}), TABLE)


@dataclass(frozen=True)
class Opened:
    """What `iter_units`, `product_rows`, `write_update`, `write_whole` and `iter_changes` take.

    `bytes_of`: how many bytes of the shop's file are done when so many of `file` are.
    """

    file: BinaryIO
    source: Source
    bytes_of: Callable[[int], int] = lambda done: done

    @property
    def plain(self) -> Source:
        """The same for cells that are rendered already: they are written as they stand."""
        return replace(self.source, html=frozenset())


@contextmanager
def opened(
    file: BinaryIO,
    format: str,
    mapping: Table | None = None,
    *,
    limits: Limits = LIMITS,
    on_progress: OnProgress | None = None,
    key: str = "",
) -> Iterator[Opened]:
    """Open a file of a known format; a table needs its mapping, whose header is looked for.

    The file must be seekable and stay open meanwhile. `on_progress` hears bytes and rows done while a
    workbook is unpacked. `key` as in `open_source`. Raises FileRefused when it is something else.
    """
    if format != TABLE:
        yield Opened(file, open_source(file, format, limits=limits, key=key))
        return
    assert mapping is not None, "a table is read by its mapping"
    reading = Reading(mapping.kind, mapping.encoding, mapping.sheet)
    find = known(mapping.header, mapping.header_row)
    with as_text(file, reading, find=find, limits=limits, on_progress=on_progress) as text:
        yield Opened(text.file, open_table(text, mapping), text.bytes_of)


# What keeps a table from passing for a shop's export, and does no harm to a table.
_NO_EXPORT = {"header_missing", "header_doubled", "encoding_not_utf8", "delimiter_wrong"}


def recognise(file: BinaryIO, *, limits: Limits = LIMITS) -> str:
    """Return the format a file seems to have: a known export, else a table if it has at least two columns.

    What is neither counts as Shopify's export, whose refusal says best what is wrong with it.
    """
    try:
        found = identify(file, limits=limits)
        if found is not None:
            return found.format
        open_source(file, limits=limits)
    except FileRefused as refused:
        if refused.code == "file_workbook":
            return TABLE
        if refused.code in _NO_EXPORT and _has_columns(file, limits):
            return TABLE
    return SHOPIFY


def _has_columns(file: BinaryIO, limits: Limits) -> bool:
    try:
        head = head_of_table(file, guess_reading(file, limits=limits), limits=limits)
        return len(head.names) > 1
    except FileRefused:
        return False


def head_of_table(file: BinaryIO, reading: Reading, *, limits: Limits = LIMITS) -> Head:
    """Return the header of a table that is read in this way. Raises FileRefused."""
    with as_text(file, reading, limits=limits, rows=HEAD_ROWS) as text:
        return head_of(text, reading.kind, reading.encoding)


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
