"""The catalogue of store operations: a data file, read and proven once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from django.db import models
from django.utils.translation import pgettext_lazy

from tasks.answers.texts import LocalText, parse_local_text


class Group(models.TextChoices):
    """The headings of the catalogue."""

    LISTING = "listing", pgettext_lazy("operations", "Listing")
    ORDERS = "orders", pgettext_lazy("operations", "Order handling")
    SUPPORT = "support", pgettext_lazy("operations", "Support")
    CORE = "core", pgettext_lazy("operations", "Core areas")


class DataClass(models.TextChoices):
    """Which personal data an operation sees (rule 8 of the product)."""

    P0 = "P0", pgettext_lazy("data class", "P0: no personal data")
    P1 = "P1", pgettext_lazy("data class", "P1: order number and items")
    P2 = "P2", pgettext_lazy("data class", "P2: name and address, partly masked")
    P3 = "P3", pgettext_lazy("data class", "P3: everything")


class WorkForm(models.TextChoices):
    """The usual form in which an operation is handed over."""

    TASK = "task", pgettext_lazy("form of work", "Tasks")
    PROJECT = "project", pgettext_lazy("form of work", "Project")
    CONTEST = "contest", pgettext_lazy("form of work", "Contest")
    STAFF = "staff", pgettext_lazy("form of work", "Own staff")


class Area(StrEnum):
    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Price:
    """Yen to the worker for one unit, from `low` to `high`."""

    low: Decimal
    high: Decimal

    @property
    def mid(self) -> Decimal:
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of store work. `minutes` per unit and `volume` in units a month are estimates.

    `price` is per unit; `per_character` where it was made of that and the estimated `characters` of a unit.
    `template`: the key of the shipped template that does it. `keep`: why a core area stays in the shop.
    """

    slug: str
    number: int | None
    group: Group
    area: Area
    core: bool
    pii: DataClass
    forms: tuple[WorkForm, ...]
    name: LocalText
    unit: LocalText
    inputs: LocalText
    output: LocalText
    checks: LocalText
    minutes: Decimal
    volume: int
    price: Price | None
    per_character: Price | None
    characters: int | None
    template: str
    keep: LocalText


TEXTS = ("name", "unit", "inputs", "output", "checks")


@cache
def catalogue() -> Mapping[str, Operation]:
    """Slug → operation, in the order of the file. Raises ValueError naming what is wrong with the file."""
    text = files(__name__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    return read_catalogue(text)


def read_catalogue(text: str) -> Mapping[str, Operation]:
    found: dict[str, Operation] = {}
    for raw in tomllib.loads(text, parse_float=Decimal)["operation"]:
        slug = raw.get("slug", "?")
        try:
            one = _operation(raw)
        except (KeyError, ValueError, TypeError) as wrong:
            raise ValueError(f"operation {slug}: {wrong!r}") from wrong
        if slug in found:
            raise ValueError(f"operation {slug}: twice")
        found[slug] = one
    return found


def _operation(raw: Mapping[str, Any]) -> Operation:
    estimate = raw["estimate"]
    characters = estimate.get("characters")
    price = _price(raw["price"]) if "price" in raw else None
    per_character = price if price and raw["price"]["per"] == "character" else None
    if (per_character is None) != (characters is None):
        raise ValueError("characters and a price per character go together")
    one = Operation(
        slug=raw["slug"],
        number=raw.get("number"),
        group=Group(raw["group"]),
        area=Area(raw["area"]),
        core=raw["core"],
        pii=DataClass(raw["pii"]),
        forms=tuple(map(WorkForm, raw["forms"])),
        minutes=Decimal(estimate["minutes"]),
        volume=estimate["volume"],
        price=_times(per_character, characters) if per_character else price,
        per_character=per_character,
        characters=characters,
        template=raw.get("template", ""),
        keep=parse_local_text(raw.get("keep", {})),
        **{name: parse_local_text(raw[name]) for name in TEXTS},
    )
    _prove(one)
    return one


def _price(raw: Mapping[str, Any]) -> Price:
    if raw["per"] not in ("unit", "character"):
        raise ValueError("price is per unit or per character")
    return Price(Decimal(raw["low"]), Decimal(raw["high"]))


def _times(price: Price, characters: int) -> Price:
    return Price(price.low * characters, price.high * characters)


def _prove(one: Operation) -> None:
    texts = [getattr(one, name) for name in TEXTS] + ([one.keep] if one.core else [])
    if not all(text.ja and text.en for text in texts):
        raise ValueError("a text lacks a language")
    if one.price and not 0 < one.price.low <= one.price.high:
        raise ValueError("the price range is empty")
    if one.minutes <= 0 or one.volume <= 0 or not one.forms:
        raise ValueError("minutes, volume or forms are missing")
    if one.core == bool(one.price) or one.core != (one.group == Group.CORE):
        raise ValueError("core areas have no price, everything else has one")
