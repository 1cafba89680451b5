"""Shopify's product CSV: one row per variant and per further picture, product columns on the first row only.

Source: Shopify's help pages on importing and exporting products with CSV files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from exchange.csvbytes import Record
from exchange.grouping import OnProgress, OnRefusal, ProductRow, product_rows
from exchange.source import Source, open_source

__all__ = ["Image", "Product", "Source", "Variant", "iter_products", "open_source"]

_VARIANT_MARKS = ("sku", "price", "barcode", "option1_value")


class Variant(NamedTuple):
    row: int
    sku: str
    barcode: str
    price: str
    options: tuple[tuple[str, str], ...]  # name, value
    image_url: str


class Image(NamedTuple):
    row: int
    url: str
    alt: str
    position: str


@dataclass(slots=True)
class Product:
    """The rows of one unit. `values`, `offset` and `length` are those of its first row.

    `shown`: cells of a mapped table that have no logical name, as (column index, text).
    """

    key: str
    title: str
    rows: list[int]
    values: dict[str, str]
    variants: list[Variant]
    images: list[Image]
    offset: int
    length: int
    shown: list[tuple[int, str]] = field(default_factory=list)

    @property
    def first_row(self) -> int:
        return self.rows[0]


def iter_products(
    file: BinaryIO,
    source: Source,
    *,
    on_refusal: OnRefusal,
    on_progress: OnProgress | None = None,
    progress_rows: int = 500,
) -> Iterator[Product]:
    """Yield the products in the order of the file, one in memory at a time.

    Refused rows go to `on_refusal`; when a product's first row is refused, so are its others. Raises
    FileRefused, at any point, where the file as a whole is unreadable: a caller that stores products must
    then drop them.
    """
    builder = _Builder(source.columns)
    product: Product | None = None
    rows = product_rows(
        file, source, on_refusal=on_refusal, on_progress=on_progress, progress_rows=progress_rows
    )
    for record, row in rows:
        if row is None:
            continue
        if row.first:
            if product is not None:
                yield product
            product = builder.begin(record, row)
        if product is not None:
            builder.add(product, record.row, row.texts)
    if product is not None:
        yield product


class _Builder:
    """Turns rows into products, given where the columns are."""

    def __init__(self, columns: Mapping[str, int]) -> None:
        self.columns = columns
        self.variant_marks = [columns[name] for name in _VARIANT_MARKS if name in columns]
        self.options = [number for number in (1, 2, 3) if f"option{number}_value" in columns]

    def begin(self, record: Record, row: ProductRow) -> Product:
        values = {logical: row.texts[index] for logical, index in self.columns.items()}
        return Product(row.key, values.get("title", ""), [], values, [], [], record.start, record.length)

    def add(self, product: Product, number: int, texts: list[str]) -> None:
        product.rows.append(number)
        if any(texts[index] for index in self.variant_marks):
            product.variants.append(self._variant(product, number, texts))
        url = self._text(texts, "image_url")
        if url:
            product.images.append(
                Image(number, url, self._text(texts, "image_alt"), self._text(texts, "image_position"))
            )

    def _variant(self, product: Product, number: int, texts: list[str]) -> Variant:
        return Variant(
            row=number,
            sku=self._text(texts, "sku"),
            barcode=self._text(texts, "barcode"),
            price=self._text(texts, "price"),
            options=tuple(self._options(product.values, texts)),
            image_url=self._text(texts, "variant_image_url"),
        )

    def _options(self, first: Mapping[str, str], texts: list[str]) -> Iterator[tuple[str, str]]:
        """Yield the variant's options. Their names stand on the product's first row only."""
        for number in self.options:
            value = texts[self.columns[f"option{number}_value"]]
            if value:
                yield first.get(f"option{number}_name", ""), value

    def _text(self, texts: list[str], logical: str) -> str:
        index = self.columns.get(logical)
        return "" if index is None else texts[index]
