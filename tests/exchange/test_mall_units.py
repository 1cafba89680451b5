"""The rows of every mall's file become units with their variants and pictures."""

import pytest

from tests.exchange.mallfiles import (
    AMAZON,
    ECCUBE,
    ECCUBE_IMPORT,
    RAKUTEN,
    WOO,
    WOO_JAPANESE,
    YAHOO,
    Mall,
    opened,
    read,
    whole,
)


def test_rakuten_rows_of_a_number_become_one_unit() -> None:
    (mug, dish), refused = read(RAKUTEN.data(), "rakuten")
    assert refused == []
    assert (mug.key, mug.title, mug.rows) == ("mug-01", "マグカップ　①㈱髙", [2, 3, 4, 5])
    assert [(v.row, v.sku, v.price, v.options) for v in mug.variants] == [
        (4, "W-S", "1500", (("カラー", "白"), ("サイズ", "S"))),
        (5, "B-S", "1600", (("カラー", "青"),)),
    ]
    assert [(i.url, i.alt) for i in mug.images] == [
        ("cabinet/01/mug.jpg", "正面"),
        ("cabinet/01/mug-3.jpg", ""),
    ]
    assert (mug.values["catch_copy"], mug.values["price"]) == ("朝の一杯～", "1500")
    assert mug.values["attribute3_unit"] == "g"
    assert (dish.rows, [v.price for v in dish.variants]) == ([6, 7], ["800"])


def test_rakuten_units_without_their_own_row_are_refused() -> None:
    rows = RAKUTEN.rows
    orphan = RAKUTEN.but(rows=(*rows[2:4], *rows[4:])).data()
    key = "商品管理番号（商品URL）"
    units, refused = read(orphan, "rakuten")
    assert [unit.key for unit in units] == ["dish-02"]
    assert refused == [(2, key, "product_row_missing"), (3, key, "unit_refused")]
    twice = RAKUTEN.but(rows=(rows[0], rows[0], *rows[1:])).data()
    units, refused = read(twice, "rakuten")
    assert refused == [(3, key, "product_row_doubled")]
    assert [unit.rows for unit in units] == [[2, 4, 5, 6], [7, 8]]
    apart = RAKUTEN.but(rows=(rows[0], rows[4], rows[2])).data()
    assert read(apart, "rakuten")[1] == [(4, key, "key_split")]


def test_yahoo_rows_are_units() -> None:
    (mug, dish), refused = read(YAHOO.data(), "yahoo")
    assert (refused, mug.title, mug.values["catch_copy"]) == ([], "マグカップ 白", "朝の一杯")
    assert [i.url for i in mug.images] == ["https://shop.example/a.jpg", "https://shop.example/b.jpg"]
    doubled = YAHOO.but(rows=YAHOO.rows * 2).data()
    assert read(doubled, "yahoo")[1] == [(4, "code", "key_doubled"), (5, "code", "key_doubled")]
    assert dish.key == "dish-02"


@pytest.mark.parametrize("mall", [ECCUBE, ECCUBE_IMPORT], ids=["export", "import"])
def test_eccube_rows_of_an_id_become_one_unit(mall: Mall) -> None:
    (mug, dish), refused = read(mall.data(), "eccube")
    assert (refused, mug.rows, dish.rows) == ([], [2, 3], [4])
    assert [(v.sku, v.price) for v in mug.variants] == [("M-W", "1500"), ("M-B", "1600")]
    assert [i.url for i in mug.images] == ["mug.png", "mug-2.png"]
    if mall is ECCUBE:
        assert mug.variants[0].options == (("規格分類1(名称)", "白"),)


@pytest.mark.parametrize("mall", [WOO, WOO_JAPANESE], ids=["english", "japanese"])
def test_woocommerce_variations_belong_to_the_product_above_them(mall: Mall) -> None:
    (mug, dish), refused = read(mall.data(), "woocommerce")
    parent = mall.layout.columns["parent"]
    assert refused == [(6, parent, "variation_apart")]
    assert (mug.key, mug.rows, [v.price for v in mug.variants]) == ("mug", [2, 3, 4], ["1500", "1600"])
    assert [i.url for i in mug.images] == ["https://shop.example/a.jpg", "https://shop.example/b.jpg"]
    assert (dish.key, dish.variants) == ("dish", [])
    if mall is WOO:
        assert mug.variants[0].options == (("色", "白"),)


def test_woocommerce_is_keyed_by_id_where_a_product_has_no_sku() -> None:
    rows = tuple(row | ({"sku": ""} if row["id"] == "13" else {}) for row in WOO.rows)
    units, _refused = read(WOO.but(rows=rows).data(), "woocommerce")
    assert [unit.key for unit in units] == ["10", "13"]
    assert [len(unit.rows) for unit in units] == [3, 1]


def test_woocommerce_keeps_the_key_that_an_earlier_file_had() -> None:
    rows = (*WOO.rows, {"id": "15", "type": "simple", "title": "箸"})
    data = WOO.but(rows=rows).data()
    assert [opened(data, "woocommerce", key)[1].key_name for key in ("", "sku")] == ["id", "sku"]
    no_sku = WOO.but(header=tuple(name for name in WOO.layout.header if name != "SKU")).data()
    assert opened(no_sku, "woocommerce", "sku")[1].key_name == "id"


def test_rakuten_without_the_column_of_its_skus_shows_nothing_of_them() -> None:
    header = tuple(name for name in RAKUTEN.layout.header if name != "SKU管理番号")
    data = RAKUTEN.but(header=header).data()
    (mug, _dish), refused = read(data, "rakuten")
    assert refused == []
    assert "price" not in mug.values
    assert whole(data, "rakuten", {"mug-01": {"price": "1"}}) == data


def test_amazon_has_three_rows_above_its_data() -> None:
    (mug, dish), refused = read(AMAZON.data(), "amazon")
    assert (refused, mug.rows, mug.title) == ([], [4], "マグカップ 白")
    assert [i.url for i in mug.images] == ["https://shop.example/a.jpg", "https://shop.example/b.jpg"]
    assert dish.title == '小皿 "特"'
