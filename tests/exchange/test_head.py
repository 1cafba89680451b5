"""Where the header of a table stands, and that what stands above it is kept."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import FileRefused, RowRefusal
from exchange.head import HEAD_FILLED, guess, is_filled
from exchange.inspection import guess_reading, inspect_table
from exchange.opening import iter_units, opened, recognise
from exchange.table import Column, Role, Table
from exchange.tablefile import Reading
from tests.exchange.tables import HEADER, ROWS, shop_table, table
from tests.exchange.test_table import units, update, whole

TITLES = "商品マスタ 2026年11月\r\n\r\n出力日,2026/11/24\r\n"
ANSWERS = {"A-001": {"description": "杉の椅子\n軽い"}, "A-003": {"note": "新,備考"}}


def titled(titles: str = TITLES, *, encoding: str = "cp932", mark: str = ",") -> bytes:
    return titles.encode(encoding) + shop_table(encoding=encoding, mark=mark)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("コード,商品名\n1,椅子\n", 1),
        ("商品マスタ 2026年11月\n\nコード,商品名,価格\n1,椅子,100\n", 3),
        ("商品マスタ,,\n出力日,2026/11/24,\n,,\nコード,商品名,価格\n1,椅子,100\n", 4),
        ("担当,山田\nコード,商品名,価格\nA-1,椅子,杉\n", 2),
        ("基本,,,価格,\nコード,商品名,色,定価,売価\nA-1,椅子,白,100,90\n", 2),
        ("コード,,商品名,色\nA-1,x,椅子,白\nA-2,y,机,黒\n", 1),
        ("1,2\n3,4\n", 1),
        ("ひとつ\nだけ\n", 1),
        ("コード,商品名\n", 1),
        (",,\n,,\nコード,商品名,価格\n", 3),
    ],
)
def test_the_header_is_the_first_row_that_looks_like_one(text: str, row: int) -> None:
    rows = [(number, line.split(",")) for number, line in enumerate(text.splitlines(), start=1)]
    assert guess([(number, cells) for number, cells in rows if is_filled(cells)]) == row


@given(
    st.lists(
        st.lists(st.text(alphabet="a1 商¥,", max_size=3), min_size=1, max_size=4).filter(
            lambda cells: any(cell.strip() for cell in cells)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_some_row_is_always_the_header(rows: list[list[str]]) -> None:
    assert guess(list(enumerate(rows, start=3))) in range(3, 3 + len(rows))


@pytest.mark.parametrize(("kind", "mark"), [("csv", ","), ("tsv", "\t")])
def test_how_a_titled_table_is_written_is_found_out(kind: str, mark: str) -> None:
    file = io.BytesIO(titled("商品マスタ\r\n\r\n", mark=mark))
    assert guess_reading(file) == Reading(kind, "cp932")
    assert recognise(file) == "table"
    found = inspect_table(file).as_json()
    assert (found["header"], found["header_row"], found["data_rows"]) == (list(HEADER), 3, 3)
    assert found["above"] == [{"row": 1, "cells": ["商品マスタ"]}]
    assert found["preview"][0]["row"] == 4
    assert found["columns"][1]["samples"] == [row[1] for row in ROWS]


def test_a_person_may_name_the_row() -> None:
    data = io.BytesIO("全商品,一覧\nコード,商品名\n1,椅子\n".encode())
    assert inspect_table(data).header == ("全商品", "一覧")
    found = inspect_table(data, reading=Reading("csv", header_row=2))
    assert (found.header, found.header_row, found.above) == (
        ("コード", "商品名"),
        2,
        [(1, ["全商品", "一覧"])],
    )
    for wrong in (4, 999):
        with pytest.raises(FileRefused) as caught:
            inspect_table(data, reading=Reading("csv", header_row=wrong))
        assert caught.value.code == "header_row_wrong"
        assert str(wrong) in caught.value.message


def test_titles_are_kept_byte_for_byte_and_an_update_file_begins_with_the_header() -> None:
    data = titled()
    answered = whole(data, table(), ANSWERS)
    assert answered == TITLES.encode("cp932") + whole(shop_table(), table(), ANSWERS)
    assert update(data, table(), ANSWERS) == update(shop_table(), table(), ANSWERS)
    marked = b"\xef\xbb\xbf" + titled(encoding="utf-8")
    assert whole(marked, table(encoding="utf-8"), {}) == marked


def test_the_header_is_found_again_under_other_titles() -> None:
    mapping = replace(table(), header_row=4)
    for titles in ("", "12月\r\n", "\r\n" * 5 + "一行目\r\n二行目,と\r\n"):
        found, refusals = units(titled(titles), mapping)
        assert ([unit.key for unit in found], refusals) == ([row[0] for row in ROWS], [])


def test_the_named_row_is_taken_where_the_header_comes_twice() -> None:
    data = shop_table([HEADER, *ROWS])
    first, _refusals = units(data, table())
    assert [unit.first_row for unit in first] == [2, 3, 4, 5]
    second, _refusals = units(data, replace(table(), header_row=2))
    assert [unit.first_row for unit in second] == [3, 4, 5]


def test_refusals_name_the_rows_of_the_file() -> None:
    data = titled() + b"A-9,x\r\n"
    _found, refusals = units(data, table())
    assert [(one.row, one.code) for one in refusals] == [(8, "cells_wrong_number")]


def test_a_changed_header_is_named_where_it_stands_now() -> None:
    data = titled().replace("素材".encode("cp932"), "材料".encode("cp932"))
    with pytest.raises(FileRefused) as caught, opened(io.BytesIO(data), "table", table()):
        pass
    assert (caught.value.code, caught.value.row, caught.value.column) == ("header_changed", 4, "8")


def test_text_of_another_encoding_under_a_title_is_named() -> None:
    with pytest.raises(FileRefused) as caught:
        inspect_table(io.BytesIO(titled("Products\r\n")), reading=Reading("csv", "utf-8"))
    assert (caught.value.code, caught.value.row) == ("encoding_not_utf8", 2)


def test_only_the_first_rows_are_searched() -> None:
    columns = (Column(0, "k", frozenset({Role.KEY})), Column(1, "v", frozenset({Role.FILL}), "v"))
    mapping = Table("csv", "utf-8", ("k", "v"), columns)
    far = "\n".join([f"x{n},y" for n in range(HEAD_FILLED)] + ["k,v", "1,2"])
    with pytest.raises(FileRefused) as caught, opened(io.BytesIO(far.encode()), "table", mapping):
        pass
    assert caught.value.code == "header_changed"
    near = "\n".join([f"x{n},y" for n in range(HEAD_FILLED - 1)] + ["k,v", "1,2"])
    with opened(io.BytesIO(near.encode()), "table", mapping) as found:
        assert [unit.key for unit in iter_units(found.file, found.source, on_refusal=refuse)] == ["1"]


def refuse(refusal: RowRefusal) -> None:
    raise AssertionError(refusal)
