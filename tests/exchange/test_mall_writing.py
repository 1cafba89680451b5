"""Answers go back into every mall's file; an update file is one that the mall takes."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from exchange.merge import NotEncodable, from_mapping, write_update, write_whole
from tests.exchange.mallfiles import (
    AMAZON,
    ECCUBE,
    ECCUBE_IMPORT,
    MALLS,
    RAKUTEN,
    WOO,
    WOO_JAPANESE,
    YAHOO,
    Answers,
    Mall,
    lines,
    opened,
    read,
    update,
    whole,
)

every_mall = pytest.mark.parametrize("mall", MALLS.values(), ids=MALLS)


def answers_of(mall: Mall) -> Answers:
    """A new title for every unit, and a description for the last."""
    found: Answers = {unit.key: {"title": f"新 {unit.key}"} for unit in read(mall.data(), mall.format)[0]}
    found[list(found)[-1]]["description"] = "一行目\n二行目 & 三"
    return found


def cells(data: bytes, mall: Mall) -> list[list[str]]:
    text = io.StringIO(data.decode(mall.encoding), newline="")
    return list(csv.reader(text, delimiter=mall.layout.delimiter.decode(), strict=True))


@every_mall
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_without_answers_the_same_bytes(mall: Mall, end: str) -> None:
    for quoted in (False, True):
        data = mall.but(end=end, quoted=quoted).data()
        assert whole(data, mall.format, {}) == data
        assert whole(data, mall.format, {"of another shop": {"title": "x"}}) == data


@every_mall
def test_answers_change_their_cells_and_no_others(mall: Mall) -> None:
    data, answers = mall.data(), answers_of(mall)
    before, after = cells(data, mall), cells(whole(data, mall.format, answers), mall)
    title = mall.layout.columns["title"]
    changed = {
        (row, mall.names[column])
        for row, (old, new) in enumerate(zip(before, after, strict=True), start=1)
        for column, (was, now) in enumerate(zip(old, new, strict=True))
        if was != now
    }
    expected = set(_answered_places(mall, answers))
    assert changed == expected
    assert {after[row - 1][mall.names.index(title)] for row, name in changed if name == title} == {
        fields["title"] for fields in answers.values()
    }


def _answered_places(mall: Mall, answers: Answers) -> Iterator[tuple[int, str]]:
    """The first row of a unit; EC-CUBE's product columns repeat on the others."""
    for unit in read(mall.data(), mall.format)[0]:
        rows = unit.rows if mall.format == "eccube" else unit.rows[:1]
        yield from ((row, mall.layout.columns[logical]) for row in rows for logical in answers[unit.key])


def test_an_answer_for_a_variants_column_goes_into_the_first_variants_row() -> None:
    data = whole(RAKUTEN.data(), "rakuten", {"mug-01": {"price": "1450", "title": "新"}})
    assert data == RAKUTEN.data().replace(b",1500,", b",1450,").replace(
        "マグカップ　①㈱髙".encode("cp932"), "新".encode("cp932")
    )


def test_rakuten_update_file() -> None:
    answers = {"mug-01": {"catch_copy": "夜の一杯"}, "dish-02": {"title": "大皿", "description": "一\n二"}}
    assert update(RAKUTEN.data(), "rakuten", answers).decode("cp932") == lines(
        [
            ["商品管理番号（商品URL）", "商品名", "キャッチコピー", "PC用商品説明文"],
            ["mug-01", "マグカップ　①㈱髙", "夜の一杯", '"<p class=""x"">白,磁</p>"'],
            ["dish-02", "大皿", "", "<p>一<br>二</p>"],
        ]
    )


def test_rakuten_attributes_go_together_or_not_at_all() -> None:
    answers = {"mug-01": {"attribute1_value": "港"}, "dish-02": {"attribute2_value": "青"}}
    assert update(RAKUTEN.data(), "rakuten", answers).decode("cp932") == lines(
        [
            ["商品管理番号（商品URL）", "SKU管理番号", "商品属性（項目）1", "商品属性（値）1",
             "商品属性（値）2", "商品属性（項目）3", "商品属性（値）3", "商品属性（単位）3"],
            ["mug-01", "white-s", "ブランド名", "港", "", "総重量", "300", "g"],
            ["dish-02", "dish-02", "", "", "青", "", "", ""],
        ]
    )  # fmt: skip


def test_columns_are_called_as_the_import_calls_them() -> None:
    file, source = opened(YAHOO.data(), "yahoo")
    names = {source.columns["catch_copy"]: "見出し"}
    source = replace(source, updating=replace(source.updating, names=names))
    out = io.BytesIO()
    write_update(file, source, from_mapping({"dish-02": {"catch_copy": "白い"}}), out)
    assert out.getvalue().decode("cp932").splitlines()[0] == "code,path,name,price,product-category,見出し"


def test_answers_that_find_no_row_are_counted() -> None:
    rows = (RAKUTEN.rows[4],)
    file, source = opened(RAKUTEN.but(rows=rows).data(), "rakuten")
    answers = {"dish-02": {"price": "1", "title": "大皿", "seo_title": "x"}}
    written = write_update(file, source, from_mapping(answers), io.BytesIO())
    assert (written.products, written.cells) == (1, 1)
    assert written.left_out == {"price": 1, "seo_title": 1}


