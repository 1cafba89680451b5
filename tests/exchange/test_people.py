import csv
import io
import json

import pytest

from exchange.people import neutralise, write_jsonl, write_people_csv


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+81-90-1234",
        "-1+1",
        "@SUM(A1)",
        "\tx",
        "\r=1",
        "\n=1",
        "＝1",
        "＠x",
        " =1",
        "-",
        "+5-3",
        "-5,0",
    ],
)
def test_a_cell_that_could_run_is_neutralised(cell: str) -> None:
    assert neutralise(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "x", "1=1", "-5", "+1,200.50", "-3%", "a@b.example", "'=1", " "])
def test_other_cells_and_numbers_are_left(cell: str) -> None:
    assert neutralise(cell) == cell


def test_a_file_for_people_opens_in_excel() -> None:
    out = io.BytesIO()
    assert write_people_csv([["a, b", '=HYPERLINK("x")'], ["改\n行", "-5"]], ["題", "=h"], out) == 2
    data = out.getvalue()
    assert data.startswith("\ufeff題,'=h\r\n".encode())
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) == [
        ["題", "'=h"],
        ["a, b", '\'=HYPERLINK("x")'],
        ["改\n行", "-5"],
    ]


def test_lines_for_machines_are_untouched() -> None:
    out = io.BytesIO()
    rows: list[dict[str, object]] = [{"title": "=1+1\n題", "tags": ["a"]}, {"n": 1}]
    assert write_jsonl(rows, out) == 2
    lines = out.getvalue().decode().splitlines()
    assert "題" in lines[0]
    assert [json.loads(line) for line in lines] == rows
