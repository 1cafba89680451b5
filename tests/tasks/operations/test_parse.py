"""What people type is understood; what cannot be used is named and explained."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from kernel.errors import FieldProblem
from tasks.operations.parse import MESSAGES, Wrong, number, read_values


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("120", 120), (" 120 ", 120), ("1,200", 1200), ("１，２００", 1200), ("12,345,678", 12345678), (7, 7),
        ("0", 0), ("", None), ("　", None), (None, None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(typed: object, found: int | None) -> None:
    assert number(typed, high=99_999_999) == found


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("many", "not_a_number"), ("1,2", "not_a_number"), ("1e3", "not_a_number"), ("NaN", "not_a_number"),
        ("-1", "out_of_range"), ("1001", "out_of_range"), ("2.5", "not_whole"), (True, "not_a_number"),
        ([1], "not_a_number"), ("1" * 40, "not_a_number"), ("=1+1", "not_a_number"),
    ],
)  # fmt: skip
def test_what_is_no_number_says_why(typed: object, code: str) -> None:
    with pytest.raises(Wrong) as wrong:
        number(typed, high=1000)
    assert wrong.value.code == code


def test_decimals_have_two_places() -> None:
    assert number("2.50", high=10, decimals=2) == Decimal("2.5")
    with pytest.raises(Wrong, match="too_fine"):
        number("2.505", high=10, decimals=2)


def test_all_fields_are_read_and_all_problems_named() -> None:
    problems: list[FieldProblem] = []
    raw = {"volume": "many", "minutes": "2.5", "core": "", "pii": "P7", "hidden": "1", "name": "a" * 101}
    assert read_values(raw, problems, "x.") == {"minutes": Decimal("2.5"), "core": None, "hidden": True}
    assert [(one.field, one.code) for one in problems] == [
        ("x.volume", "not_a_number"),
        ("x.pii", "unknown"),
        ("x.name", "too_long"),
    ]


def test_names_lose_spaces_and_never_hold_what_cannot_be_stored() -> None:
    problems: list[FieldProblem] = []
    assert read_values({"name": "  gift \n wrap "}, problems) == {"name": "gift wrap"}
    read_values({"name": "a\x00"}, problems)
    assert [one.code for one in problems] == ["unstorable"]


def test_every_message_speaks_both_languages() -> None:
    for text in MESSAGES.values():
        with override("ja"):
            japanese = str(text)
        with override("en"):
            assert str(text) != japanese
