"""Mapped tables: what is read from them, and that every byte but the answered cells comes back."""

import io
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import FileRefused, RowRefusal
from exchange.inspection import guess_reading, inspect_table
from exchange.merge import NotEncodable, from_mapping, iter_changes, write_update, write_whole
from exchange.opening import iter_units, recognise
from exchange.products import Product
from exchange.table import Column, Role, Table
from exchange.tablefile import Reading
from tests.exchange.shopfiles import CURRENT, simple_file
from tests.exchange.tables import HEADER, ROWS, opened, shop_table, table

ANSWERS = {"A-001": {"description": "杉の椅子\n軽い"}, "A-003": {"note": "新,備考", "title": 'た"な'}}


def units(data: bytes, mapping: Table) -> tuple[list[Product], list[RowRefusal]]:
    refusals: list[RowRefusal] = []
    file, source = opened(data, mapping)
    return list(iter_units(file, source, on_refusal=refusals.append)), refusals


def whole(data: bytes, mapping: Table, answers: dict[str, dict[str, str]]) -> bytes:
    file, source = opened(data, mapping)
    out = io.BytesIO()
    write_whole(file, source, from_mapping(answers), out)
    return out.getvalue()


def update(data: bytes, mapping: Table, answers: dict[str, dict[str, str]]) -> bytes:
    file, source = opened(data, mapping)
    out = io.BytesIO()
    write_update(file, source, from_mapping(answers), out)
    return out.getvalue()


def test_no_second_byte_of_cp932_is_a_mark() -> None:
    """Why marks may be looked for in bytes."""
    second = set()
    for first in range(256):
        for byte in range(256):
            try:
                text = bytes([first, byte]).decode("cp932")
            except UnicodeDecodeError:
                continue
            if len(text) == 1:
                second.add(byte)
    assert second
    assert second.isdisjoint(b',"\r\n\t')
    assert 0x5C in second  # the test would see one: 表 ends with a backslash


@pytest.mark.parametrize(("kind", "mark"), [("csv", ","), ("tsv", "\t")])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_the_shops_list_is_read_by_its_mapping(kind: str, mark: str, encoding: str) -> None:
    found, refusals = units(shop_table(encoding=encoding, mark=mark), table(kind, encoding))
    assert refusals == []
    assert [(unit.key, unit.title) for unit in found] == [(row[0], row[1]) for row in ROWS]
    assert [unit.values for unit in found] == [
        {"title": row[1], "description": row[9], "note": row[10]} for row in ROWS
    ]
    assert [unit.shown for unit in found] == [[(6, row[6])] for row in ROWS]


def test_the_whole_file_differs_in_the_answered_cells_alone() -> None:
    rows = [list(row) for row in ROWS]
    rows[0][9], rows[2][10], rows[2][1] = "杉の椅子\n軽い", "新,備考", 'た"な'
    assert whole(shop_table(), table(), ANSWERS) == shop_table([tuple(row) for row in rows])


def test_an_update_file_has_key_and_changed_columns_of_changed_rows() -> None:
    expected = (
        "商品コード,商品名,備考,商品説明,備考\r\n"
        'A-001,丸椅子,倉庫A,"杉の椅子\n軽い",\r\nA-003,"た""な",①②,,"新,備考"\r\n'
    )
    assert update(shop_table(), table(), ANSWERS) == expected.encode("cp932")


def test_an_update_file_of_a_tsv_has_tabs_and_marks_the_cells_that_hold_one() -> None:
    found = update(shop_table(mark="\t"), table("tsv"), {"A-001": {"note": "a\tb"}})
    assert found == '商品コード\t備考\t備考\r\nA-001\t倉庫A\t"a\tb"\r\n'.encode("cp932")


def test_characters_that_do_not_fit_are_named_and_nothing_is_written() -> None:
    file, source = opened(shop_table(), table())
    answers = from_mapping({"A-001": {"description": "椅子😀と𠮷"}, "A-003": {"note": "é"}})
    for write in (write_whole, write_update):
        out = io.BytesIO()
        with pytest.raises(NotEncodable) as caught:
            write(file, source, answers, out)
        assert out.getvalue() == b""
        assert [tuple(place) for place in caught.value.places] == [
            ("A-001", 2, "商品説明", 10, ("😀", "𠮷")),
            ("A-003", 4, "備考", 11, ("é",)),
        ]
        assert caught.value.total == 2


