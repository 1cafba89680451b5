"""Numbers that a workbook shows with leading zeros: codes, JAN and postal codes kept as numbers."""

import re
from typing import NamedTuple

# Zeros, perhaps with hyphens between them. Excel puts a backslash before a sign that it shows as it stands.
_PATTERN = re.compile(r"0[0-]*0")
_DIGITS_MAX = 15  # beyond them a workbook's numbers are not exact


class Padded(NamedTuple):
    """A number and the pattern in which it is shown."""

    number: int
    pattern: str

    def __str__(self) -> str:
        digits = list(str(self.number).zfill(self.pattern.count("0")))
        shown = [digits.pop() if mark == "0" else mark for mark in reversed(self.pattern)]
        return "".join([*digits, *reversed(shown)])


def pattern_of(number_format: str) -> str:
    """Return the pattern of a cell's number format; empty when it pads nothing."""
    first = number_format.split(";")[0].replace("\\", "").replace('"-"', "-")
    return first if _PATTERN.fullmatch(first) and first.count("0") <= _DIGITS_MAX else ""


def padded(value: object, pattern: str) -> Padded | None:
    """Return a cell's value as it is shown; None for what is no whole number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        return None
    return Padded(int(value), pattern) if 0 <= value < 10**_DIGITS_MAX else None


def number_of(text: str, pattern: str) -> int | None:
    """Return the number that is shown as exactly this text; None if no number is."""
    digits = text.replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX):
        return None
    found = Padded(int(digits), pattern)
    return found.number if str(found) == text else None
