"""Reads what somebody says of an operation: typed into a form, sent as JSON, or a cell of a file."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel.errors import FieldProblem, Text
from tasks.answers.texts import is_storable
from tasks.operations import DataClass, Group

NAME_MAX = 100
TEMPLATE_MAX = 60
VOLUME_MAX = 1_000_000
MINUTES_MAX = 10_080
PRICE_MAX = 1_000_000
WAGE_MAX = 100_000
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
# "1,200" is one number, "1,2" is none.
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_TICKED = {True: True, False: False, "1": True, "true": True, "": False, "0": False, "false": False}

MESSAGES: dict[str, Text] = {
    "not_a_number": _("Give a number, such as 120 or 2.5."),
    "not_whole": _("Give a whole number."),
    "too_fine": _("Give at most two decimals."),
    "out_of_range": _("Give a number from {low} to {high}."),
    "required": _("This is missing."),
    "too_long": _("Give a name of at most {max} characters."),
    "unstorable": _("This text holds characters that cannot be stored (NUL or half of a character)."),
    "unknown": _("This is none of the values that can be chosen."),
    "not_own": _("Only an operation that you added yourself has a name and a heading of its own."),
    "name_taken": _("Another operation has this name."),
    "template_unknown": _("There is no such template with a version."),
    "template_taken": _("This template already stands for “{operation}”."),
}


class Wrong(ValueError):
    """One value cannot be used: a code of `MESSAGES` and what its text names."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def at(self, field: str) -> FieldProblem:
        text = MESSAGES[self.code]
        return FieldProblem(field, self.code, str(text).format(**self.params) if self.params else text)


def number(raw: object, *, low: int = 0, high: int, decimals: int = 0) -> Decimal | None:
    """A number from `low` to `high`; None for nothing. Full-width digits and "1,200" are understood.

    Raises `Wrong`.
    """
    if raw is None or isinstance(raw, bool):
        text = "" if raw is None else "?"
    else:
        text = unicodedata.normalize("NFKC", str(raw)).strip()
    if not text:
        return None
    plain = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    if not _NUMBER.fullmatch(plain):
        raise Wrong("out_of_range" if _below_zero(plain) else "not_a_number", low=low, high=f"{high:,}")
    found = Decimal(plain)
    if found != round(found, decimals):
        raise Wrong("too_fine" if decimals else "not_whole")
    if not low <= found <= high:
        raise Wrong("out_of_range", low=low, high=f"{high:,}")
    return found


def _below_zero(text: str) -> bool:
    return text[:1] in ("-", "−") and bool(_NUMBER.fullmatch(text[1:]))


def _whole(high: int) -> Callable[[object], int | None]:
    def read(raw: object) -> int | None:
        found = number(raw, high=high)
        return None if found is None else int(found)

    return read


def _decimal(high: int) -> Callable[[object], Decimal | None]:
    return lambda raw: number(raw, high=high, decimals=2)


def _ticked(raw: object) -> bool:
    if isinstance(raw, bool | str) and raw in _TICKED:
        return _TICKED[raw]
    raise Wrong("unknown")


def _maybe(raw: object) -> bool | None:
    """Core, non-core, or (nothing) as the catalogue has it."""
    return None if raw in (None, "") else _ticked(raw)


def _one_of(values: list[str]) -> Callable[[object], str]:
    def read(raw: object) -> str:
        text = "" if raw is None else raw
        if isinstance(text, str) and text in ("", *values):
            return text
        raise Wrong("unknown")

    return read


def _text(most: int) -> Callable[[object], str]:
    def read(raw: object) -> str:
        text = "" if raw is None else raw
        if not isinstance(text, str):
            raise Wrong("unknown")
        text = " ".join(text.split())
        if len(text) > most:
            raise Wrong("too_long", max=most)
        if not is_storable(text):
            raise Wrong("unstorable")
        return text

    return read


READERS: Mapping[str, Callable[[object], Any]] = {
    "volume": _whole(VOLUME_MAX),
    "minutes": _decimal(MINUTES_MAX),
    "price": _decimal(PRICE_MAX),
    "core": _maybe,
    "pii": _one_of(list(DataClass.values)),
    "hidden": _ticked,
    "template": _text(TEMPLATE_MAX),
    "name": _text(NAME_MAX),
    "group": _one_of(list(Group.values)),
}


def read_values(raw: Mapping[str, object], problems: list[FieldProblem], lead: str = "") -> dict[str, Any]:
    """The values that can be used; what cannot be is added to `problems`, its field after `lead`."""
    found: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            found[name] = READERS[name](value)
        except Wrong as wrong:
            problems.append(wrong.at(lead + name))
    return found
