"""Which products of a file become units."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from exchange.products import Product
from exchange.table import Role
from kernel.errors import FieldProblem, Invalid
from tasks.domain.mappings import table_of
from tasks.models import Mapping as TableMapping

# Columns that a director can ask for as "missing".
MISSING_COLUMNS = (
    "description",
    "short_description",
    "catch_copy",
    "title",
    "seo_title",
    "seo_description",
    "tags",
    "type",
    "vendor",
    "category",
)
KEYS_AT_MOST = 100_000
_TAG = re.compile(r"<[^<>]*>|&nbsp;")


@dataclass(frozen=True)
class Selection:
    """`missing`: at least one of these columns is blank; `keys`: only these; `statuses`: e.g. active."""

    missing: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, raw: Any, columns: Sequence[str] = MISSING_COLUMNS) -> "Selection":
        """Reads `{"missing": [...], "keys": [...], "statuses": [...]}`; `Invalid` for anything else.

        `columns`: those that can be asked for as missing.
        """
        if not isinstance(raw, Mapping) or set(raw) - {"missing", "keys", "statuses"}:
            raise _refused("row_filter", _("A row filter knows missing, keys and statuses."))
        lists = {name: _texts(name, raw.get(name, [])) for name in ("missing", "keys", "statuses")}
        unknown = sorted(set(lists["missing"]) - set(columns))
        if unknown:
            message = _("“%(column)s” is not a column that can be asked for.") % {"column": unknown[0][:100]}
            raise _refused("row_filter.missing", message)
        return cls(
            tuple(lists["missing"]),
            frozenset(lists["keys"]),
            frozenset(status.lower() for status in lists["statuses"]),
        )

    def takes(self, product: Product) -> bool:
        if self.keys and product.key not in self.keys:
            return False
        if self.statuses and product.values.get("status", "").strip().lower() not in self.statuses:
            return False
        return not self.missing or any(is_missing(product, column) for column in self.missing)

    def as_json(self) -> dict[str, list[str]]:
        return {
            "missing": list(self.missing),
            "keys": sorted(self.keys),
            "statuses": sorted(self.statuses),
        }


def columns_of(mapping: TableMapping | None) -> tuple[str, ...]:
    """The columns that can be asked for as missing: a mapped table's are those that are filled."""
    if mapping is None:
        return MISSING_COLUMNS
    return tuple(column.name for column in table_of(mapping).having(Role.FILL))


def is_missing(product: Product, column: str) -> bool:
    """Blank, or HTML that shows nothing."""
    value = product.values.get(column, "")
    return not _TAG.sub("", value).strip()


def _texts(name: str, raw: Any) -> list[str]:
    values = [raw] if isinstance(raw, str) else raw
    if not isinstance(values, list) or len(values) > KEYS_AT_MOST:
        raise _refused(f"row_filter.{name}", _("Give a list of texts."))
    if not all(isinstance(value, str) and len(value) <= 255 for value in values):
        raise _refused(f"row_filter.{name}", _("Give a list of texts."))
    return values


def _refused(field: str, message: Any) -> Invalid:
    return Invalid(
        "row_filter_invalid",
        _("The choice of rows is not valid."),
        fields=[FieldProblem(field, "invalid", message)],
    )
