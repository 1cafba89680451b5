"""Shop files made by hand or by Hypothesis, which know each cell's place by themselves."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

from exchange.errors import FileRefused
from exchange.layout import Layout, product_layouts

LAYOUTS = {layout.dialect: layout for layout in product_layouts()}
CURRENT = LAYOUTS["current"]
LEGACY = LAYOUTS["legacy"]
BOM = b"\xef\xbb\xbf"


Result = TypeVar("Result")


def attempt(read: Callable[[], Result]) -> Result | FileRefused:
    """Return what was read, or the refusal; any other exception is a defect."""
    try:
        return read()
    except FileRefused as problem:
        return problem


def quoted(text: str) -> bytes:
    return b'"' + text.encode().replace(b'"', b'""') + b'"'


@dataclass
class ShopFile:
    """Bytes with the spans of all cells: `spans[row][column]`, header first, no blank lines."""

    layout: Layout
    header: list[str]
    rows: list[list[str]]
    data: bytes = b""
    spans: list[list[tuple[int, int]]] = field(default_factory=list)

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)

    def column(self, logical: str) -> int:
        return self.header.index(self.layout.columns[logical])

    def first_rows(self) -> dict[str, int]:
        """Handle -> index in `rows` of the product's first row."""
        first: dict[str, int] = {}
        for index, row in enumerate(self.rows):
            first.setdefault(row[self.column("handle")], index)
        return first


def simple_file(
    *products: dict[str, str], layout: Layout = CURRENT, header: list[str] | None = None, end: str = "\n"
) -> bytes:
    """Return a file with one row for each dict of logical names, all columns unless `header` says which."""
    header = header or list(layout.header)
    logical = {name: key for key, name in layout.columns.items()}
    lines = [header] + [[row.get(logical.get(name, name), "") for name in header] for row in products]
    return "".join(",".join(_plain(cell) for cell in line) + end for line in lines).encode()


def _plain(cell: str) -> str:
    return quoted(cell).decode() if set(cell) & set(',"\r\n') else cell


_ALPHABET = 'ab,"\r\n 商品=é-😀<&;'
CELL_TEXT = st.text(alphabet=_ALPHABET, max_size=8)
_HANDLES = st.text(alphabet="abc-123", min_size=1, max_size=6)
_LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@st.composite
def shop_files(draw: st.DrawFn) -> ShopFile:
    layout = draw(st.sampled_from([CURRENT, LEGACY]))
    shop = ShopFile(layout, draw(_headers(layout)), [])
    for handle in draw(st.lists(_HANDLES, max_size=5, unique=True)):
        for number in range(draw(st.integers(1, 3))):
            row = [draw(CELL_TEXT) for _ in shop.header]
            row[shop.column("handle")] = handle
            if number == 0:
                row[shop.column("title")] = "題" + row[shop.column("title")]
            shop.rows.append(row)
    _write(shop, draw)
    return shop


@st.composite
def _headers(draw: st.DrawFn, layout: Layout) -> list[str]:
    must = [layout.columns["handle"], layout.columns["title"], layout.columns["description"]]
    others = [name for name in layout.header if name not in must]
    some = draw(st.lists(st.sampled_from(others), max_size=5, unique=True))
    unknown = draw(
        st.lists(st.sampled_from(["素材 (product.metafields.custom.m)", "My, column", ""]), max_size=3)
    )
    return draw(st.permutations(must + some + unknown))


def _write(shop: ShopFile, draw: st.DrawFn) -> None:
    out = bytearray(BOM if draw(st.booleans()) else b"")
    lines = [shop.header, *shop.rows]
    usual_end = draw(_LINE_ENDS)
    mixed = draw(st.booleans())
    for number, cells in enumerate(lines):
        shop.spans.append([])
        for index, cell in enumerate(cells):
            out += b"," if index else b""
            start = len(out)
            out += _cell_bytes(cell, draw)
            shop.spans[-1].append((start, len(out)))
        if number + 1 == len(lines) and draw(st.booleans()):
            break
        out += draw(_LINE_ENDS) if mixed else usual_end
        if number and draw(st.integers(0, 9)) == 0:
            out += b"\r\n"
    shop.data = bytes(out)


def _cell_bytes(cell: str, draw: st.DrawFn) -> bytes:
    """Quote where one must, and now and then where one need not; a mark inside a bare cell is legal."""
    must = cell.startswith('"') or not set(cell).isdisjoint(",\r\n")
    return quoted(cell) if must or draw(st.booleans()) else cell.encode()
