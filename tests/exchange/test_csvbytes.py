"""The byte reader: rows, spans, and what it refuses."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exchange import csvbytes
from exchange.csvbytes import Limits, Record, read_records
from exchange.errors import FILE_MESSAGES, FileRefused
from tests.exchange.shopfiles import ShopFile, attempt, shop_files

SMALL = Limits(cell_bytes=50, record_bytes=120, columns=6, rows=4)


def read(data: bytes, limits: Limits = csvbytes.LIMITS) -> list[Record]:
    return list(read_records(io.BytesIO(data), limits=limits))


def refused(data: bytes, limits: Limits = csvbytes.LIMITS) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(data, limits)
    return caught.value


def test_records_number_rows_as_a_spreadsheet_does() -> None:
    records = read(b'h,i\r\n"two\nlines",x\n\n\rlast,y')
    assert [(record.row, record.data) for record in records if not record.blank] == [
        (1, b"h,i"),
        (2, b'"two\nlines",x'),
        (5, b"last,y"),
    ]


def test_cells_and_spans_of_a_mixed_row() -> None:
    data = b'a,"b ""x"", y",c"c,,""\r\n'
    (record,) = read(data)
    assert record.cells == [b"a", b'b "x", y', b'c"c', b"", b""]
    assert record.texts() == ["a", 'b "x", y', 'c"c', "", ""]
    assert [data[start:end] for start, end in record.spans] == [b"a", b'"b ""x"", y"', b'c"c', b"", b'""']


def test_reading_can_begin_at_a_row_seen_before() -> None:
    data = b"h\n1\n2\n3\n"
    third = read(data)[2]
    again = next(read_records(io.BytesIO(data), start=third.start, row=third.row))
    assert (again.row, again.data, again.start) == (3, b"2", 4)


def test_text_after_a_closing_mark_is_found_by_column() -> None:
    records = read(b'a,"b"x,c\n"ok","a""b"\n"x" ,y\n"a"b"\n')
    assert [record.damaged_column() for record in records] == [1, None, 0, 0]


def test_an_open_quotation_mark_is_named_where_it_opens() -> None:
    problem = refused(b'h,i\n1,2\n3,"open\n4,5\n')
    assert (problem.code, problem.row, problem.column) == ("quote_unterminated", 3, "2")
    problem = refused(b'h,i\n"open')
    assert (problem.code, problem.row, problem.column) == ("quote_unterminated", 2, "1")


def test_a_nul_byte_is_named_by_row_and_column() -> None:
    problem = refused(b"h,i\n1,2\n3,a\0b\n")
    assert (problem.code, problem.row, problem.column) == ("nul_byte", 3, "2")


def test_text_that_is_not_utf8_is_named_by_row_column_and_byte() -> None:
    with pytest.raises(FileRefused) as caught:
        read("h,i\n1,商品\n".encode("cp932"))[1].texts()
    assert (caught.value.code, caught.value.row, caught.value.column) == ("encoding_not_utf8", 2, "2")
    assert caught.value.params == {"byte": "0x8F"}


@pytest.mark.parametrize(
    "cell",
    [b"x" * 10_000_000, b'"' + b"x\n" * 5_000_000 + b'"', b'"' + b'""' * 5_000_000, b'"' + b"x" * 10_000_000],
)
def test_a_cell_of_ten_megabytes_is_refused_by_row_and_column(cell: bytes) -> None:
    problem = refused(b"h,i\n1,2\n3," + cell)
    assert (problem.code, problem.row, problem.column) == ("cell_too_long", 3, "2")


@pytest.mark.parametrize(
    ("data", "code", "row", "column"),
    [
        (b"h\n" + b"x" * 51 + b"\n", "cell_too_long", 2, "1"),
        (b"h\n" + b"x" * 50 + b"\n", "", None, ""),
        (b"h\n" + b",".join([b"x" * 40] * 4), "row_too_long", 2, ""),
        (b'h\n"",' + b"," * 9, "too_many_columns", 2, ""),
        (b"h\n1\n2\n3\n4\n", "", None, ""),
        (b"h\n1\n2\n3\n4\n\n\n", "", None, ""),
        (b"h\n1\n2\n3\n4\n5\n", "too_many_rows", 6, ""),
        (b"h\n" + b"\n" * 50, "too_many_rows", 11, ""),
    ],
)
def test_limits(data: bytes, code: str, row: int | None, column: str) -> None:
    if not code:
        assert read(data, SMALL)
        return
    problem = refused(data, SMALL)
    assert (problem.code, problem.row, problem.column) == (code, row, column)


@given(shop=shop_files(), chunk=st.integers(1, 40))
def test_spans_are_those_the_file_was_written_with(shop: ShopFile, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvbytes, "CHUNK", chunk)
        start = 3 if shop.data.startswith(csvbytes.BOM) else 0
        records = list(read_records(shop.open(), start=start))
    assert [record.spans for record in records if not record.blank] == shop.spans
    assert shop.data[:start] + b"".join(record.data + record.ending for record in records) == shop.data


@given(text=st.text(alphabet='ab,"\r\n', max_size=40), chunk=st.integers(1, 8))
@example(text='""""\r\r\n,\n', chunk=1)
def test_sound_rows_read_as_by_pythons_csv(text: str, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvbytes, "CHUNK", chunk)
        records = attempt(lambda: read(text.encode()))
    if isinstance(records, FileRefused):
        assert records.code == "quote_unterminated"
        with pytest.raises(csv.Error):
            list(csv.reader(io.StringIO(text, newline=""), strict=True))
        return
    expected = list(csv.reader(io.StringIO(text, newline="")))
    assert len(records) == len(expected)
    for record, cells in zip(records, expected, strict=True):
        if record.damaged_column() is None:
            assert (record.texts() if not record.blank else []) == cells


@given(data=st.binary(max_size=200), chunk=st.integers(1, 50))
def test_any_bytes_give_records_or_a_typed_refusal(data: bytes, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvbytes, "CHUNK", chunk)
        outcome = attempt(lambda: [(row.damaged_column(), row.texts()) for row in read(data, SMALL)])
    if isinstance(outcome, FileRefused):
        assert outcome.code in FILE_MESSAGES


@pytest.mark.parametrize("broken", [b'x,"open\n', b"a\0b,y\n", b"x," + b"y" * 60 + b"\n"])
def test_sound_rows_before_a_problem_are_given_first(broken: bytes) -> None:
    reader = read_records(io.BytesIO(b"h,i\n1,2\n" + broken + b"3,4\n"), limits=SMALL)
    assert [next(reader).data, next(reader).data] == [b"h,i", b"1,2"]
    with pytest.raises(FileRefused) as caught:
        next(reader)
    assert caught.value.row == 3