def test_a_unit_changed_on_two_rows_is_one_product() -> None:
    file, source = opened(RAKUTEN.data(), "rakuten")
    answers = {"mug-01": {"price": "1", "title": "大皿"}}
    written = write_whole(file, source, from_mapping(answers), io.BytesIO())
    assert (written.products, written.cells) == (1, 2)


def test_yahoo_update_file() -> None:
    answers = {"dish-02": {"catch_copy": "使いやすい", "description": "白い皿"}}
    assert update(YAHOO.data(), "yahoo", answers).decode("cp932") == lines(
        [
            ["code", "path", "name", "price", "product-category", "headline", "caption"],
            ["dish-02", "食器:皿", "小皿", "800", "2081", "使いやすい", "白い皿"],
        ]
    )


EC_KEPT = ["商品ID", "公開ステータス(ID)", "商品名", "販売種別(ID)", "規格分類1(ID)", "規格分類2(ID)",
"在庫数",
           "在庫数無制限フラグ", "販売価格"]  # fmt: skip


@pytest.mark.parametrize("mall", [ECCUBE, ECCUBE_IMPORT], ids=["export", "import"])
def test_eccube_update_file_is_one_that_its_import_takes(mall: Mall) -> None:
    answers = {"12": {"description": "軽い"}, "13": {"title": "大皿", "search_words": "皿"}}
    data = update(mall.data(), "eccube", answers).decode(mall.encoding)
    assert data == lines(
        [
            [*EC_KEPT, "商品説明(詳細)", "検索ワード"],
            ["12", "1", "マグカップ", "1", "3", "", "7", "0", "1500", "軽い", "マグ"],
            ["13", "2", "大皿", "1", "", "", "3", "0", "800", "", "皿"],
        ],
        end=mall.end,
    )
    header = next(csv.reader(io.StringIO(data)))
    assert set(header) <= set(ECCUBE_IMPORT.layout.header)


def test_eccube_columns_that_its_import_does_not_know_take_no_answer() -> None:
    answers = {"12": {"status": "廃止", "category": "x", "tags": "y", "class_id": "9"}}
    assert whole(ECCUBE.data(), "eccube", answers) == ECCUBE.data()
    assert update(ECCUBE.data(), "eccube", answers).decode("cp932") == lines([EC_KEPT])
    _file, source = opened(ECCUBE.data(), "eccube")
    assert source.answerable.isdisjoint({"status", "category", "tags", "class_id", "option1_value"})


def test_eccube_owners_reorder_and_drop_columns() -> None:
    must = [ECCUBE.layout.columns[name] for name in ECCUBE.layout.required]
    mall = ECCUBE.but(header=("商品説明(詳細)", *reversed(must), "タグ(名称)"))
    assert update(mall.data(), "eccube", {"13": {"title": "大皿"}}).decode("cp932") == lines(
        [
            [name for name in EC_KEPT if name != "在庫数"],
            ["13", "2", "大皿", "1", "", "", "0", "800"],
        ]
    )


@pytest.mark.parametrize("mall", [WOO, WOO_JAPANESE], ids=["english", "japanese"])
def test_woocommerce_update_file(mall: Mall) -> None:
    names = mall.layout.columns
    answers = {"dish": {"title": "大皿"}, "mug": {"short_description": "夜に"}}
    assert update(mall.data(), "woocommerce", answers).decode() == lines(
        [
            [names["sku"], names["title"], names["short_description"]],
            ["mug", "マグカップ", "夜に"],
            ["dish", "大皿", ""],
        ],
        end="\n",
    )


def test_amazon_update_file() -> None:
    answers = {"MUG-01": {"bullet_point1": "とても軽い"}}
    assert update(AMAZON.data(), "amazon", answers).decode("cp932") == lines(
        [
            AMAZON.above[0],
            ["ラベル2", "ラベル1", "ラベル4", "ラベル27", "ラベル30"],
            ["item_sku", "feed_product_type", "item_name", "update_delete", "bullet_point1"],
            ["MUG-01", "Kitchen", "マグカップ 白", "PartialUpdate", "とても軽い"],
        ],
        mark="\t",
    )


@pytest.mark.parametrize(
    ("mall", "encoding", "text", "missing"),
    [
        (RAKUTEN, "cp932", "絵文字😀", "😀"),
        (YAHOO, "euc_jp", "①の皿～", "①～"),
        (ECCUBE, "cp932", "é", "é"),
        (AMAZON, "cp932", "—", "—"),
    ],
)
def test_text_that_the_encoding_lacks_is_named(mall: Mall, encoding: str, text: str, missing: str) -> None:
    data = mall.but(encoding=encoding).data()
    unit = read(data, mall.format)[0][-1]
    for write in (whole, update):
        with pytest.raises(NotEncodable) as caught:
            write(data, mall.format, {unit.key: {"title": text}})
        (place,) = caught.value.places
        assert (place.key, place.row, place.column) == (
            unit.key, unit.first_row, mall.layout.columns["title"],
        )  # fmt: skip
        assert place.characters == tuple(missing)
