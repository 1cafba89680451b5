"""What a file is taken for, and what it is not."""

import io
import random

import pytest

from exchange.errors import FileRefused
from exchange.layout import product_layouts
from exchange.opening import recognise
from exchange.recognition import Recognised, identify
from tests.exchange.mallfiles import (
    ECCUBE,
    ECCUBE_IMPORT,
    MALLS,
    RAKUTEN,
    WOO,
    WOO_JAPANESE,
    YAHOO,
    Mall,
    opened,
    read,
    whole,
)

every_mall = pytest.mark.parametrize("mall", MALLS.values(), ids=MALLS)


def recognised(data: bytes) -> Recognised | None:
    return identify(io.BytesIO(data))


def refusal(data: bytes, format: str) -> tuple[str, str]:
    with pytest.raises(FileRefused) as caught:
        read(data, format)
    assert caught.value.message
    return caught.value.code, caught.value.column


@every_mall
@pytest.mark.parametrize("quoted", [False, True])
def test_files_are_recognised_with_dialect_and_encoding(mall: Mall, quoted: bool) -> None:
    data = mall.but(quoted=quoted).data()
    assert recognised(data) == (mall.format, mall.dialect, mall.encoding)
    assert recognise(io.BytesIO(data)) == mall.format


@every_mall
def test_columns_may_be_moved_dropped_and_added(mall: Mall) -> None:
    layout = mall.layout
    must = {layout.columns[name] for name in (*layout.required, *layout.key, *layout.kept)}
    some = [name for name in layout.header if name in must or name in layout.marks]
    random.Random(7).shuffle(some)
    small = mall.but(header=tuple(some), extra=("自社メモ", "自社メモ", "")).data()
    assert recognised(small) == (mall.format, mall.dialect, mall.encoding)
    units, _refused = read(small, mall.format)
    assert [unit.key for unit in units] == [unit.key for unit in read(mall.data(), mall.format)[0]]
    assert whole(small, mall.format, {}) == small


@every_mall
def test_a_required_column_that_is_missing_is_named(mall: Mall) -> None:
    for logical in (*mall.layout.required, *mall.layout.key[-1:]):
        gone = {mall.layout.columns[logical]}
        gone |= {mall.layout.columns[name] for name in mall.layout.key if logical in mall.layout.key}
        data = mall.but(header=tuple(name for name in mall.layout.header if name not in gone)).data()
        found = recognised(data)
        assert found is not None
        assert found.format == mall.format
        code, column = refusal(data, mall.format)
        assert code == "header_missing"
        assert column in gone


@every_mall
def test_a_column_that_stands_there_twice_is_named(mall: Mall) -> None:
    name = mall.layout.columns["title"]
    assert refusal(mall.but(extra=(name,)).data(), mall.format) == ("header_doubled", name)


TABLES = {
    "code-name-price": "code,name,price\r\nmug,マグ,1500\r\n",
    "with a path": "path,code,name,price,jan,stock\r\n食器,mug,マグ,1500,49,1\r\n",
    "own list": "商品ID,商品名,商品コード,在庫数,販売価格\r\n1,マグ,M,7,1500\r\n",
    "key of a mall": "商品管理番号（商品URL）,商品名,JAN,自社メモ\r\nmug,マグ,49,\r\n",
    "skus": "SKU,Name,Type,Published,Stock,Images\r\nM,マグ,simple,1,7,\r\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_a_table_of_the_shops_own_remains_a_table(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert recognised(data) is None
    assert recognise(io.BytesIO(data)) == "table"


def test_a_table_with_columns_of_two_malls_is_neither() -> None:
    names = [*product_layouts("rakuten")[0].header[:30], *product_layouts("yahoo")[0].header]
    data = ",".join(names).encode("cp932") + b"\r\n" + b"x," * (len(names) - 1) + b"x\r\n"
    assert recognised(data) is None
    assert recognise(io.BytesIO(data)) == "table"


@pytest.mark.parametrize("mall", [RAKUTEN, YAHOO], ids=["rakuten", "yahoo"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_saved_as_utf8_is_no_longer_the_malls(mall: Mall, encoding: str) -> None:
    data = mall.but(encoding=encoding).data()
    assert recognised(data) is None
    assert recognise(io.BytesIO(data)) == "table"
    code, _column = refusal(data, mall.format)
    assert code in ("encoding_of_another", "header_missing", "encoding_not_cp932")


@pytest.mark.parametrize("mall", [WOO, WOO_JAPANESE], ids=["english", "japanese"])
def test_a_woocommerce_file_saved_as_cp932_is_refused(mall: Mall) -> None:
    data = mall.but(encoding="cp932").data()
    assert recognised(data) is None or mall is WOO
    assert refusal(data, "woocommerce")[0] == "encoding_not_utf8"


def test_yahoo_files_may_be_euc_jp() -> None:
    data = YAHOO.but(encoding="euc_jp").data()
    assert recognised(data) == ("yahoo", "item-data", "euc_jp")
    assert [unit.title for unit in read(data, "yahoo")[0]] == ["マグカップ 白", "小皿"]
    changed = whole(data, "yahoo", {"dish-02": {"title": "大皿"}})
    assert changed == data.replace("小皿".encode("euc_jp"), "大皿".encode("euc_jp"))


def test_a_file_of_ascii_alone_has_the_malls_usual_encoding() -> None:
    rows = tuple(dict.fromkeys(row, "1") | {"code": str(n)} for n, row in enumerate(YAHOO.rows))
    assert recognised(YAHOO.but(rows=rows).data()) == ("yahoo", "item-data", "cp932")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("mall", [ECCUBE, ECCUBE_IMPORT], ids=["export", "import"])
def test_eccube_files_may_be_of_either_encoding(mall: Mall, encoding: str) -> None:
    data = mall.but(encoding=encoding).data()
    _file, source = opened(data, "eccube")
    assert (source.style.encoding, source.bom) == (encoding.removesuffix("-sig"), encoding.endswith("sig"))
    assert [unit.key for unit in read(data, "eccube")[0]] == ["12", "13"]


@pytest.mark.parametrize(("mall", "code"), [(ECCUBE, "cp932"), (YAHOO, "cp932"), (WOO, "utf8")])
def test_a_damaged_byte_is_refused_where_it_is(mall: Mall, code: str) -> None:
    # 0x81 opens a character of two bytes, and no line end is a second one.
    data = mall.data() + b"\x81" + mall.end.encode()
    assert refusal(data, mall.format)[0] == f"encoding_not_{code}"
