"""Keyset pages: the same cost at any depth, and no row twice when rows arrive meanwhile."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from kernel.errors import Invalid

T = TypeVar("T", bound=Model)
# Far above any cursor given out.
CURSOR_MAX = 2000


class CursorInvalid(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "cursor_invalid", _("This page address is not valid. Start again from the first page.")
        )


@dataclass(frozen=True)
class Page(Generic[T]):
    items: list[T]
    next: str | None


def page(queryset: QuerySet[T], *, key: Sequence[str], after: str | None, limit: int) -> Page[T]:
    """One page of `queryset`, ordered by `key` (field names, all with "-" or all without; the last unique).

    `after` is the `next` of the page before. Raises `CursorInvalid`.
    """
    fields = [name.lstrip("-") for name in key]
    descending = key[0].startswith("-")
    rows = queryset.order_by(*key)
    if after:
        rows = _after(rows, _beyond(fields, _decode(after, len(fields)), descending))
    items = list(rows[: limit + 1])
    more = len(items) > limit
    items = items[:limit]
    return Page(items, _encode([_value(items[-1], name) for name in fields]) if more else None)


def _after(rows: QuerySet[T], beyond: Q) -> QuerySet[T]:
    try:
        return rows.filter(beyond)
    except (TypeError, ValueError, ValidationError) as error:
        # Well-formed, but a text where a number belongs.
        raise CursorInvalid() from error


def _beyond(fields: list[str], values: list[Any], descending: bool) -> Q:
    """The rows after `values`; the plain bound on the first field lets the index seek."""
    op = "lt" if descending else "gt"
    if len(fields) == 1:
        return Q(**{f"{fields[0]}__{op}": values[0]})
    first = Q(**{f"{fields[0]}__{op}e": values[0]})
    return first & (Q(**{f"{fields[0]}__{op}": values[0]}) | _beyond(fields[1:], values[1:], descending))


def _value(row: Model, path: str) -> Any:
    value: Any = row
    for part in path.split("__"):
        value = getattr(value, part)
    return value


def _encode(values: list[Any]) -> str:
    plain = [{"t": v.isoformat()} if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(cursor: str, size: int) -> list[Any]:
    if len(cursor) > CURSOR_MAX:
        raise CursorInvalid()
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_moment(v["t"]) if isinstance(v, dict) else v for v in raw]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CursorInvalid() from error
    plain = all(isinstance(v, (str, int, datetime)) and not isinstance(v, bool) for v in values)
    small = all(not isinstance(v, int) or abs(v) < 2**63 for v in values)
    stored = all(not isinstance(v, str) or _can_be_stored(v) for v in values)
    if len(values) != size or not plain or not small or not stored:
        raise CursorInvalid()
    return values


def _moment(text: str) -> datetime | None:
    moment = parse_datetime(text)
    return moment if moment is not None and moment.tzinfo is not None else None


def _can_be_stored(text: str) -> bool:
    """Databases refuse NUL and half a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
