"""What a director says about the columns of a table: the mapping, as data.

Columns are known by their place, for headers may repeat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Role(StrEnum):
    """What a column is for. A column without a role is only preserved; one may be input and fill at once."""

    KEY = "key"
    TITLE = "title"
    INPUT = "input"
    FILL = "fill"


@dataclass(frozen=True, slots=True)
class Rules:
    """What may stand in a column that is filled. Lengths in characters, `max_bytes` in CP932."""

    required: bool = False
    max_chars: int | None = None
    max_bytes: int | None = None
    allowed: tuple[str, ...] = ()
    digits: bool = False
    pattern: str = ""

    def as_json(self) -> dict[str, Any]:
        raw = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in raw.items() if value
        }


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is what answers and templates call it; an input may go without."""

    index: int
    header: str
    roles: frozenset[Role] = frozenset()
    name: str = ""
    rules: Rules = Rules()

    def as_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "header": self.header,
            "roles": sorted(self.roles),
            "name": self.name,
            "rules": self.rules.as_json(),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        rules = dict(raw["rules"])
        rules["allowed"] = tuple(rules.get("allowed", ()))
        return cls(
            raw["index"], raw["header"], frozenset(map(Role, raw["roles"])), raw["name"], Rules(**rules)
        )


@dataclass(frozen=True, slots=True)
class Table:
    """How a table is read. `kind`: csv, tsv or xlsx; `together`: rows with the same key are one unit.

    `header_row`: where the header stood, from 1. It may stand elsewhere in the next file, under other titles.
    """

    kind: str
    encoding: str
    header: tuple[str, ...]
    columns: tuple[Column, ...]
    sheet: str = ""
    together: bool = False
    header_row: int = 1

    def having(self, role: Role) -> list[Column]:
        return [column for column in self.columns if role in column.roles]

    @property
    def key(self) -> Column:
        return self.having(Role.KEY)[0]

    def names(self) -> dict[str, int]:
        """Logical name -> index, of the columns that have a name."""
        return {column.name: column.index for column in self.columns if column.name}


def doubled(header: Sequence[str]) -> frozenset[str]:
    """Return the names that a header holds more than once."""
    return frozenset(name for name in header if header.count(name) > 1)
