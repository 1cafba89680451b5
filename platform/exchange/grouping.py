"""Finds the units in the rows of a file; reading and writing back must agree on this, so both ask here.

A unit is a product of a shop's export, or whatever the key of a mapped table names.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, NamedTuple

from exchange.csvbytes import Record, read_records
from exchange.errors import FileRefused, Params, RowRefusal
from exchange.source import SHOPIFY, Source

OnRefusal = Callable[[RowRefusal], None]
OnProgress = Callable[[int, int], None]

HANDLE_LENGTH = 255  # characters, Shopify's own limit
# Where no column tells the rows of variants, one of these does if it is filled.
_VARIANT_MARKS = ("sku", "price", "barcode", "option1_value")
_NO_COLUMNS: dict[str, int] = {}


class ProductRow(NamedTuple):
    """A good row of a product. `columns`: the logical columns whose cells count on this row -> index."""

    key: str
    first: bool
    texts: list[str]
    columns: Mapping[str, int]
    variant: bool


def product_rows(
    file: BinaryIO,
    source: Source,
    *,
    on_refusal: OnRefusal,
    on_progress: OnProgress | None = None,
    progress_rows: int = 500,
) -> Iterator[tuple[Record, ProductRow | None]]:
    """Yield every record behind the header, with the product row it is, or None for an empty or refused row.

    `on_progress` hears bytes and rows read. Raises FileRefused, the column by its name, where the file as a
    whole is unreadable.
    """
    grouper = _Grouper(source, on_refusal)
    rows = 0
    try:
        for record in read_records(
            file,
            start=source.body_offset,
            row=source.header_row + 1,
            limits=source.limits,
            style=source.style,
        ):
            yield record, grouper.place(record)
            rows += 1
            if on_progress and rows % progress_rows == 0:
                on_progress(record.start + record.length, rows)
    except FileRefused as refusal:
        raise refusal.with_header(source.header) from None
    if on_progress:
        on_progress(source.size, rows)


# Others speak of keys and rows where Shopify has handles and products.
_PRODUCT_CODES = {"missing": "handle_missing", "long": "handle_too_long", "split": "handle_split"} | {
    "refused": "product_refused"
}
_KEY_CODES = {"missing": "key_missing", "long": "key_too_long", "split": "key_split"} | {
    "refused": "unit_refused"
}


class _Grouper:
    """Follows the rows and decides to which unit each belongs.

    A product is a run of rows with the same handle. A handle that comes back after another product is
    refused: the shop would apply both runs, and which row is the product's first would be a guess. The same
    holds for other files whose rows belong together by their key; in the rest no key may come twice. There a
    row may name the unit that it is a variant of, and must stand right behind it.
    """

    def __init__(self, source: Source, on_refusal: OnRefusal) -> None:
        self.header = source.header
        self.handle = source.key
        self.title = source.title
        self.title_required = source.title_required
        self.rules = source.grouping
        self.fixed = source.workbook.fixed if source.workbook else {}
        self.codes = _PRODUCT_CODES if source.format == SHOPIFY else _KEY_CODES
        self.on_refusal = on_refusal
        of_variants = self.rules.of_variants
        self.unit_columns = {name: i for name, i in source.columns.items() if name not in of_variants}
        self.marks = [source.columns[name] for name in _VARIANT_MARKS if name in source.columns]
        self.key = ""
        self.names: set[str] = set()  # by which variants name the present unit
        self.variant_columns: Mapping[str, int] = _NO_COLUMNS  # until the first variant of a unit came
        self.following: tuple[str, Params] | None = None  # why further rows of this run are refused
        self.first_rows: dict[str, int] = {}
        self.damaged: dict[str, int] = {}  # handles read from damaged rows

    def place(self, record: Record) -> ProductRow | None:
        if record.blank:
            return None
        texts = record.texts()
        damaged = record.damaged_column()
        if damaged is not None:
            column = self.header[damaged] if damaged < len(self.header) else str(damaged + 1)
            self._refuse(record, column, "text_after_quote", {})
        elif not any(texts):
            return None  # spreadsheets leave rows of bare commas behind
        elif len(texts) != len(self.header):
            self._refuse(
                record, "", "cells_wrong_number", {"found": len(texts), "expected": len(self.header)}
            )
        else:
            return self._place_sound(record, texts)
        self._remember_damaged(record, texts)
        return None

    def _remember_damaged(self, record: Record, texts: list[str]) -> None:
        """A damaged row of another handle than the present one was probably that product's first row."""
        handle = texts[self.handle] if len(texts) > self.handle else ""
        if handle and handle != self.key:
            self.damaged.setdefault(handle, record.row)

    def _place_sound(self, record: Record, texts: list[str]) -> ProductRow | None:
        if self.rules.parent is not None and texts[self.rules.parent].strip():
            return self._place_named(record, texts, self.rules.parent)
        handle = texts[self.handle]
        if not handle.strip():
            self._refuse(record, self.header[self.handle], self.codes["missing"], {})
            return None
        if handle == self.key and self.rules.together:
            return self._place_further(record, texts, self.handle)
        return self._begin(record, handle, texts)

    def _place_named(self, record: Record, texts: list[str], parent: int) -> ProductRow | None:
        if texts[parent].strip() in self.names:
            return self._place_further(record, texts, parent)
        self._refuse(record, self.header[parent], "variation_apart", {})
        return None

    def _place_further(self, record: Record, texts: list[str], column: int) -> ProductRow | None:
        if self.following is not None:
            self._refuse(record, self.header[column], *self.following)
            return None
        if not self._is_variant(texts, first=False):
            if self._is_units_own(texts):
                told: Params = {"handle": self.key, "first_row": self.first_rows[self.key]}
                self._refuse(record, self.header[column], "product_row_doubled", told)
                return None
            return ProductRow(self.key, False, texts, _NO_COLUMNS, False)
        columns, self.variant_columns = self.variant_columns, _NO_COLUMNS
        return ProductRow(self.key, False, texts, columns, True)

    def _is_variant(self, texts: list[str], *, first: bool) -> bool:
        if self.rules.variant is not None:
            return bool(texts[self.rules.variant].strip())
        if self.rules.parent is not None:
            return not first
        return any(texts[index] for index in self.marks)

    def _is_units_own(self, texts: list[str]) -> bool:
        """Whether a row that is no variant's is once more the unit's own, where rows tell what they are."""
        if self.rules.variant is None or any(texts[index].strip() for index in self.rules.others):
            return False
        return self.title is not None and bool(texts[self.title].strip())

    def _begin(self, record: Record, handle: str, texts: list[str]) -> ProductRow | None:
        self.key = handle
        self.following = None
        self.names = {f"{mark}{texts[i].strip()}" for i, mark in self.rules.parent_names.items() if texts[i]}
        self.variant_columns = self.rules.of_variants
        column, code, params = self._first_row_problem(record.row, handle, texts)
        first_row = self.first_rows.setdefault(handle, self.damaged.get(handle, record.row))
        if not code:
            return ProductRow(handle, True, texts, self.unit_columns, self._is_variant(texts, first=True))
        self._refuse(record, column, code, params)
        same_for_all = code in (self.codes["split"], self.codes["refused"])
        self.following = (code, params) if same_for_all else (self.codes["refused"], {"first_row": first_row})
        return None

    def _first_row_problem(self, row: int, handle: str, texts: list[str]) -> tuple[str, str, Params]:
        """Return column, code and params of a problem with a unit's first row; no code, no problem."""
        column = self.header[self.handle]
        if handle in self.first_rows:
            code = self.codes["split"] if self.rules.together else "key_doubled"
            return column, code, {"handle": handle, "first_row": self.first_rows[handle]}
        if handle in self.damaged:
            return column, self.codes["refused"], {"first_row": self.damaged[handle]}
        if len(handle) > HANDLE_LENGTH:
            return column, self.codes["long"], {"limit": HANDLE_LENGTH}
        if self.title_required and self.title is not None and not texts[self.title].strip():
            return self.header[self.title], "title_missing", {}
        if self.rules.variant is not None and self._tells_another_kind(texts):
            return column, "product_row_missing", {}
        for index, rows in self.fixed.items():
            if row in rows:
                return self.header[index], rows[row], {}
        return "", "", {}

    def _tells_another_kind(self, texts: list[str]) -> bool:
        marks = (self.rules.variant, *self.rules.others)
        return any(texts[index].strip() for index in marks if index is not None)

    def _refuse(self, record: Record, column: str, code: str, params: Params) -> None:
        self.on_refusal(RowRefusal(record.row, column, code, params))
