"""The head of a file: dialects, headers, and what is no CSV at all."""

import csv
import io
import zipfile

import pytest

from exchange.csvbytes import BOM, Limits
from exchange.errors import FileRefused
from exchange.layout import Layout
from exchange.products import Source, open_source
from tests.exchange.shopfiles import CURRENT, LEGACY, simple_file

CHAIR = {"handle": "chair", "title": "椅子"}


def opened(data: bytes) -> Source:
    return open_source(io.BytesIO(data))


def refused(data: bytes, limits: Limits | None = None) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        open_source(io.BytesIO(data), limits=limits or Limits())
    return caught.value


@pytest.mark.parametrize("layout", [CURRENT, LEGACY])
@pytest.mark.parametrize("bom", [b"", BOM])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_both_dialects_with_every_line_end(layout: Layout, bom: bytes, end: str) -> None:
    data = bom + simple_file(CHAIR, layout=layout, end=end)
    source = opened(data)
    assert (source.dialect, source.bom, source.newline) == (layout.dialect, bool(bom), end.encode())
    assert source.header == layout.header
    assert source.columns == {key: layout.header.index(name) for key, name in layout.columns.items()}
    assert data[source.body_offset :].startswith(b"chair" if layout is LEGACY else "椅子".encode())
    assert source.size == len(data)


def test_layouts_are_whole_and_name_the_same_things() -> None:
    assert (len(CURRENT.header), len(LEGACY.header)) == (57, 58)
    assert CURRENT.columns.keys() == LEGACY.columns.keys()
    for layout in (CURRENT, LEGACY):
        assert set(layout.columns.values()) <= set(layout.header)
        assert len(set(layout.header)) == len(layout.header)


def test_columns_may_be_few_reordered_and_unknown() -> None:
    source = opened(b'"m, n",Title,m2,Handle,m2,\n')
    assert source.dialect == "legacy"
    assert source.columns == {"title": 1, "handle": 3}
    assert source.header == ("m, n", "Title", "m2", "Handle", "m2", "")


def test_a_file_with_both_handle_spellings_is_the_dialect_it_knows_more_of() -> None:
    assert opened(b"Handle,URL handle,Title,Variant Price,Body (HTML)\n").dialect == "legacy"
    assert opened(b"Handle,URL handle,Title,Price,Description\n").dialect == "current"


def test_blank_lines_before_the_header_count_as_rows() -> None:
    assert opened(b"\n\nHandle,Title\n").header_row == 3


@pytest.mark.parametrize(
    ("header", "code", "column"),
    [
        (b"Title,Price", "header_missing", "URL handle"),
        (b"Title,Variant Price,Body (HTML)", "header_missing", "Handle"),
        (b"URL handle,title", "header_missing", "Title"),
        (b"handle,Title", "header_missing", "Handle"),
        (b"Handle,Title,Title", "header_doubled", "Title"),
        (b"Handle,Title,Body (HTML),Body (HTML)", "header_doubled", "Body (HTML)"),
        (b"Handle;Title;Body", "delimiter_wrong", ""),
        (b"Handle\tTitle\tBody", "delimiter_wrong", ""),
        (b'Handle,"Ti"tle', "text_after_quote", "2"),
        (b'Handle,"Title', "quote_unterminated", "2"),
        ("Handle,Title,説明".encode("cp932"), "encoding_not_utf8", "3"),
        (b"Handle,Title," + b"," * 2000, "too_many_columns", ""),
    ],
)
def test_headers_that_are_refused(header: bytes, code: str, column: str) -> None:
    problem = refused(header + b"\n")
    assert (problem.code, problem.row, problem.column) == (code, 1, column)


def workbook() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


def archive(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("products.csv", b"x" * size)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (BOM, "file_empty"),
        (b"\n\r\n \n", "file_empty"),
        (b"\n" * 9000, "file_empty"),
        (workbook(), "file_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_spreadsheet"),
        (archive(40 * 1024 * 1024), "file_zip"),
        (b"<!DOCTYPE html><title>Sign in</title>", "file_html"),
        (BOM + b"\n <HTML>", "file_html"),
        (b"<?xml version='1.0'?><svg/>", "file_xml"),
        ("Handle,Title\n".encode("utf-16"), "file_utf16"),
        ("Handle,Title\n".encode("utf-16-le"), "file_binary"),
        (b"\x89PNG\r\n\x1a\n", "file_binary"),
        (b"Handle,Title\n" + b"x" * (15 * 1024 * 1024), "file_too_big"),
    ],
)
def test_what_is_no_csv_file(data: bytes, code: str) -> None:
    assert refused(data).code == code


def test_headers_are_read_by_pythons_csv_as_they_are_here() -> None:
    data = simple_file(CHAIR, header=["Title", "URL handle", 'm "x", y'])
    assert opened(data).header == tuple(next(csv.reader(io.StringIO(data.decode(), newline=""))))
