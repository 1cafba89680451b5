"""The products of a shop's export, one in memory at a time, whatever rows they are spread over."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from exchange.csvbytes import Record
from exchange.grouping import OnProgress, OnRefusal, ProductRow, product_rows
from exchange.recognition import open_source
from exchange.source import Source

__all__ = ["Image", "Product", "Source", "Variant", "iter_products", "open_source"]

# Options of a variant: columns option1_name, option1_value and so on.
OPTIONS_MAX = 6
# One cell may hold several pictures.
_BETWEEN_PICTURES = re.compile(r"[\s,;]+")


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
    builder = _Builder(source)
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
            builder.add(product, record.row, row)
    if product is not None:
        yield product


class _Builder:
    """Turns rows into products, given where the columns are."""

    def __init__(self, source: Source) -> None:
        self.columns = columns = source.columns
        self.pictures = source.pictures
        self.picture_prefix = source.picture_prefix
        self.header = source.header
        numbers = range(1, OPTIONS_MAX + 1)
        self.options = [number for number in numbers if f"option{number}_value" in columns]

    def begin(self, record: Record, row: ProductRow) -> Product:
        values = _values(row)
        title = values.get("title", "") or row.key
        return Product(row.key, title, [], values, [], [], record.start, record.length)

    def add(self, product: Product, number: int, row: ProductRow) -> None:
        product.rows.append(number)
        if not row.first and row.columns:
            product.values.update(_values(row))
        if row.variant:
            product.variants.append(self._variant(product, number, row.texts))
        product.images.extend(self._images(product, number, row))

    def _images(self, product: Product, number: int, row: ProductRow) -> Iterator[Image]:
        if not self.pictures:
            url = self._text(row.texts, "image_url")
            if url:
                alt, position = self._text(row.texts, "image_alt"), self._text(row.texts, "image_position")
                yield Image(number, url, alt, position)
        elif row.first:
            for column, alternative in self.pictures:
                alt = row.texts[alternative] if alternative is not None else product.title
                for url in filter(None, _BETWEEN_PICTURES.split(row.texts[column])):
                    yield Image(number, self.picture_prefix + url, alt, "")

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
        """Yield the variant's options.

        Their names stand on the product's first row or on the variant's own; where the variant's is a key,
        the product says what that key is called. A file without names has but its headers.
        """
        called = _called(first)
        for number in self.options:
            value = texts[self.columns[f"option{number}_value"]]
            if value:
                name = self._option_name(first, texts, number)
                yield called.get(name, name), value

    def _option_name(self, first: Mapping[str, str], texts: list[str], number: int) -> str:
        logical = f"option{number}_name"
        if logical not in self.columns:
            return self.header[self.columns[f"option{number}_value"]]
        return first.get(logical, "") or texts[self.columns[logical]]

    def _text(self, texts: list[str], logical: str) -> str:
        index = self.columns.get(logical)
        return "" if index is None else texts[index]


def _values(row: ProductRow) -> dict[str, str]:
    return dict(zip(row.columns, map(row.texts.__getitem__, row.columns.values()), strict=True))


def _called(first: Mapping[str, str]) -> dict[str, str]:
    keys, names = first.get("option_keys", ""), first.get("option_names", "")
    return dict(zip(keys.split("|"), names.split("|"), strict=False)) if keys and names else {}
