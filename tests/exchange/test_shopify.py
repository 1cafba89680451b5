"""Rows become products; what is refused, and why."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import MESSAGES, FileRefused, RowRefusal
from exchange.layout import Layout
from exchange.products import Image, Product, Variant, iter_products, open_source
from tests.exchange.shopfiles import CURRENT, LEGACY, ShopFile, attempt, shop_files, simple_file

HEADER = b"Handle,Title,Body (HTML)\n"


def read(data: bytes, **options: Any) -> tuple[list[Product], list[RowRefusal]]:
    file = io.BytesIO(data)
    refusals: list[RowRefusal] = []
    products = list(iter_products(file, open_source(file), on_refusal=refusals.append, **options))
    return products, refusals


def reasons(refusals: list[RowRefusal]) -> list[tuple[int, str, str]]:
    return [(refusal.row, refusal.column, refusal.code) for refusal in refusals]


@pytest.mark.parametrize("layout", [CURRENT, LEGACY])
def test_rows_of_a_handle_become_one_product(layout: Layout) -> None:
    data = simple_file(
        {
            "handle": "shirt",
            "title": "Tシャツ",
            "description": "<p>綿, 100%</p>",
            "option1_name": "色",
            "option1_value": "赤",
            "option2_name": "寸法",
            "option2_value": "M",
            "sku": "S-1",
            "price": "1200",
            "barcode": "49",
            "image_url": "https://shop.example/1.png",
            "image_alt": "前",
            "image_position": "1",
        },
        {"handle": "shirt", "option1_value": "青", "option2_value": "L", "sku": "S-2", "price": "1300"},
        {"handle": "shirt", "image_url": "https://shop.example/2.png", "image_position": "2"},
        {"handle": "cup", "title": "=1+1"},
        layout=layout,
    )
    (shirt, cup), refusals = read(data)
    assert refusals == []
    assert (shirt.key, shirt.rows, shirt.first_row) == ("shirt", [2, 3, 4], 2)
    assert shirt.values["description"] == "<p>綿, 100%</p>"
    assert shirt.variants == [
        Variant(2, "S-1", "49", "1200", (("色", "赤"), ("寸法", "M")), ""),
        Variant(3, "S-2", "", "1300", (("色", "青"), ("寸法", "L")), ""),
    ]
    assert shirt.images == [
        Image(2, "https://shop.example/1.png", "前", "1"),
        Image(4, "https://shop.example/2.png", "", "2"),
    ]
    assert (cup.values["title"], cup.variants, cup.images) == ("=1+1", [], [])
    assert data[shirt.offset : shirt.offset + shirt.length].count(b"\n") == 1
    assert data[cup.offset : cup.offset + cup.length] == data.splitlines(keepends=True)[-1]


def test_blank_lines_and_rows_of_bare_commas_are_passed_over() -> None:
    products, refusals = read(HEADER + b"a,A,x\n\n,,\na,,y\n,,,,,,\n")
    assert [product.rows for product in products] == [[2, 5]]
    assert refusals == []


@pytest.mark.parametrize(
    ("rows", "expected", "kept"),
    [
        (b"a,A,\nb,B\nc,C,\n", [(3, "", "cells_wrong_number")], ["a", "c"]),
        (b"a,A,,x\nb,B,\n", [(2, "", "cells_wrong_number")], ["b"]),
        (b",A,\nb,B,\n", [(2, "Handle", "handle_missing")], ["b"]),
        (b" ,A,\n", [(2, "Handle", "handle_missing")], []),
        (b'a,"A"x,\nb,B,\n', [(2, "Title", "text_after_quote")], ["b"]),
        (b"a, ,\na,A,\nb,B,\n", [(2, "Title", "title_missing"), (3, "Handle", "product_refused")], ["b"]),
        (b"h" * 256 + b",A,\n", [(2, "Handle", "handle_too_long")], []),
        (
            b"a,A,\nb,B,\na,A2,\na,,\nb,,\n",
            [(4, "Handle", "handle_split"), (5, "Handle", "handle_split"), (6, "Handle", "handle_split")],
            ["a", "b"],
        ),
    ],
)
def test_refused_rows(rows: bytes, expected: list[tuple[int, str, str]], kept: list[str]) -> None:
    products, refusals = read(HEADER + rows)
    assert reasons(refusals) == expected
    assert [product.key for product in products] == kept


def test_a_damaged_first_row_refuses_its_product_and_no_other() -> None:
    products, refusals = read(HEADER + b"a,A,\nb,B\nb,,\nb,,\na,,\nc,C,\n")
    assert reasons(refusals) == [
        (3, "", "cells_wrong_number"),
        (4, "Handle", "product_refused"),
        (5, "Handle", "product_refused"),
        (6, "Handle", "handle_split"),
    ]
    assert [(product.key, product.rows) for product in products] == [("a", [2]), ("c", [7])]


def test_a_damaged_further_row_leaves_the_rest_of_its_product() -> None:
    products, refusals = read(HEADER + b"a,A,\na,x\nstray\na,,\n")
    assert reasons(refusals) == [(3, "", "cells_wrong_number"), (4, "", "cells_wrong_number")]
    assert [product.rows for product in products] == [[2, 5]]


def test_a_file_saved_as_cp932_is_refused_with_row_column_and_advice() -> None:
    data = HEADER + b"a,A,x\n" + "b,B,説明\n".encode("cp932")
    with pytest.raises(FileRefused) as caught:
        read(data)
    problem = caught.value
    assert (problem.code, problem.row, problem.column) == ("encoding_not_utf8", 3, "Body (HTML)")
    assert "Excel" in problem.message


def test_a_refusal_of_the_file_names_the_column_by_its_header() -> None:
    with pytest.raises(FileRefused) as caught:
        read(HEADER + b'a,A,"open\n')
    assert (caught.value.row, caught.value.column) == (2, "Body (HTML)")


def test_progress_is_told_by_rows_and_ends_with_the_size() -> None:
    data = HEADER + b"".join(b"h%d,T,\n" % number for number in range(5))
    heard: list[tuple[int, int]] = []
    read(data, on_progress=lambda done, rows: heard.append((done, rows)), progress_rows=2)
    assert heard == [(len(HEADER) + 12, 2), (len(HEADER) + 24, 4), (len(data), 5)]


@given(shop=shop_files())
def test_random_files_give_their_products(shop: ShopFile) -> None:
    products, refusals = read(shop.data)
    assert refusals == []
    assert [product.key for product in products] == list(shop.first_rows())
    for product in products:
        first = shop.rows[shop.first_rows()[product.key]]
        for logical, value in product.values.items():
            assert value == first[shop.column(logical)]
    assert sum(len(product.rows) for product in products) == len(shop.rows)


@given(shop=shop_files(), data=st.data())
def test_broken_files_give_products_or_typed_refusals(shop: ShopFile, data: st.DataObject) -> None:
    broken = bytearray(shop.data[: data.draw(st.integers(0, len(shop.data)))])
    for _ in range(data.draw(st.integers(0, 3))):
        if broken:
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    outcome = attempt(lambda: read(bytes(broken)))
    problems = [outcome] if isinstance(outcome, FileRefused) else outcome[1]
    assert all(problem.code in MESSAGES and problem.message for problem in problems)
