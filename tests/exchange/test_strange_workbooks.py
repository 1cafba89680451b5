"""Workbooks as shops really keep them: titles, codes with zeros, furigana, formulas, rules, tables.

Whatever is in one, it is read as people see it, and comes back with only the answered cells changed.
"""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table as TablePart

from exchange.errors import RowRefusal
from exchange.inspection import inspect_table
from exchange.merge import from_mapping, write_update, write_whole
from exchange.opening import iter_units, opened
from exchange.products import Product
from exchange.table import Column, Role, Table
from exchange.tablefile import Reading

HEADER = ("商品コード", "JAN", "商品名", "定価", "割引", "発売日", "説明", "備考")
FIRST = 5  # row of the first product
PART = "xl/worksheets/sheet2.xml"
ANSWERS = {
    "00101": {"text": "杉の <椅子> & 机", "price": "5200", "day": "2026-12-24"},
    "00103": {"jan": "0490123456789", "text": "=1+1", "off": "0.25"},
}
# Cells that the answers are for.
ANSWERED = {
    "G5": "杉の <椅子> & 机",
    "D5": 5200,
    "F5": "2026-12-24",
    "B7": 490123456789,
    "G7": "=1+1",
    "E7": 0.25,
}

Change = Callable[[Any], None]


def mapping() -> Table:
    fill = frozenset({Role.FILL})
    columns = (
        Column(0, HEADER[0], frozenset({Role.KEY})),
        Column(1, HEADER[1], fill, "jan"),
        Column(2, HEADER[2], frozenset({Role.TITLE, Role.INPUT})),
        Column(3, HEADER[3], fill, "price"),
        Column(4, HEADER[4], fill, "off"),
        Column(5, HEADER[5], fill, "day"),
        Column(6, HEADER[6], fill, "text"),
    )
    return Table("xlsx", "utf-8", HEADER, columns, sheet="商品", header_row=FIRST - 1)


