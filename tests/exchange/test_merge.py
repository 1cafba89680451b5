"""Answers go back into a file, and nothing else about it changes."""

import csv
import io
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import merge
from exchange.layout import Layout
from exchange.merge import (
    AnswersChanged,
    Change,
    Written,
    from_mapping,
    iter_changes,
    write_update,
    write_whole,
)
from exchange.products import open_source
from exchange.rendering import render_description
from tests.exchange.shopfiles import (
    BOM,
    CELL_TEXT,
    CURRENT,
    LEGACY,
    ShopFile,
    quoted,
    shop_files,
    simple_file,
)

Answers = Mapping[str, Mapping[str, str]]


def whole(data: bytes, answers: Answers) -> tuple[bytes, Written]:
    file, out = io.BytesIO(data), io.BytesIO()
    written = write_whole(file, open_source(file), from_mapping(answers), out)
    return out.getvalue(), written


def update(data: bytes, answers: Answers) -> tuple[bytes, Written]:
    file, out = io.BytesIO(data), io.BytesIO()
    written = write_update(file, open_source(file), from_mapping(answers), out)
    return out.getvalue(), written


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.removeprefix(BOM).decode(), newline=""), strict=True))


SHOP = (
    BOM
    + b'Variant Price,"Handle",Body (HTML),Title,"SEO Title",Tags,m\r\n'
    + b'100,a,"<p>x</p>",  "odd" title ,,"t1, t2",=1+1\r\n'
    + b"200,a,,,,,-2\r"
    + '\r\n100,"b",,\'\u30b3\',"",,@x\n'.encode()
    + b"100,c,<p>z</p>,C,seo,,"
)


def test_whole_file_differs_in_the_answered_cells_only() -> None:
    data, written = whole(
        SHOP, {"a": {"seo_title": 'q"q', "title": "題"}, "b": {"seo_title": "s", "description": "一\n二"}}
    )
    assert data == (
        SHOP.replace(b'  "odd" title ,,', '題,"q""q",'.encode()).replace(
            b'"b",,\'\xe3\x82\xb3\',""', '"b",<p>一<br>二</p>,\'コ\',"s"'.encode()
        )
    )
    assert written == Written(2, 4, ("description", "title", "seo_title"), {})


def test_update_file_holds_keys_and_changes_only() -> None:
    data, written = update(SHOP, {"b": {"seo_title": "新"}, "c": {"description": "a & b"}})
    assert (
        data
        == BOM
        + (
            "Handle,Body (HTML),Title,SEO Title\r\n" + '"b",,\'コ\',"新"\r\n' + "c,a &amp; b,C,seo\r\n"
        ).encode()
    )
    assert written == Written(2, 2, ("description", "seo_title"), {})


def test_update_file_carries_price_only_when_it_was_the_work() -> None:
    assert (
        update(SHOP, {"c": {"price": "90", "title": "D"}})[0]
        == BOM + b"Variant Price,Handle,Title\r\n90,c,D\r\n"
    )


@pytest.mark.parametrize(
    "answer",
    [{}, {"description": "<p>z</p>"}, {"seo_title": "seo", "title": "C"}, {"tags": ""}],
)
def test_an_answer_that_changes_nothing_writes_nothing(answer: dict[str, str]) -> None:
    assert whole(SHOP, {"c": answer}) == (SHOP, Written())
    assert update(SHOP, {"c": answer}) == (BOM + b"Handle,Title\r\n", Written())


def test_a_text_whose_line_ends_a_form_unified_is_unchanged() -> None:
    data = b'Handle,Title,Body (HTML)\na,A,"<p>x</p>\r\n<p>y</p>"\n'
    assert whole(data, {"a": {"description": "<p>x</p>\n<p>y</p>"}})[0] == data


def test_a_blank_answer_blanks_the_cell_and_keeps_its_quotes() -> None:
    data = b'Handle,Title,SEO Title\na,A,"x"\nb,B,x\n'
    assert (
        whole(data, {"a": {"seo_title": ""}, "b": {"seo_title": ""}})[0]
        == b'Handle,Title,SEO Title\na,A,""\nb,B,\n'
    )


@pytest.mark.parametrize(
    ("answer", "cell"),
    [
        ("x", "x"),
        (" x", '" x"'),
        ("x\u3000", '"x\u3000"'),
        ("a,b", '"a,b"'),
        ('a"b', '"a""b"'),
        ("a\nb", '"a\nb"'),
    ],
)
def test_an_answer_is_quoted_only_where_it_must_be(answer: str, cell: str) -> None:
    data, _written = whole(b"Handle,Title,SEO Title\na,A,old\n", {"a": {"seo_title": answer}})
    assert data == f"Handle,Title,SEO Title\na,A,{cell}\n".encode()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x"])
def test_formula_like_cells_are_left_alone_in_machine_files(text: str) -> None:
    data = f"Handle,Title,SEO Title\na,{text},\n".encode()
    assert whole(data, {"a": {"seo_title": text}})[0] == f"Handle,Title,SEO Title\na,{text},{text}\n".encode()
    assert (
        update(data, {"a": {"seo_title": text}})[0] == f"Handle,Title,SEO Title\na,{text},{text}\n".encode()
    )


def test_answers_for_columns_the_file_lacks_are_left_out_and_counted() -> None:
    data = b"Handle,Title\na,A\nb,B\n"
    answers = {"a": {"seo_title": "x", "title": "A2"}, "b": {"seo_title": "y"}}
    assert whole(data, answers) == (b"Handle,Title\na,A2\nb,B\n", Written(1, 1, ("title",), {"seo_title": 2}))


