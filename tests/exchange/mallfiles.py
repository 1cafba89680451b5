"""Product files as the malls write them: one small catalogue for each, rows by logical column."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from exchange.layout import Layout, layout_of
from exchange.merge import from_mapping, write_update, write_whole
from exchange.products import Product, Source, iter_products, open_source

Row = dict[str, str]


@dataclass(frozen=True)
class Mall:
    """A catalogue. `extra` are columns by header; `above`: rows over the column names."""

    format: str
    dialect: str
    rows: tuple[Row, ...]
    encoding: str = "cp932"
    end: str = "\r\n"
    extra: tuple[str, ...] = ()
    above: tuple[tuple[str, ...], ...] = ()
    header: tuple[str, ...] | None = None
    quoted: bool = False

    @property
    def layout(self) -> Layout:
        return layout_of(self.format, self.dialect)

    @property
    def names(self) -> tuple[str, ...]:
        return (*(self.header or self.layout.header), *self.extra)

    def data(self) -> bytes:
        logical = {name: key for key, name in self.layout.columns.items()}
        lines: list[Sequence[str]] = [*self.above, self.names]
        lines += [
            [row.get(logical.get(name, name), row.get(name, "")) for name in self.names] for row in self.rows
        ]
        mark = self.layout.delimiter.decode()
        text = "".join(mark.join(self._cell(cell, mark) for cell in line) + self.end for line in lines)
        return text.encode(self.encoding)

    def _cell(self, text: str, mark: str) -> str:
        must = self.quoted or set(text) & {mark, '"', "\r", "\n"}
        return '"' + text.replace('"', '""') + '"' if must else text

    def but(self, **changes: object) -> "Mall":
        return replace(self, **changes)  # type: ignore[arg-type]  # the names are this class's own


Answers = dict[str, dict[str, str]]


def opened(data: bytes, format: str, key: str = "") -> tuple[io.BytesIO, Source]:
    file = io.BytesIO(data)
    return file, open_source(file, format, key=key)


def read(data: bytes, format: str) -> tuple[list[Product], list[tuple[int, str, str]]]:
    """The units, and the refusals as row, column and code."""
    file, source = opened(data, format)
    refused: list[tuple[int, str, str]] = []
    found = iter_products(
        file, source, on_refusal=lambda one: refused.append((one.row, one.column, one.code))
    )
    return list(found), refused


def whole(data: bytes, format: str, answers: Answers) -> bytes:
    file, source = opened(data, format)
    out = io.BytesIO()
    write_whole(file, source, from_mapping(answers), out)
    return out.getvalue()


def update(data: bytes, format: str, answers: Answers) -> bytes:
    file, source = opened(data, format)
    out = io.BytesIO()
    write_update(file, source, from_mapping(answers), out)
    return out.getvalue()


def lines(rows: Iterable[Iterable[str]], *, mark: str = ",", end: str = "\r\n") -> str:
    return "".join(mark.join(row) + end for row in rows)


RAKUTEN = Mall(
    "rakuten",
    "normal-item",
    (
        {
            "code": "mug-01", "product_number": "M-01", "title": "マグカップ　①㈱髙", "warehouse": "0",
            "genre_id": "204742", "catch_copy": "朝の一杯～", "description": '<p class="x">白,磁</p>',
            "description_mobile": "一行\r\n二行", "商品画像タイプ1": "CABINET", "image1_path": "/01/mug.jpg",
            "image1_alt": "正面", "image3_path": "/01/mug-3.jpg", "option_keys": "color|size",
            "option_names": "カラー|サイズ",
        },
        {"code": "mug-01", "選択肢タイプ": "s", "商品オプション項目名": "のし",
         "商品オプション選択肢1": "不要"},
        {
            "code": "mug-01", "sku_id": "white-s", "sku": "W-S", "option1_name": "color",
            "option1_value": "白",
            "option2_name": "size", "option2_value": "S", "price": "1500", "inventory_quantity": "7",
            "barcode": "4900000000017", "attribute1_name": "ブランド名", "attribute1_value": "港工房",
            "attribute3_name": "総重量", "attribute3_value": "300", "attribute3_unit": "g",
        },
        {
            "code": "mug-01", "sku_id": "blue-s", "sku": "B-S", "option1_name": "color",
            "option1_value": "青",
            "price": "1600", "inventory_quantity": "0", "attribute1_name": "ブランド名",
            "attribute1_value": "港工房", "attribute7_name": "原産国", "attribute7_value": "日本",
        },
        {"code": "dish-02", "title": "小皿", "catch_copy": "", "image1_path": "/02/dish.jpg"},
        {"code": "dish-02", "sku_id": "dish-02", "price": "800", "inventory_quantity": "3"},
    ),
)  # fmt: skip

YAHOO = Mall(
    "yahoo",
    "item-data",
    (
        {
            "path": "食器:マグ", "title": "マグカップ 白", "code": "mug-01", "price": "1500",
            "catch_copy": "朝の一杯",
            "description": "<b>磁器</b>,白", "explanation": "一行\n二行", "jan": "4900000000017",
            "product_category": "2080", "published": "1",
            "image_url": "https://shop.example/a.jpg;https://shop.example/b.jpg",
        },
        {"path": "食器:皿", "title": "小皿", "code": "dish-02", "price": "800", "product_category": "2081"},
    ),
)  # fmt: skip

_EC_MUG = {
    "id": "12", "status_id": "1", "status": "公開", "title": "マグカップ", "description": "磁器、白",
    "search_words": "マグ", "sale_type_id": "1", "sale_type": "販売種別A", "image_files": "mug.png,mug-2.png",
    "category_ids": "2,5", "category": "食器,マグ", "tag_ids": "1", "tags": "新商品",
}  # fmt: skip
ECCUBE = Mall(
    "eccube",
    "export",
    (
        _EC_MUG
        | {"class_id": "31", "class1_id": "3", "option1_value": "白", "sku": "M-W", "inventory_quantity": "7",
           "stock_unlimited": "0", "price": "1500", "compare_at_price": "1800"},
        _EC_MUG
        | {"class_id": "32", "class1_id": "4", "option1_value": "青", "sku": "M-B", "stock_unlimited": "1",
           "price": "1600"},
        {"id": "13", "status_id": "2", "status": "非公開", "title": "小皿", "sale_type_id": "1",
         "class_id": "40",
         "sku": "D-1", "inventory_quantity": "3", "stock_unlimited": "0", "price": "800"},
    ),
)  # fmt: skip
ECCUBE_IMPORT = Mall(
    "eccube",
    "import",
    tuple(
        {key: row[key] for key in row if key in layout_of("eccube", "import").columns} for row in ECCUBE.rows
    ),
    encoding="utf-8",
    end="\n",
)

_WOO_ROWS: tuple[Row, ...] = (
    {
        "id": "10", "type": "variable", "sku": "mug", "title": "マグカップ", "published": "1",
        "short_description": "朝の一杯", "description": "<p>磁器, 白</p>", "category": "食器 > マグ",
        "tags": "器, 贈り物",
        "image_url": "https://shop.example/a.jpg, https://shop.example/b.jpg", "option1_name": "色",
        "option1_value": "白, 青",
    },
    {"id": "11", "type": "variation", "sku": "mug-w", "title": "マグカップ - 白", "price": "1500",
     "parent": "mug",
     "option1_name": "色", "option1_value": "白"},
    {"id": "12", "type": "variation", "title": "マグカップ - 青", "price": "1600", "parent": "id:10",
     "option1_name": "色", "option1_value": "青"},
    {"id": "13", "type": "simple", "sku": "dish", "title": "小皿", "price": "800", "inventory_quantity": "3"},
    {"id": "14", "type": "variation", "sku": "mug-r", "title": "マグカップ - 赤", "parent": "mug"},
)  # fmt: skip
WOO = Mall("woocommerce", "english", _WOO_ROWS, "utf-8", "\n", extra=("Meta: _note",))
WOO_JAPANESE = Mall("woocommerce", "japanese", _WOO_ROWS, "utf-8", "\n")

AMAZON = Mall(
    "amazon",
    "inventory",
    (
        {
            "sku": "MUG-01", "product_type": "Kitchen", "vendor": "港工房", "title": "マグカップ 白",
            "price": "1500",
            "inventory_quantity": "7", "image_url": "https://shop.example/a.jpg",
            "other_image_url2": "https://shop.example/b.jpg", "update_delete": "PartialUpdate",
            "description": "磁器, 白", "bullet_point1": "軽い",
        },
        {"sku": "DISH-02", "product_type": "Kitchen", "title": '小皿 "特"', "price": "800"},
    ),
    above=(
        ("TemplateType=home", "Version=2026.0101", "この行は変更しないでください"),
        tuple(f"ラベル{n}" for n in range(1, 40)),
    ),
)  # fmt: skip
MALLS = {
    "rakuten": RAKUTEN, "yahoo": YAHOO, "eccube": ECCUBE, "eccube-import": ECCUBE_IMPORT, "woo": WOO,
    "woo-japanese": WOO_JAPANESE, "amazon": AMAZON,
}  # fmt: skip
