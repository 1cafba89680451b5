"""The templates that come with the product: data files, read and proven here."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tasks.answers.checks import parse_checks
from tasks.answers.lists import parse_checklist, parse_inputs
from tasks.answers.schema import parse_form
from tasks.answers.texts import LocalText, parse_local_text

_NAMES = ("product_copy",)


@dataclass(frozen=True, slots=True)
class ShippedTemplate:
    """One shipped template. The lists and dicts are ready to be stored as JSON.

    `defaults`: `reward` (yen per answer), `lease_minutes`, `answers_per_task`, `per_worker_cap`,
    `auto_approve_days`.
    """

    key: str
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


def _load(name: str) -> ShippedTemplate:
    folder = files(__name__)
    raw = tomllib.loads(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    form = parse_form(raw["form"])
    parse_checks(raw["checks"], form)
    parse_inputs(raw["inputs"])
    parse_checklist(raw["checklist"])
    manuals = {
        lang: folder.joinpath(f"{name}.{lang}.md").read_text(encoding="utf-8") for lang in ("ja", "en")
    }
    return ShippedTemplate(
        key=raw["key"],
        title=parse_local_text(raw["title"]),
        summary=parse_local_text(raw["summary"]),
        manual=LocalText(**manuals),
        inputs=raw["inputs"],
        form=form.as_json(),
        checks=raw["checks"],
        checklist=raw["checklist"],
        defaults=raw["defaults"],
    )