def test_at_most_1000_places_are_named_and_all_are_counted() -> None:
    rows = [(f"K{n}", *[""] * 11) for n in range(1_200)]
    file, source = opened(shop_table(rows), table())
    answers = from_mapping({f"K{n}": {"note": "😀"} for n in range(1_200)})
    with pytest.raises(NotEncodable) as caught:
        write_whole(file, source, answers, io.BytesIO())
    assert (len(caught.value.places), caught.value.total) == (1_000, 1_200)


def test_a_key_names_one_row_unless_rows_belong_together() -> None:
    again = ("A-001", *ROWS[1][1:])
    found, refusals = units(shop_table([ROWS[0], again, ROWS[2]]), table())
    assert [unit.rows for unit in found] == [[2], [4]]
    assert [(one.code, one.params) for one in refusals] == [
        ("key_doubled", {"handle": "A-001", "first_row": 2})
    ]
    found, refusals = units(shop_table([ROWS[0], again, ROWS[2]]), table(together=True))
    assert refusals == []
    assert [len(unit.rows) for unit in found] == [2, 1]
    found, refusals = units(shop_table([ROWS[0], ROWS[2], again]), table(together=True))
    assert [one.code for one in refusals] == ["key_split"]


def test_rows_without_a_key_and_short_rows_are_refused_by_row() -> None:
    data = shop_table([("", *ROWS[0][1:]), ROWS[1]]) + b"A-9,x\r\n"
    found, refusals = units(data, table())
    assert [unit.key for unit in found] == ["A-002"]
    assert [(one.code, one.column) for one in refusals] == [
        ("key_missing", "商品コード"),
        ("cells_wrong_number", ""),
    ]


def test_another_header_is_refused_with_the_first_column_that_differs() -> None:
    data = shop_table().replace("素材".encode("cp932"), "材料".encode("cp932"))
    with pytest.raises(FileRefused) as caught:
        opened(data, table())
    assert (caught.value.code, caught.value.column) == ("header_changed", "8")
    assert caught.value.params == {"found": "材料", "expected": "素材"}


def test_text_of_another_encoding_is_refused_by_row_and_column() -> None:
    data = shop_table() + b"A-9," + b"\x81" + b",,,,,,,,,,\r\n"
    file, source = opened(data, table())
    with pytest.raises(FileRefused) as caught:
        list(iter_units(file, source, on_refusal=lambda _one: None))
    assert (caught.value.code, caught.value.column) == ("encoding_not_cp932", "商品名")


def test_how_a_table_is_written_is_found_out() -> None:
    assert guess_reading(io.BytesIO(shop_table())) == Reading("csv", "cp932")
    assert guess_reading(io.BytesIO(shop_table(mark="\t"))) == Reading("tsv", "cp932")
    assert guess_reading(io.BytesIO(b"\xef\xbb\xbf" + shop_table(encoding="utf-8"))) == Reading("csv")


def test_a_first_look_tells_what_the_columns_hold() -> None:
    found = inspect_table(io.BytesIO(shop_table())).as_json()
    assert (found["header"], found["data_rows"]) == (list(HEADER), 3)
    assert [column["filled"] for column in found["columns"]] == [3, 3, 3, 2, 3, 3, 2, 2, 2, 1, 2, 2]
    unique = [column["header"] for column in found["columns"] if column["unique"]]
    assert unique == ["商品コード", "商品名", "カナ", "定価", "在庫"]
    assert found["preview"][0] == {"row": 2, "cells": list(ROWS[0])}


def test_a_value_that_comes_twice_is_named_with_its_rows() -> None:
    found = inspect_table(io.BytesIO(b"k,v\na,1\nb,2\na,3\n")).as_json()
    assert found["columns"][0]["doubled"] == [2, 4, "a"]
    assert found["columns"][1]["unique"]


def test_exports_and_tables_are_told_apart() -> None:
    assert recognise(io.BytesIO(simple_file({"handle": "a", "title": "b"}, layout=CURRENT))) == "shopify"
    assert recognise(io.BytesIO(shop_table())) == "table"
    assert recognise(io.BytesIO(b"only one column\n1\n")) == "shopify"
    assert recognise(io.BytesIO(b"%PDF-1.7")) == "shopify"