def book(change: Change = lambda _made: None) -> bytes:
    """A cover, then a sheet of products: a merged title, a day, a blank row, the header in row 4."""
    made: Any = Workbook()
    made.active.title = "表紙"
    made.active.append(["このファイルについて"])
    page = made.create_sheet("商品")
    page["A1"], page["A2"], page["B2"] = "商品マスタ 2026年11月", "出力日", date(2026, 11, 24)
    page.merge_cells("A1:H1")
    for column, text in enumerate(HEADER, start=1):
        page.cell(FIRST - 1, column, text).font = Font(bold=True)
        page.cell(FIRST - 1, column).fill = PatternFill("solid", fgColor="FFDDDDDD")
    rows = [
        (101, 4901234567894, "丸椅子", 4800, 0.1, date(2026, 10, 1), None, "倉庫A"),
        (102, 4901234567900, "Ⅱ型 机", 12800, None, date(2026, 10, 2), "旧：\n引出し付", None),
        (103, None, "棚", 9800, 0, None, None, "①②"),
    ]
    for number, row in enumerate(rows, start=FIRST):
        for column, value in enumerate(row, start=1):
            if value is not None:
                page.cell(number, column, value)
        page.cell(number, 1).number_format = "00000"
        page.cell(number, 2).number_format = "0" * 13
        page.cell(number, 4).number_format = '"¥"#,##0'
        page.cell(number, 5).number_format = "0%"
        page.cell(number, 6).number_format = "yyyy/mm/dd"
    change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def with_part(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The workbook with the XML of one part changed by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts(data).items():
            made.writestr(name, change(content.decode()).encode() if name == part else content)
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def units(data: bytes) -> tuple[list[Product], list[RowRefusal]]:
    refusals: list[RowRefusal] = []
    with opened(io.BytesIO(data), "table", mapping()) as found:
        return list(iter_units(found.file, found.source, on_refusal=refusals.append)), refusals


def written(write: Any, data: bytes, answers: dict[str, dict[str, str]]) -> bytes:
    out = io.BytesIO()
    with opened(io.BytesIO(data), "table", mapping()) as found:
        write(found.file, found.source, from_mapping(answers), out)
    return out.getvalue()


def cells(data: bytes, **how: Any) -> dict[str, dict[str, tuple[Any, str]]]:
    """Sheet -> cell -> value and number format."""
    made = load_workbook(io.BytesIO(data), **how)
    return {
        page.title: {
            cell.coordinate: (cell.value, cell.number_format)
            for row in page.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for page in made.worksheets
    }


def assert_only_answers_changed(data: bytes, out: bytes, answered: dict[str, Any]) -> None:
    before, after = cells(data, rich_text=True), cells(out, rich_text=True)
    for place, value in answered.items():
        found, look = after["商品"].pop(place)
        assert found == (datetime.fromisoformat(value) if place.startswith("F") else value), place
        had = before["商品"].pop(place, None)
        assert had is None or had[1] == look, place
    assert before == after
    was, now = parts(data), parts(out)
    assert list(was) == list(now)
    formulas = any(b"<f" in content for name, content in was.items() if "worksheets/" in name)
    changed = {name for name in was if was[name] != now[name]}
    assert changed <= ({PART, "xl/workbook.xml"} if formulas else {PART})
    assert _without(was[PART], set(answered)) == _without(now[PART], set(answered))


def _without(xml: bytes, names: set[str]) -> str:
    return re.sub(rf'<c r="(?:{"|".join(names)})"[^>]*?(?:/>|>.*?</c>)', "", xml.decode(), flags=re.DOTALL)


def hidden(made: Any) -> None:
    page = made["商品"]
    page.row_dimensions[6].hidden = True
    page.column_dimensions["C"].hidden = True
    page.column_dimensions.group("D", "E", hidden=True)
    made["表紙"].sheet_state = "hidden"
    made.active = 1


def rules(made: Any) -> None:
    page = made["商品"]
    page.conditional_formatting.add(
        "D5:D99", CellIsRule("lessThan", formula=["0"], font=Font(color="FF0000"))
    )
    allowed = DataValidation("list", formula1='"倉庫A,倉庫B"')
    allowed.add("H5:H99")
    page.add_data_validation(allowed)


def table_part(made: Any) -> None:
    made["商品"].add_table(TablePart(displayName="商品表", ref="A4:H7"))


def notes(made: Any) -> None:
    page = made["商品"]
    page["C5"].comment = Comment("要確認", "店長")
    page["C6"].hyperlink = "https://shop.example/desk"
    page.freeze_panes, page.auto_filter.ref, page.print_title_rows = "D5", "A4:H7", "1:4"
    made.defined_names["価格"] = DefinedName("価格", attr_text="商品!$D$5:$D$7")


def rich(made: Any) -> None:
    bold = TextBlock(InlineFont(b=True), "Ⅱ型")
    made["商品"]["C6"] = CellRichText(bold, " 机")


def errors(made: Any) -> None:
    made["商品"]["H6"], made["商品"]["E6"] = "#N/A", "#DIV/0!"


def calendar(made: Any) -> None:
    made.epoch = CALENDAR_MAC_1904


def many_sheets(made: Any) -> None:
    for number in range(5):
        made.create_sheet(f"予備{number}").append([number, "=1+1" if number == 3 else "x"])


STRANGE = [lambda _made: None, hidden, rules, table_part, notes, rich, errors, calendar, many_sheets]


@pytest.mark.parametrize("change", STRANGE, ids=lambda change: change.__name__)
def test_read_mapped_answered_and_given_back(change: Change) -> None:
    data = book(change)
    looked = inspect_table(io.BytesIO(data), reading=Reading("xlsx", sheet="商品"))
    assert (looked.header, looked.header_row, looked.rows) == (HEADER, FIRST - 1, 3)
    assert looked.above == [(1, ["商品マスタ 2026年11月"]), (2, ["出力日", "2026-11-24"])]
    found, refusals = units(data)
    assert refusals == []
    assert [(unit.key, unit.title, unit.first_row) for unit in found] == [
        ("00101", "丸椅子", 5),
        ("00102", "Ⅱ型 机", 6),
        ("00103", "棚", 7),
    ]
    assert found[0].values == {
        "jan": "4901234567894", "price": "4800", "off": "0.1", "day": "2026-10-01", "text": "",
    }  # fmt: skip
    assert_only_answers_changed(data, written(write_whole, data, ANSWERS), ANSWERED)
    assert written(write_whole, data, {}) == data
    update = cells(written(write_update, data, ANSWERS))["Sheet"]
    assert [update[f"{letter}1"][0] for letter in "ABCDEF"] == [
        "商品コード", "JAN", "定価", "割引", "発売日", "説明",
    ]  # fmt: skip
    assert update["A2"] == (101, "00000")
    assert update["B3"] == (490123456789, "0" * 13)
    assert (update["E2"][0], update["F3"][0]) == (datetime(2026, 12, 24), "=1+1")  # noqa: DTZ001
    assert len(update) == 6 + 11  # the rest of the two rows is blank as in the shop's file


SPOKEN = '<r><t>丸</t></r><r><rPr><b/></rPr><t>椅子</t></r><rPh sb="0" eb="3"><t>マルイス</t></rPh>'


def as_excel(data: bytes) -> bytes:
    """The workbook with its texts in a part of their own, as Excel keeps them; furigana on one of them."""
    texts: list[str] = []

    def shared(found: re.Match[str]) -> str:
        texts.append(found[2])
        return f'{found[1]} t="s"><v>{len(texts) - 1}</v></c>'

    inline = re.compile(r'(<c [^>]*?) t="inlineStr"><is>(.*?)</is></c>', re.DOTALL)
    kept = {
        name: inline.sub(shared, content.decode()) if "worksheets/" in name else content.decode()
        for name, content in parts(data).items()
    }
    spoken = f'<si>{SPOKEN}<phoneticPr fontId="1"/></si>'
    items = "".join(spoken if text == "<t>丸椅子</t>" else f"<si>{text}</si>" for text in texts)
    space = "http://schemas.openxmlformats.org"
    kept["xl/sharedStrings.xml"] = f'<sst xmlns="{space}/spreadsheetml/2006/main">{items}</sst>'
    kept["[Content_Types].xml"] = kept["[Content_Types].xml"].replace(
        "</Types>",
        '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    )
    kept["xl/_rels/workbook.xml.rels"] = kept["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId99" Type="{space}/officeDocument/2006/relationships/sharedStrings"'
        ' Target="sharedStrings.xml"/></Relationships>',
    )
    kept["xl/workbook.xml"] = re.sub(r"<calcPr[^>]*/>", '<calcPr calcId="191029"/>', kept["xl/workbook.xml"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in kept.items():
            made.writestr(name, text)
    return out.getvalue()


def with_inline_furigana(data: bytes) -> bytes:
    new = f'<c r="C5" t="inlineStr"><is>{SPOKEN}</is></c>'
    return with_part(data, PART, lambda xml: re.sub(r'<c r="C5"[^>]*>.*?</c>', new, xml))


@pytest.mark.parametrize("spelt", [as_excel, with_inline_furigana], ids=["shared", "inline"])
def test_furigana_and_rich_texts_are_read_as_their_text(spelt: Callable[[bytes], bytes]) -> None:
    data = spelt(book(rich))
    assert "マルイス" in "".join(part.decode() for name, part in parts(data).items() if name.endswith("xml"))
    assert [unit.title for unit in units(data)[0]] == ["丸椅子", "Ⅱ型 机", "棚"]
    assert_only_answers_changed(data, written(write_whole, data, ANSWERS), ANSWERED)


def test_codes_as_text_and_as_number_in_one_column_keep_their_zeros() -> None:
    def mixed(made: Any) -> None:
        page = made["商品"]
        page["A6"], page["A6"].number_format = "00102", "@"
        page["B6"], page["B6"].number_format = "0490000000012", "@"

    data = book(mixed)
    assert [unit.key for unit in units(data)[0]] == ["00101", "00102", "00103"]
    answers = {"00101": {"jan": "0490000000029"}, "00102": {"jan": "0490000000036"}, "00103": {"jan": "12"}}
    out = written(write_whole, data, answers)
    expected = {"B5": 490000000029, "B6": "0490000000036", "B7": "12"}
    assert_only_answers_changed(data, out, expected)
    update = cells(written(write_update, data, answers))["Sheet"]
    # A column that holds both goes into the update file as text: no zero is lost there either.
    assert [update[place][0] for place in ("A2", "A3", "B2", "B3")] == [
        "00101", "00102", "0490000000029", "0490000000036",
    ]  # fmt: skip
    assert {unit.key: unit.values["jan"] for unit in units(out)[0]} == {
        key: answer["jan"] for key, answer in answers.items()
    }


SHARED = (
    '<c r="D5"><f t="shared" ref="D5:D7" si="0">LEN(C5)*100</f><v>300</v></c>',
    '<c r="D6"><f t="shared" si="0"/><v>400</v></c>',
    '<c r="D7"><f t="shared" si="0"/><v>100</v></c>',
)
ARRAY = (
    '<c r="D5"><f t="array" ref="D5:D7">LEN(C5:C7)</f><v>3</v></c>',
    '<c r="D6"><v>4</v></c>',
    '<c r="D7"><v>1</v></c>',
)


@pytest.mark.parametrize("formulas", [SHARED, ARRAY], ids=["shared", "array"])
def test_formulas_are_read_by_what_they_show_and_never_overwritten(formulas: tuple[str, ...]) -> None:
    def by_hand(xml: str) -> str:
        for cell in formulas:
            xml = re.sub(rf'<c r="{cell[6:8]}"[^>]*>.*?</c>', cell, xml)
        return xml

    data = with_part(book(), PART, by_hand)
    found, refusals = units(data)
    assert found == []
    assert [(one.row, one.column, one.code) for one in refusals] == [
        (row, "定価", "cell_formula") for row in (5, 6, 7)
    ]
    shown = inspect_table(io.BytesIO(data), reading=Reading("xlsx", sheet="商品")).preview
    assert [cells[3] for _row, cells in shown] == [re.sub(r".*<v>|</v>.*", "", cell) for cell in formulas]
    assert written(write_whole, data, ANSWERS) == data


def test_an_answer_never_disappears_in_merged_cells() -> None:
    data = book(lambda made: made["商品"].merge_cells("F6:H6"))
    found, refusals = units(data)
    assert [unit.key for unit in found] == ["00101", "00103"]
    assert [(one.row, one.column, one.code) for one in refusals] == [(6, "説明", "cell_merged")]
    # The first of the merged cells is seen.
    assert [unit.key for unit in units(book(lambda made: made["商品"].merge_cells("G6:H6")))[0]][1] == "00102"


def test_a_new_cell_looks_like_its_column_and_not_like_the_header() -> None:
    out = written(write_whole, book(), {"00101": {"text": "新"}})
    page = load_workbook(io.BytesIO(out))["商品"]
    assert not page["G5"].font.b
    assert page["G5"].fill.fill_type is None

    def looks(made: Any) -> None:
        made["商品"].column_dimensions["G"].number_format = "@"

    out = written(write_whole, book(looks), {"00101": {"text": "新"}})
    assert load_workbook(io.BytesIO(out))["商品"]["G5"].number_format == "@"


def test_a_total_behind_the_products_is_no_product_with_another_ones_key() -> None:
    def total(made: Any) -> None:
        made["商品"]["C9"], made["商品"]["D9"] = "合計", 27400

    found, refusals = units(book(total))
    assert len(found) == 3
    assert [(one.row, one.code) for one in refusals] == [(9, "key_missing")]
