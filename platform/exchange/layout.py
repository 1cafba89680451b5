"""Column layouts of shop files, dated data in `layouts/`: a new spelling needs a file, not a program.

How to read one stands at `Layout`. Columns are named logically (`title`, `price`), so that work does not
depend on a mall's spelling; `{n}` in a name stands for 1, 2, 3 and so on as far as the header has such
columns.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from exchange.encodings import UTF8

NUMBER = "{n}"
# What a row above the data is: the column names that count, labels beside them, or the platform's own line.
NAMES, LABELS, TEMPLATE = "names", "labels", "template"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a text of a column may be: `bytes` in CP932, `full_width` characters (half-width: half)."""

    bytes: int | None = None
    full_width: int | None = None
    chars: int | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """How rows form units, in logical names; `others` are headers.

    `together`: rows with the same key are one unit. `variant`: the column that only variants' rows fill, and
    `others` those that only further kinds of rows do. Cells of `of_variants` count on variants' rows alone,
    all others on the unit's first row alone; without `variant` every row is a variant's if it has what one
    needs. `repeated` stand on every row of a unit alike.

    `parent`: on the rows of variants, what names the unit's row: a prefix and the cell of that row, for one
    of the columns in `parent_names` (column -> prefix).
    """

    together: bool = True
    variant: str = ""
    others: tuple[str, ...] = ()
    of_variants: frozenset[str] = frozenset()
    repeated: tuple[str, ...] = ()
    parent: str = ""
    parent_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """One dialect of one format. Columns are given by logical name unless said otherwise.

    `checked` is the day the header was last compared with the platform's own files. `encodings`: the one that
    the platform writes first. `header_rows`: what the rows above the data are, see `NAMES`. `key`: what names
    a unit, the first of these that every unit fills. `marks`: headers that nobody else writes; a file with
    `marks_needed` of them is recognised, without marks by its key.

    The key and `kept` are in every update file, first and in this order if `kept_first`; `variant_kept` go
    along when a variant's cell changes. `blocks`: patterns of headers; the platform replaces all columns of a
    block when a file has one. `updates_in`: the dialect whose headers an update file is written with.
    `file_rows`: how many rows the platform takes in one file. `pictures` and `picture_alts` are headers;
    `picture_prefix` goes before what stands there.
    """

    format: str
    dialect: str
    checked: date
    encodings: tuple[str, ...]
    delimiter: bytes
    ending: str
    header_rows: tuple[str, ...]
    key: tuple[str, ...]
    title: str
    required: tuple[str, ...]
    html: frozenset[str]
    marks: frozenset[str]
    marks_needed: int
    kept: tuple[str, ...]
    kept_first: bool
    variant_kept: tuple[str, ...]
    blocks: tuple[re.Pattern[str], ...]
    updates_in: str
    file_rows: int | None
    rows: Rows
    pictures: tuple[str, ...]
    picture_alts: tuple[str, ...]
    picture_prefix: str
    limits: Mapping[str, Limit]
    header: tuple[str, ...]
    columns: dict[str, str]  # logical name -> header

    def known(self, header: Sequence[str]) -> int:
        """Return how many of a file's headers this layout knows."""
        return len(set(header) & set(self.header))


@cache
def product_layouts(format: str = "") -> tuple[Layout, ...]:
    """Return the layouts of product files, of one format or of all, the most recently checked first."""
    folder = resources.files("exchange") / "layouts"
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    found = [_parse(entry.read_text(encoding="utf-8")) for entry in entries if entry.name.endswith(".toml")]
    some = [layout for layout in found if format in ("", layout.format)]
    return tuple(sorted(some, key=lambda layout: layout.checked, reverse=True))


def layout_of(format: str, dialect: str) -> Layout:
    """Return one layout by its names. Raises StopIteration for one that is not there."""
    return next(layout for layout in product_layouts(format) if layout.dialect == dialect)


def _parse(text: str) -> Layout:
    data = tomllib.loads(text)
    header = tuple(data["header"])
    columns = _numbered(data["columns"], header)
    pictures = data.get("pictures", {})
    return Layout(
        format=data["format"],
        dialect=data["dialect"],
        checked=data["checked"],
        encodings=tuple(data.get("encodings", [UTF8])),
        delimiter=data.get("delimiter", ",").encode(),
        ending=data.get("ending", "csv"),
        header_rows=tuple(data.get("header_rows", [NAMES])),
        key=tuple(data["key"]),
        title=data["title"],
        required=tuple(data["required"]),
        html=frozenset(_among(data["html"], columns)),
        marks=frozenset(data.get("marks", [])),
        marks_needed=data.get("marks_needed", 0),
        kept=tuple(data["kept"]),
        kept_first=data.get("kept_first", False),
        variant_kept=tuple(data.get("variant_kept", [])),
        blocks=tuple(map(re.compile, data.get("blocks", []))),
        updates_in=data.get("updates_in", data["dialect"]),
        file_rows=data.get("file_rows"),
        rows=_rows(data["rows"], columns),
        pictures=tuple(_among(pictures.get("columns", []), header)),
        picture_prefix=pictures.get("prefix", ""),
        picture_alts=tuple(_among(pictures.get("alts", []), header)),
        limits={name: Limit(**limit) for name, limit in data.get("limits", {}).items()},
        header=header,
        columns=columns,
    )


def _rows(data: dict[str, Any], columns: Mapping[str, str]) -> Rows:
    return Rows(
        together=data["together"],
        variant=data.get("variant", ""),
        others=tuple(data.get("others", [])),
        of_variants=frozenset(_among(data.get("of_variants", []), columns)),
        repeated=tuple(data.get("repeated", [])),
        parent=data.get("parent", ""),
        parent_names=data.get("parent_names", {}),
    )


def _among(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names, those with a number as often as they are known."""
    there = set(known)
    return [one for name in names for one, _number in _series(name, there)]


def _numbered(columns: Mapping[str, str], header: Iterable[str]) -> dict[str, str]:
    there = set(header)
    return {
        name.replace(NUMBER, number): spelt
        for name, column in columns.items()
        for spelt, number in _series(column, there)
    }


def _series(name: str, known: set[str]) -> list[tuple[str, str]]:
    """A name with each number that is known, and the number; a name without one as it stands."""
    if NUMBER not in name:
        return [(name, "")]
    found: list[tuple[str, str]] = []
    while (one := name.replace(NUMBER, str(len(found) + 1))) in known:
        found.append((one, str(len(found) + 1)))
    return found