def test_refused_rows_and_products_are_copied_as_they_are() -> None:
    data = b'Handle,Title,SEO Title\na,A,\nb,B\nb,,x\n\n,,\na,again,\n"c"c,C,\nd,,\n'
    answers = {key: {"seo_title": "new"} for key in ["a", "b", "c", '"c"c', "cc", "d", ""]}
    data_out, written = whole(data, answers)
    assert data_out == data.replace(b"a,A,", b"a,A,new")
    assert written.products == 1
    assert update(data, answers)[0] == b"Handle,Title,SEO Title\na,A,new\n"


def test_a_character_that_cannot_be_encoded_is_never_replaced() -> None:
    with pytest.raises(UnicodeEncodeError):
        whole(b"Handle,Title\na,A\n", {"a": {"title": "\ud800"}})


def test_changes_are_listed_with_their_values_before_and_after() -> None:
    file = io.BytesIO(SHOP)
    changes = list(
        iter_changes(file, open_source(file), from_mapping({"c": {"seo_title": "新", "title": "C"}}))
    )
    assert changes == [Change("c", 6, "seo_title", "SEO Title", "seo", "新")]


def test_answers_are_asked_for_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "LOOKUP_KEYS", 3)
    data = simple_file(*({"handle": f"h{number}", "title": "T"} for number in range(7)))
    asked: list[Sequence[str]] = []

    def lookup(keys: Sequence[str]) -> Answers:
        asked.append(keys)
        return {key: {"title": key.upper()} for key in keys}

    file, out = io.BytesIO(data), io.BytesIO()
    assert write_whole(file, open_source(file), lookup, out).products == 7
    assert asked == [["h0", "h1", "h2"], ["h3", "h4", "h5"], ["h6"]]


def test_answers_that_change_between_the_two_readings_are_noticed() -> None:
    readings = iter([{"a": {"title": "B"}}, {"a": {"seo_title": "B"}}])
    file = io.BytesIO(b"Handle,Title,SEO Title\na,A,\n")
    with pytest.raises(AnswersChanged):
        write_update(file, open_source(file), lambda _keys: next(readings), io.BytesIO())


@pytest.mark.parametrize("layout", [CURRENT, LEGACY])
def test_progress_of_a_written_file_ends_with_the_size(layout: Layout) -> None:
    data = simple_file({"handle": "a", "title": "A"}, layout=layout)
    heard: list[tuple[int, int]] = []
    file = io.BytesIO(data)
    write_update(
        file,
        open_source(file),
        from_mapping({}),
        io.BytesIO(),
        on_progress=lambda done, rows: heard.append((done, rows)),
    )
    assert heard == [(len(data), 1)]


@st.composite
def answered_files(draw: st.DrawFn) -> tuple[ShopFile, dict[str, dict[str, str]]]:
    shop = draw(shop_files())
    logical = [
        name for name, header in shop.layout.columns.items() if header in shop.header and name != "handle"
    ]
    handles = list(shop.first_rows())
    if not handles:
        return shop, {}
    answers = st.dictionaries(st.sampled_from(logical), CELL_TEXT, max_size=3)
    return shop, draw(st.dictionaries(st.sampled_from(handles), answers))


def new_values(shop: ShopFile, answers: Answers) -> dict[tuple[int, int], str]:
    """Return (row, column) -> value of every cell that should change, by a second, plainer reckoning."""
    found = {}
    for handle, fields in answers.items():
        row = shop.first_rows()[handle]
        for logical, answer in fields.items():
            column = shop.column(logical)
            value = render_description(answer) if logical == "description" else answer
            before = one_line_end(shop.rows[row][column])
            if before != one_line_end(answer) and before != one_line_end(value):
                found[row, column] = value
    return found


def one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(answered_files())
def test_all_bytes_outside_answered_cells_are_equal(case: tuple[ShopFile, dict[str, dict[str, str]]]) -> None:
    shop, answers = case
    changed = new_values(shop, answers)
    data, written = whole(shop.data, answers)
    assert written.cells == len(changed)
    source_at = out_at = 0
    for row, column in sorted(changed):
        start, end = shop.spans[row + 1][column]
        untouched = shop.data[source_at:start]
        assert data[out_at : out_at + len(untouched)] == untouched
        out_at += len(untouched)
        value = changed[row, column]
        bare = shop.data[start:end][:1] != b'"' and value == value.strip() and not set(value) & set(',"\r\n')
        cell = value.encode() if bare else quoted(value)
        assert data[out_at : out_at + len(cell)] == cell
        source_at, out_at = end, out_at + len(cell)
    assert data[out_at:] == shop.data[source_at:]


@given(answered_files())
def test_answers_are_read_back_from_the_whole_file(case: tuple[ShopFile, dict[str, dict[str, str]]]) -> None:
    shop, answers = case
    changed = new_values(shop, answers)
    expected = [list(row) for row in shop.rows]
    for (row, column), value in changed.items():
        expected[row][column] = value
    data, _written = whole(shop.data, answers)
    assert [row for row in table(data) if row] == [shop.header, *expected]
    if not changed:
        assert data == shop.data


@given(answered_files())
def test_update_file_holds_answered_products_and_columns_only(
    case: tuple[ShopFile, dict[str, dict[str, str]]],
) -> None:
    shop, answers = case
    changed = new_values(shop, answers)
    keys = {shop.column("handle"), shop.column("title")}
    columns = sorted(keys | {column for _row, column in changed})
    expected = [[shop.header[column] for column in columns]]
    for row in sorted({row for row, _column in changed}):
        expected.append([changed.get((row, column), shop.rows[row][column]) for column in columns])
    data, written = update(shop.data, answers)
    assert table(data) == expected
    assert data.startswith(BOM) == shop.data.startswith(BOM)
    assert written.products == len(expected) - 1
