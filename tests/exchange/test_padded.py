"""Numbers that people see with leading zeros."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.padded import Padded, number_of, padded, pattern_of


@pytest.mark.parametrize(
    ("spelt", "pattern"),
    [
        ("00000", "00000"),
        ("0000000000000;-0", "0000000000000"),
        ("000\\-0000", "000-0000"),
        ('000"-"0000', "000-0000"),
        ("0", ""),
        ("General", ""),
        ("0.00", ""),
        ("#,##0", ""),
        ("yyyy-mm-dd", ""),
        ("0" * 20, ""),
    ],
)
def test_only_zeros_and_hyphens_pad(spelt: str, pattern: str) -> None:
    assert pattern_of(spelt) == pattern


@pytest.mark.parametrize(
    ("number", "pattern", "shown"),
    [
        (480, "00000", "00480"),
        (123456, "00000", "123456"),
        (1_500_001, "000-0000", "150-0001"),
        (0, "00", "00"),
    ],
)
def test_a_number_is_shown_as_the_workbook_shows_it(number: int, pattern: str, shown: str) -> None:
    assert str(Padded(number, pattern)) == shown
    assert number_of(shown, pattern) == number


@pytest.mark.parametrize("value", [1.5, -3, True, "00480", None, float("nan"), float("inf"), 1e15])
def test_other_values_are_not_padded(value: object) -> None:
    assert padded(value, "00000") is None


@pytest.mark.parametrize("text", ["480", "A0480", "0480-", "０0480", "", "1" * 16, "000480"])
def test_a_text_that_the_pattern_does_not_show_is_no_number(text: str) -> None:
    assert number_of(text, "00000") is None


@given(st.integers(0, 10**15 - 1), st.sampled_from(["00", "00000", "000-0000", "0000000000000"]))
def test_what_is_shown_reads_back(number: int, pattern: str) -> None:
    assert number_of(str(Padded(number, pattern)), pattern) == number
