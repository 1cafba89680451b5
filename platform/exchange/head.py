"""Which row of a table is its header: a title, a date and notes may stand above it."""

import re
from collections.abc import Callable, Sequence

from exchange.errors import FileRefused

# The header must stand in one of so many rows, and of those that hold something in one of so many.
HEAD_ROWS = 1_000
HEAD_FILLED = 50
# How far a header reaches over the rows behind it, how many of its cells have a name of their own, and how
# many of those are words. The second number is for tables where no row is that good.
_REACH = (0.9, 0.6)
_FILLED = 0.6
_DISTINCT = 0.7
_WORDS = 0.7
# What stands in a row of data rather than in a header: numbers, amounts, days, times.
_DATA = re.compile(r"[¥￥$+\-△▲]?\s*\d[\d\s.,:/\-年月日時分秒円%％]*")

Row = tuple[int, list[str]]  # number, cells
# Gets the first rows that hold something, and says which number the header has. Raises FileRefused.
Finder = Callable[[Sequence[Row]], int]


def is_filled(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)


def guess(rows: Sequence[Row]) -> int:
    """The first row that looks like a header: words, hardly one twice, as wide as what comes behind it."""
    widths = [_width(cells) for _number, cells in rows]
    for reach in _REACH:
        for place, (number, cells) in enumerate(rows):
            if _looks_like_header(cells, widths[place + 1 :], reach):
                return number
    return rows[0][0]


def _looks_like_header(cells: Sequence[str], behind: Sequence[int], reach: float) -> bool:
    """`behind`: the widths of the rows behind it."""
    names = [cell.strip() for cell in cells if cell.strip()]
    width = _width(cells)
    words = sum(not _DATA.fullmatch(name) for name in names)
    return (
        len(names) >= 2
        and width >= reach * max(behind, default=0)
        and 2 * sum(one >= 2 for one in behind) >= len(behind)
        and len(names) >= _FILLED * width
        and len(set(names)) >= _DISTINCT * len(names)
        and words >= _WORDS * len(names)
    )


def _width(cells: Sequence[str]) -> int:
    return next((n for n in range(len(cells), 0, -1) if cells[n - 1].strip()), 0)


def named(number: int) -> Finder:
    """The row that a person named."""

    def find(rows: Sequence[Row]) -> int:
        if all(number != one for one, _cells in rows):
            raise FileRefused("header_row_wrong", number=number)
        return number

    return find


def known(header: Sequence[str], number: int) -> Finder:
    """The row that spells exactly this header, `number` before others; else the one that is most like it."""

    def find(rows: Sequence[Row]) -> int:
        exact = [one for one, cells in rows if cells == list(header)]
        if exact:
            return number if number in exact else exact[0]
        names = {name for name in header if name.strip()}
        common, like = max((len(names.intersection(cells)), -one) for one, cells in rows)
        return -like if common else guess(rows)

    return find
