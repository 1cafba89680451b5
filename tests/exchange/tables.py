"""Tables of a shop's own, with their mapping."""

import io
from collections.abc import Sequence
from typing import Any, BinaryIO

from openpyxl import Workbook

from exchange.opening import opened as opened_file
from exchange.source import Source
from exchange.table import Column, Role, Table

# A shop's own product list: 12 columns, two of them called 備考.
HEADER = (
    "商品コード", "商品名", "カナ", "ブランド", "定価", "在庫",
    "備考", "素材", "サイズ", "商品説明", "備考", "更新日",
)  # fmt: skip
ROWS = [
    ("A-001", "丸椅子", "ﾏﾙｲｽ", "木工堂", "4,800", "12", "倉庫A", "杉", "30×30", "", "", "2026/10/01"),
    ("A-002", "Ⅱ型 机", "ﾂｸｴ", "㈱髙橋", "12800", "0", "", "桐～檜", "", "旧：\r\n引出し付",
     "廃番?", "2026/10/02"),
    ("A-003", "棚 \"大\"", "ﾀﾅ", "", "9800", "3", "①②", "", "90", "", "社内", ""),
]  # fmt: skip


def shop_table(rows: Sequence[tuple[str, ...]] = ROWS, *, encoding: str = "cp932", mark: str = ",") -> bytes:
    """The list as the shop's program writes it: CRLF, marks only where they are needed."""
    lines = [HEADER, *rows]
    return "".join(mark.join(map(cell, line)) + "\r\n" for line in lines).encode(encoding)


def shop_workbook(rows: Sequence[tuple[str, ...]] = ROWS, *, sheet: str = "商品") -> bytes:
    """The same list in a workbook, behind a sheet of notes."""
    made: Any = Workbook()
    made.active.append(["メモ", "社内用"])
    page = made.create_sheet(sheet)
    for row in (HEADER, *rows):
        page.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',\t"\r\n') else text


def table(kind: str = "csv", encoding: str = "cp932", *, together: bool = False) -> Table:
    columns = (
        Column(0, HEADER[0], frozenset({Role.KEY})),
        Column(1, HEADER[1], frozenset({Role.TITLE, Role.INPUT, Role.FILL}), "title"),
        Column(6, HEADER[6], frozenset({Role.INPUT})),
        Column(9, HEADER[9], frozenset({Role.FILL}), "description"),
        Column(10, HEADER[10], frozenset({Role.FILL}), "note"),
    )
    return Table(kind, encoding, HEADER, columns, together=together)


def opened(data: bytes, mapping: Table) -> tuple[BinaryIO, Source]:
    with opened_file(io.BytesIO(data), "table", mapping) as found:
        return found.file, found.source