# Whatever the file, and whatever stands above its header: only answered cells differ


@dataclass
class Made:
    mapping: Table
    rows: list[list[bytes]]
    data: bytes
    spans: list[list[tuple[int, int]]]


_TEXT = st.text(alphabet='aB,"\t\r\n 表ソ商品ー①～ｱ;', max_size=6)


@st.composite
def made_tables(draw: st.DrawFn) -> Made:
    kind, mark = draw(st.sampled_from([("csv", b","), ("tsv", b"\t")]))
    encoding = draw(st.sampled_from(["cp932", "utf-8"]))
    end = draw(st.sampled_from([b"\r\n", b"\n"]))
    names = ["鍵", "同じ", "同じ", draw(_TEXT.filter(str.strip))]
    keys = draw(
        st.lists(st.text(alphabet="k表012", min_size=1, max_size=4), unique=True, min_size=1, max_size=5)
    )
    lines = [names, *([key, *(draw(_TEXT) for _ in range(3))] for key in keys)]
    data = b"\xef\xbb\xbf" if encoding == "utf-8" and draw(st.booleans()) else b""
    for title in draw(st.lists(st.lists(_TEXT, max_size=3), max_size=3)):
        data += mark.join(_written(text, encoding, mark, force=draw(st.booleans())) for text in title) + end
    spans, rows = [], []
    for number, line in enumerate(lines):
        raw = [_written(text, encoding, mark, force=draw(st.booleans())) for text in line]
        places = []
        for at, one in enumerate(raw):
            data += mark if at else b""
            places.append((len(data), len(data) + len(one)))
            data += one
        data += b"" if number == len(lines) - 1 and draw(st.booleans()) else end
        spans.append(places)
        rows.append(raw)
    columns = (
        Column(0, names[0], frozenset({Role.KEY})),
        Column(1, names[1], frozenset({Role.FILL}), "first"),
        Column(2, names[2], frozenset({Role.FILL}), "second"),
    )
    return Made(Table(kind, encoding, tuple(names), columns), rows, data, spans)


def _written(text: str, encoding: str, mark: bytes, *, force: bool) -> bytes:
    raw = text.encode(encoding)
    needs = force or mark in raw or any(one in raw for one in (b'"', b"\r", b"\n"))
    return b'"' + raw.replace(b'"', b'""') + b'"' if needs else raw


@given(made=made_tables(), data=st.data())
def test_only_the_answered_cells_of_any_table_differ(made: Made, data: st.DataObject) -> None:
    encoding = made.mapping.encoding
    keys = [raw[0].strip(b'"').decode(encoding) for raw in made.rows[1:]]
    answers = {
        key: data.draw(st.dictionaries(st.sampled_from(["first", "second"]), _TEXT.filter(bool)))
        for key in data.draw(st.lists(st.sampled_from(keys), unique=True))
    }
    file, source = opened(made.data, made.mapping)
    changed = {(one.row, one.logical): one for one in iter_changes(file, source, from_mapping(answers))}
    out = whole(made.data, made.mapping, answers)
    # Cut the answered cells out of both: all the rest is the same bytes.
    again, source_again = opened(out, made.mapping)
    after = {unit.key: unit for unit in iter_units(again, source_again, on_refusal=_never)}
    rest, position = b"", 0
    for number, key in enumerate(keys, start=1):
        for column, logical in ((1, "first"), (2, "second")):
            answer = answers.get(key, {}).get(logical)
            start, end = made.spans[number][column]
            if answer is not None and any(one[1] == logical and changed[one].key == key for one in changed):
                rest += made.data[position:start] + _expected(
                    made.rows[number][column], answer, encoding, made
                )
                position = end
                assert after[key].values[logical] == answer
    assert out == rest + made.data[position:]


def _expected(before: bytes, answer: str, encoding: str, made: Made) -> bytes:
    mark = b"," if made.mapping.kind == "csv" else b"\t"
    force = before[:1] == b'"' or answer != answer.strip()
    return _written(answer, encoding, mark, force=force)


def _never(refusal: RowRefusal) -> None:
    raise AssertionError(refusal)
