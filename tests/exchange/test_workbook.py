"""Workbooks: read through a sheet, and written back cell by cell."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from exchange.csvbytes import LIMITS
from exchange.errors import FileRefused, RowRefusal
from exchange.inspection import guess_reading, inspect_table
from exchange.merge import from_mapping, write_update, write_whole
from exchange.opening import iter_units, opened, recognise
from exchange.products import Product
from exchange.table import Column, Role, Table
from exchange.tablefile import Reading
from exchange.workbook_writing import CELL_CHARS

HEADER = ("コード", "品名", "価格", "発売日", "説明")
DAY = datetime(2026, 10, 1)  # noqa: DTZ001  # a workbook knows no time zones
PART = "xl/worksheets/sheet1.xml"


def mapping(header: tuple[str, ...] = HEADER, sheet: str = "") -> Table:
    fill = frozenset({Role.FILL})
    columns = (
        Column(0, header[0], frozenset({Role.KEY})),
        Column(1, header[1], frozenset({Role.TITLE, Role.FILL}), "title"),
        Column(2, header[2], fill, "price"),
        Column(3, header[3], fill, "day"),
        Column(4, header[4], fill, "text"),
    )
    return Table("xlsx", "utf-8", header, columns, sheet=sheet)


def book(change: Callable[[Any], None] = lambda _book: None) -> bytes:
    """A shop's workbook: bold header, a blank row, a cell of every kind, a second sheet, a rule."""
    made = Workbook()
    page = made.active
    page.title = "商品"
    page.append(HEADER)
    for cell in page[1]:
        cell.font = Font(bold=True)
    page.append([1001, "丸椅子", 4800, DAY, None])
    page.append([1002, "Ⅱ型 机 <特価> & 棚", 12800.5, DAY, "旧：\n引出し付"])
    page.append([])
    page.append([1003, "=ではじまらない", None, None, "  空白  "])
    page["B5"].data_type = "s"
    page["A2"].font = Font(italic=True)
    page.conditional_formatting.add("C2:C9", _rule())
    made.create_sheet("メモ").append(["ここは", "別の表"])
    change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _rule() -> Any:
    from openpyxl.formatting.rule import CellIsRule

    return CellIsRule(operator="lessThan", formula=["0"], font=Font(color="FF0000"))


def units(data: bytes, table: Table | None = None) -> tuple[list[Product], list[RowRefusal]]:
    refusals: list[RowRefusal] = []
    with opened(io.BytesIO(data), "table", table or mapping()) as found:
        return list(iter_units(found.file, found.source, on_refusal=refusals.append)), refusals


def written(write: Any, data: bytes, answers: dict[str, dict[str, str]], table: Table | None = None) -> bytes:
    out = io.BytesIO()
    with opened(io.BytesIO(data), "table", table or mapping()) as found:
        write(found.file, found.source, from_mapping(answers), out)
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def values(data: bytes, sheet: int = 0) -> list[list[Any]]:
    return [list(row) for row in load_workbook(io.BytesIO(data)).worksheets[sheet].values]


