"""The templates that come with the product: data files, read and proven here."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from tasks.answers.checks import parse_checks
from tasks.answers.lists import parse_checklist, parse_inputs
from tasks.answers.schema import parse_form
from tasks.answers.texts import LocalText, parse_local_text

# In the order in which people read them within their area.
_NAMES = (
    "product_copy",
    "title_rewrite",
    "catch_copy",
    "translation",
    "attribute_fill",
    "spec_extraction",
    "category_mapping",
    "variation_matrix",
    "background_removal",
    "image_alt",
    "price_update",
    "sale_period",
    "stock_update",
    "competitor_price",
    "listing_audit",
    "delisting",
)


class Area(StrEnum):
    """What kind of work a template is, in the order in which choices show them."""

    TEXT = "text"
    ATTRIBUTES = "attributes"
    PICTURES = "pictures"
    PRICE_STOCK = "price-stock"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class ShippedTemplate:
    """One shipped template. The lists and dicts are ready to be stored as JSON.

    `defaults`: `reward` (yen per answer), `lease_minutes`, `typical_minutes`, `answers_per_task`,
    `per_worker_cap`, `auto_approve_days`.
    """

    key: str
    area: Area
    title: LocalText
    summary: LocalText
    manual: LocalText
    inputs: list[dict[str, Any]]
    form: dict[str, Any]
    checks: list[dict[str, Any]]
    checklist: list[dict[str, Any]]
    defaults: dict[str, int]


@cache
def load_shipped() -> tuple[ShippedTemplate, ...]:
    """All shipped templates. Raises FormRefused, ChecksRefused and their like when a data file is wrong."""
    return tuple(_load(name) for name in _NAMES)


def position(key: str) -> int:
    """Where a shipped template stands among all; behind them for one that no longer ships."""
    keys = [template.key for template in load_shipped()]
    return keys.index(key) if key in keys else len(keys)


def _load(name: str) -> ShippedTemplate:
    folder = files(__name__)
    raw = tomllib.loads(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    form = parse_form(raw["form"])
    checks = [_with_words(check) for check in raw["checks"]]
    parse_checks(checks, form)
    parse_inputs(raw["inputs"])
    parse_checklist(raw["checklist"])
    manuals = {
        lang: folder.joinpath(f"{name}.{lang}.md").read_text(encoding="utf-8") for lang in ("ja", "en")
    }
    return ShippedTemplate(
        key=raw["key"],
        area=Area(raw["area"]),
        title=parse_local_text(raw["title"]),
        summary=parse_local_text(raw["summary"]),
        manual=LocalText(**manuals),
        inputs=raw["inputs"],
        form=form.as_json(),
        checks=checks,
        checklist=raw["checklist"],
        defaults=raw["defaults"],
    )


def _with_words(check: dict[str, Any]) -> dict[str, Any]:
    """The check with each `@name` among its words replaced by the list of that name in `words.toml`."""
    if "words" not in check:
        return check
    lists = _word_lists()
    named = (lists[word[1:]] if word.startswith("@") else [word] for word in check["words"])
    return check | {"words": list(dict.fromkeys(word for words in named for word in words))}


@cache
def _word_lists() -> dict[str, list[str]]:
    return tomllib.loads(files(__name__).joinpath("words.toml").read_text(encoding="utf-8"))
