"""Column layouts of shop files, dated data in `layouts/`: a new spelling needs a file, not a program."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Layout:
    """One dialect. `checked` is the day the header was last compared with the platform's own files."""

    dialect: str
    checked: date
    required: tuple[str, ...]
    html: frozenset[str]
    header: tuple[str, ...]
    columns: dict[str, str]  # logical name -> header

    def known(self, header: Sequence[str]) -> int:
        """Return how many of a file's headers this layout knows."""
        return len(set(header) & set(self.header))


@cache
def product_layouts() -> tuple[Layout, ...]:
    """Return the layouts of product files, the most recently checked first."""
    folder = resources.files("exchange") / "layouts"
    found = [
        _parse(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.startswith("shopify_products_") and entry.name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda layout: layout.checked, reverse=True))


def _parse(text: str) -> Layout:
    data = tomllib.loads(text)
    return Layout(
        dialect=data["dialect"],
        checked=data["checked"],
        required=tuple(data["required"]),
        html=frozenset(data["html"]),
        header=tuple(data["header"]),
        columns=data["columns"],
    )