def with_sheet(data: bytes, change: Callable[[str], str]) -> bytes:
    """The workbook with its first sheet's XML changed by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts(data).items():
            made.writestr(name, change(content.decode()).encode() if name == PART else content)
    return out.getvalue()


def test_cells_are_read_as_people_see_them_and_rows_keep_their_numbers() -> None:
    found, refusals = units(book())
    assert refusals == []
    assert [(unit.key, unit.rows) for unit in found] == [("1001", [2]), ("1002", [3]), ("1003", [5])]
    assert found[0].values == {"title": "丸椅子", "price": "4800", "day": "2026-10-01", "text": ""}
    assert found[1].values["price"] == "12800.5"
    assert found[1].values["text"] == "旧：\n引出し付"
    assert found[2].values == {"title": "=ではじまらない", "price": "", "day": "", "text": "  空白  "}


def test_furigana_is_no_part_of_a_text() -> None:
    def ruby(xml: str) -> str:
        text = '<is><t>丸椅子</t><rPh sb="0" eb="3"><t>マルイス</t></rPh></is>'
        return re.sub(r'<c r="B2"[^>]*>.*?</c>', f'<c r="B2" t="inlineStr">{text}</c>', xml)

    assert units(with_sheet(book(), ruby))[0][0].title == "丸椅子"


def test_nothing_answered_gives_the_same_bytes() -> None:
    data = book()
    assert written(write_whole, data, {}) == data
    assert written(write_whole, data, {"1001": {"title": "丸椅子", "price": "4800"}}) == data


def test_only_the_answered_cells_change() -> None:
    data = book()
    answers = {
        "1001": {"text": '杉の椅子 <b> & "引用"', "price": "5200"},
        "1003": {"price": "300", "day": "2026-12-24", "text": "=1+1"},
    }
    out = written(write_whole, data, answers)
    expected = values(data)
    expected[1][2], expected[1][4] = 5200, '杉の椅子 <b> & "引用"'
    expected[4][2:] = [300, datetime(2026, 12, 24), "=1+1"]  # noqa: DTZ001
    assert values(out) == expected
    # A text, not a formula.
    assert load_workbook(io.BytesIO(out)).worksheets[0]["E5"].data_type == "s"
    before, after = parts(data), parts(out)
    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} <= {PART, "xl/workbook.xml"}
    changed = {"E2", "C2", "C5", "D5", "E5"}
    assert _without(before[PART], changed) == _without(after[PART], changed)
    # A cell that was not there looks like its column.
    look = load_workbook(io.BytesIO(out)).worksheets[0]
    assert look["D5"].number_format == look["D3"].number_format != "General"


def _without(xml: bytes, cells: set[str]) -> str:
    names = "|".join(cells)
    return re.sub(rf'<c r="(?:{names})"[^>]*?(?:/>|>.*?</c>)', "", xml.decode(), flags=re.DOTALL)


def test_the_update_file_has_the_key_and_what_changed() -> None:
    answers = {"1001": {"price": "5200"}, "1003": {"text": "新"}}
    assert values(written(write_update, book(), answers)) == [
        ["コード", "価格", "説明"],
        [1001, 5200, None],
        [1003, None, "新"],
    ]


def test_a_number_is_one_only_where_it_reads_back_the_same() -> None:
    answers = {"1001": {"price": "0480", "title": "1,000"}, "1002": {"price": "1234567890123456"}}
    page = load_workbook(io.BytesIO(written(write_whole, book(), answers))).worksheets[0]
    assert [page[name].value for name in ("C2", "B2", "C3")] == ["0480", "1,000", "1234567890123456"]


def test_a_formula_is_never_overwritten() -> None:
    data = book(lambda made: made.active.__setitem__("C3", "=C2*2"))
    found, refusals = units(data)
    assert [unit.key for unit in found] == ["1001", "1003"]
    assert [(one.row, one.column, one.code) for one in refusals] == [(3, "価格", "cell_formula")]
    out = parts(written(write_whole, data, {"1001": {"price": "1"}, "1002": {"price": "9"}}))
    assert b"<f>C2*2</f>" in out[PART]
    # What the formula shows is old now.
    assert b"fullCalcOnLoad" in out["xl/workbook.xml"]


def test_a_formula_in_a_column_that_nobody_fills_does_no_harm() -> None:
    table = mapping()
    read_only = Table(table.kind, table.encoding, table.header, (table.columns[0], table.columns[1]))
    found, refusals = units(book(lambda made: made.active.__setitem__("C3", "=C2*2")), read_only)
    assert (len(found), refusals) == (3, [])


def test_another_sheet_by_its_name() -> None:
    found = inspect_table(io.BytesIO(book()), reading=Reading("xlsx", sheet="メモ"))
    assert (found.sheets, found.header, found.rows) == (("商品", "メモ"), ("ここは", "別の表"), 0)
    with pytest.raises(FileRefused) as caught:
        inspect_table(io.BytesIO(book()), reading=Reading("xlsx", sheet="ない"))
    assert (caught.value.code, caught.value.params) == ("sheet_missing", {"sheet": "ない"})


def test_it_is_recognised_and_its_first_sheet_looked_at() -> None:
    file = io.BytesIO(book())
    assert recognise(file) == "table"
    assert guess_reading(file) == Reading("xlsx", sheet="商品")
    found = inspect_table(file)
    assert (found.header, found.rows, found.preview[2][0]) == (HEADER, 3, 5)
    assert found.as_json()["columns"][0]["unique"]


@pytest.mark.parametrize("style", ["prefixed", "without references", "self-closed cells"])
def test_other_programs_spell_the_same_sheet_otherwise(style: str) -> None:
    def respelt(xml: str) -> str:
        if style == "prefixed":
            xml = re.sub(r"<(/?)([a-zA-Z])", r"<\1x:\2", xml).replace("xmlns=", "xmlns:x=")
            return re.sub(r"<x:\?", "<?", xml)
        if style == "without references":
            return re.sub(r'<(c|row) r="[A-Z0-9]+"', r"<\1", xml.replace('<row r="5"', "<row></row><row"))
        return xml.replace("</row>", '<c r="F9"/></row>', 1).replace('r="F9"', 'r="F2" s="1"')

    data = with_sheet(book(), respelt)
    if style == "without references":
        data = with_sheet(data, lambda xml: xml.replace("<row></row><row", "<row/><row"))
    out = written(write_whole, data, {"1002": {"title": "机"}, "1003": {"day": "2026-01-02"}})
    expected = values(data)
    expected[2][1], expected[4][3] = "机", datetime(2026, 1, 2)  # noqa: DTZ001
    assert values(out) == expected


def test_a_text_that_no_cell_holds_is_refused_before_anything_is_written() -> None:
    out = io.BytesIO()
    answers = from_mapping({"1002": {"text": "あ" * (CELL_CHARS + 1)}})
    with opened(io.BytesIO(book()), "table", mapping()) as found:  # noqa: SIM117
        with pytest.raises(FileRefused) as caught:
            write_whole(found.file, found.source, answers, out)
    assert (caught.value.code, caught.value.row, caught.value.column) == ("cell_too_long_workbook", 3, "説明")
    assert out.getvalue() == b""


def test_another_header_is_refused() -> None:
    with pytest.raises(FileRefused) as caught:
        units(book(lambda made: made.active.__setitem__("B1", "名称")))
    assert caught.value.code == "header_changed"


def _bomb(name: str, size: int) -> bytes:
    out = io.BytesIO(book())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed, packed.open(name, "w") as part:
        for _n in range(size // 1_000_000):
            part.write(b" " * 1_000_000)
    return out.getvalue()


def _entities(xml: str) -> str:
    return xml.replace("<worksheet", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet', 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (_bomb("xl/media/image1.png", 70_000_000), "workbook_too_big"),
        (with_sheet(book(), _entities), "workbook_damaged"),
        (with_sheet(book(), lambda xml: xml.replace("</row>", "", 1)), "workbook_damaged"),
        (with_sheet(book(), lambda _xml: ""), "workbook_damaged"),
        (b"PK\x03\x04 not a workbook", "workbook_damaged"),
        (book()[:-200], "workbook_damaged"),
    ],
)
def test_hostile_and_damaged_workbooks(data: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as caught:
        units(data)
    assert caught.value.code == code


def test_a_cell_at_the_far_end_costs_nothing() -> None:
    with pytest.raises(FileRefused) as caught:
        units(book(lambda made: made.active.__setitem__("XFD1048576", "x")))
    assert caught.value.code == "too_many_rows"
    with pytest.raises(FileRefused) as wide:
        units(book(lambda made: made.active.__setitem__("XFD3", "x")))
    assert wide.value.code == "too_many_columns"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=5))
def test_damaged_bytes_are_refused_or_read(damage: list[tuple[float, int]]) -> None:
    good = bytearray(book())
    for place, byte in damage:
        good[int(place * len(good))] = byte
    file = io.BytesIO(bytes(good))
    try:
        recognise(file)
        inspect_table(file, limits=LIMITS)
        units(bytes(good))
    except FileRefused:
        return


_TEXTS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), max_size=8
)
_LONGER = st.one_of(
    _TEXTS, st.sampled_from(["_x000D_", "a\nb", "12", "=1", "2026-01-01", " x ", "<&>", "0.10"])
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(_LONGER, min_size=4, max_size=4), min_size=1, max_size=6),
    answers=st.dictionaries(st.integers(0, 5), st.dictionaries(st.sampled_from(["title", "text"]), _LONGER)),
)
def test_what_is_written_reads_back(rows: list[list[str]], answers: dict[int, dict[str, str]]) -> None:
    made = Workbook()
    made.active.append(HEADER)
    for number, row in enumerate(rows):
        made.active.append([f"K{number}", *(f"'{text}" if text.startswith("=") else text for text in row)])
    kept = io.BytesIO()
    made.save(kept)
    before, _none = units(kept.getvalue())
    wanted = {f"K{number}": answer for number, answer in answers.items()}
    after, refusals = units(written(write_whole, kept.getvalue(), wanted))
    assert refusals == []
    assert {one.key: one.values for one in after} == {
        one.key: one.values | wanted.get(one.key, {}) for one in before
    }
