"""The two plain lists of a template version: what the worker is shown, and what the reviewer looks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Invalid
from tasks.answers.form import MAX_LABEL, NAME
from tasks.answers.problems import Problems
from tasks.answers.texts import LocalText, parse_local_text, shown_name

INPUT_KINDS = ("text", "html", "list", "money", "images", "options")
MAX_ENTRIES = 100
_ITEM_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MESSAGES = {
    "not_a_list": _("This must be a JSON list of at most {max} entries."),
    "unknown_key": _("Entry {number}: unknown or missing parts. Expected are {keys}."),
    "bad_name": _("Entry {number}: “{name}” cannot be used as a name here."),
    "doubled": _("Entry {number}: “{name}” appears twice."),
    "unknown_kind": _("Entry {number}: the kind must be one of {kinds}."),
    "bad_label": _("Entry {number}: a label in Japanese or English of at most {max} characters is needed."),
}


@dataclass(frozen=True, slots=True)
class Input:
    """One logical value of the source that the worker sees. `kind` says how to show it."""

    name: str
    kind: str
    label: LocalText


def logical_name(kind: str, name: str) -> str:
    """Under which name a unit's values hold what an input shows."""
    return "images" if kind == "images" else name


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One thing a reviewer looks for; a rejection cites its `id`."""

    id: str
    label: LocalText


class InputsRefused(Invalid):
    """The input fields of a template are badly defined."""


class ChecklistRefused(Invalid):
    """The review checklist of a template is badly defined."""


def parse_inputs(raw: object) -> list[Input]:
    """Read `[{"name", "kind", "label"}]`. Raises InputsRefused (code `inputs_invalid`)."""
    problems = Problems(_MESSAGES)
    entries = _entries(raw, {"name", "kind", "label"}, problems)
    for number, entry in entries:
        if entry["kind"] not in INPUT_KINDS:
            problems.add(str(number), "unknown_kind", number=number, kinds=", ".join(INPUT_KINDS))
    names = _names(entries, "name", NAME, problems)
    labels = [_label(entry["label"], number, problems) for number, entry in entries]
    if problems:
        raise InputsRefused(
            "inputs_invalid", _("The input fields cannot be used as they are."), fields=problems.found
        )
    kinds = [str(entry["kind"]) for _number, entry in entries]
    return [Input(*parts) for parts in zip(names, kinds, labels, strict=True)]


def parse_checklist(raw: object) -> list[ChecklistItem]:
    """Read `[{"id", "label"}]`. Raises ChecklistRefused (code `checklist_invalid`)."""
    problems = Problems(_MESSAGES)
    entries = _entries(raw, {"id", "label"}, problems)
    ids = _names(entries, "id", _ITEM_ID, problems)
    labels = [_label(entry["label"], number, problems) for number, entry in entries]
    if problems:
        message: Promise | str = _("The review checklist cannot be used as it is.")
        raise ChecklistRefused("checklist_invalid", message, fields=problems.found)
    return [ChecklistItem(*parts) for parts in zip(ids, labels, strict=True)]


def _entries(raw: object, keys: set[str], problems: Problems) -> list[tuple[int, Mapping[str, Any]]]:
    """The entries with exactly these keys, numbered from 1."""
    if not isinstance(raw, list) or len(raw) > MAX_ENTRIES:
        problems.add("", "not_a_list", max=MAX_ENTRIES)
        return []
    entries: list[tuple[int, Mapping[str, Any]]] = []
    for number, entry in enumerate(raw, 1):
        if isinstance(entry, Mapping) and set(entry) == keys:
            entries.append((number, entry))
        else:
            problems.add(str(number), "unknown_key", number=number, keys=", ".join(sorted(keys)))
    return entries


def _names(
    entries: list[tuple[int, Mapping[str, Any]]], key: str, rule: re.Pattern[str], problems: Problems
) -> list[str]:
    names: list[str] = []
    for number, entry in entries:
        name = entry[key]
        if not isinstance(name, str) or not rule.fullmatch(name):
            problems.add(str(number), "bad_name", number=number, name=shown_name(name))
        elif name in names:
            problems.add(str(number), "doubled", number=number, name=name)
        names.append(str(name))
    return names


def _label(raw: object, number: int, problems: Problems) -> LocalText:
    try:
        label = parse_local_text(raw)
    except ValueError:
        label = LocalText()
    if not label or max(len(label.ja), len(label.en)) > MAX_LABEL:
        problems.add(str(number), "bad_label", number=number, max=MAX_LABEL)
    return label
