"""The pieces that every part of an answer form's JSON Schema is read from: keys, names, texts, limits."""

import datetime
import math
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tasks.answers.form import (
    CHOICE_KINDS,
    LIMITS,
    MAX_LABEL,
    MAX_NUMBER,
    MAX_OPTIONS,
    MAX_ROWS,
    MAX_STRING,
    NAME,
    Field,
    FieldKind,
    Option,
)
from tasks.answers.problems import Problems
from tasks.answers.texts import LocalText, is_storable, parse_local_text, shown_name

MESSAGES = {
    "not_an_object": _("This must be a JSON object."),
    "unknown_key": _("“{key}” is not known here."),
    "wrong_value": _("“{key}” cannot have this value here."),
    "no_fields": _("A form needs at least one field."),
    "too_many_fields": _("A form has at most {max} fields."),
    "no_columns": _("Repeated rows need at least one column."),
    "too_many_columns": _("Repeated rows have at most {max} columns."),
    "too_many_cells": _("The repeated rows of this form are too large: fewer rows, columns or options."),
    "bad_name": _(
        "“{name}” cannot be a field name. Use small letters, digits and _, starting with a letter, "
        "at most 63 characters."
    ),
    "unknown_kind": _("This is none of the kinds of field that a form can have."),
    "unknown_column_kind": _("This is none of the kinds of field that a row can have."),
    "unknown_field": _("“{name}” is not a field of this form."),
    "doubled": _("“{name}” appears twice."),
    "incomplete_order": _("x-order must name every field once."),
    "label_missing": _("Every field needs a label."),
    "not_texts": _("Texts are given as {{“ja”: …, “en”: …}}."),
    "unknown_language": _("Only “ja” and “en” can be used."),
    "not_text": _("This must be text."),
    "unreadable": _("This text holds characters that cannot be stored."),
    "too_long": _("This text may have at most {max} characters."),
    "no_options": _("A choice needs at least one value."),
    "too_many_options": _("A choice has at most {max} values."),
    "column_doubled": _("Two fields fill the same column “{name}”."),
    "bad_limit": _("“{key}” must be a number that makes sense here."),
    "limits_crossed": _("The smallest value is above the largest."),
    "bad_condition": _("A condition names a field and the values at which this one is asked."),
    "condition_not_earlier": _("A condition can only look at an earlier field; “{name}” is none."),
    "condition_wrong_kind": _(
        "A condition can look at a choice, a number, a date or a single line; “{name}” is none of these."
    ),
    "condition_value": _("“{name}” can never hold this value."),
}


class Parts:
    """Reads pieces; every problem is noted at its path."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def keys(self, path: str, raw: Mapping[Any, Any], allowed: set[str]) -> None:
        for key in raw:
            if key not in allowed:
                self.problems.add(path, "unknown_key", key=shown_name(key))

    def names(self, path: str, key: str, raw: object, properties: Mapping[str, Any]) -> list[str]:
        """A list of names of `properties`, each once, found at `key`."""
        if not isinstance(raw, list):
            self.problems.add(path + key, "wrong_value", key=key)
            return []
        names: list[str] = []
        for name in raw:
            if not isinstance(name, str) or name not in properties:
                self.problems.add(path + key, "unknown_field", name=shown_name(name))
            elif name in names:
                self.problems.add(path + key, "doubled", name=name)
            else:
                names.append(name)
        return names

    def order(self, path: str, raw: object, properties: Mapping[str, Any]) -> list[str]:
        if raw is None:
            return list(properties)
        order = self.names(path, "x-order", raw, properties)
        if len(order) < len(properties):
            self.problems.add(f"{path}x-order", "incomplete_order")
        return order + [name for name in properties if name not in order]

    def text(self, path: str, raw: object, longest: int) -> LocalText:
        if raw is None:
            return LocalText()
        try:
            text = parse_local_text(raw)
        except ValueError as error:
            self.problems.add(path, str(error))
            return LocalText()
        if max(len(text.ja), len(text.en)) > longest:
            self.problems.add(path, "too_long", max=longest)
        return text

    def name(self, path: str, prop: Mapping[str, Any], key: str) -> str | None:
        """A logical name such as a column of the source, or None."""
        found = prop.get(key)
        if found is None:
            return None
        if not isinstance(found, str) or not NAME.fullmatch(found):
            self.problems.add(f"{path}.{key}", "wrong_value", key=key)
            return None
        return found

    def flag(self, path: str, prop: Mapping[str, Any], key: str) -> bool:
        found = prop.get(key, False)
        if not isinstance(found, bool):
            self.problems.add(f"{path}.{key}", "wrong_value", key=key)
        return found is True

    def options(self, path: str, prop: Mapping[str, Any], kind: FieldKind) -> tuple[Option, ...]:
        if kind is FieldKind.CHOICE:
            return self._option_list(path, prop.get("enum"), prop.get("x-labels", {}))
        if kind is not FieldKind.CHOICES:
            return ()
        if prop.get("uniqueItems", True) is not True:
            self.problems.add(path, "wrong_value", key="uniqueItems")
        items = prop.get("items")
        if not isinstance(items, Mapping) or items.get("type") != "string" or set(items) - {"type", "enum"}:
            self.problems.add(f"{path}.items", "wrong_value", key="items")
            return ()
        return self._option_list(path, items.get("enum"), prop.get("x-labels", {}))

    def _option_list(self, path: str, values: object, labels: object) -> tuple[Option, ...]:
        if not isinstance(values, list) or not values:
            self.problems.add(f"{path}.enum", "no_options")
            return ()
        if len(values) > MAX_OPTIONS:
            self.problems.add(f"{path}.enum", "too_many_options", max=MAX_OPTIONS)
            return ()
        if not isinstance(labels, Mapping) or any(key not in values for key in labels):
            self.problems.add(f"{path}.x-labels", "wrong_value", key="x-labels")
            return ()
        options: list[Option] = []
        seen: set[str] = set()
        for value in values:
            if self._option_is_good(f"{path}.enum", value, seen):
                seen.add(value)
                label = self.text(f"{path}.x-labels", labels.get(value), MAX_LABEL)
                options.append(Option(value, label or LocalText(value, value)))
        return tuple(options)

    def _option_is_good(self, path: str, value: object, seen: set[str]) -> bool:
        if not isinstance(value, str) or not value.strip():
            self.problems.add(path, "not_text")
        elif len(value) > MAX_LABEL:
            self.problems.add(path, "too_long", max=MAX_LABEL)
        elif not is_storable(value) or not value.isprintable():
            self.problems.add(path, "unreadable")
        elif value in seen:
            self.problems.add(path, "doubled", name=value)
        else:
            return True
        return False

    def limits(self, path: str, prop: Mapping[str, Any], kind: FieldKind, keys: set[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, name in LIMITS.items():
            if key not in prop or key not in keys:
                continue
            if _is_limit(prop[key], key, kind):
                found[name] = prop[key]
            else:
                self.problems.add(f"{path}.{key}", "bad_limit", key=key)
        for low, high in (("min_length", "max_length"), ("minimum", "maximum"), ("min_items", "max_items")):
            if low in found and high in found and found[low] > found[high]:
                self.problems.add(path, "limits_crossed")
        return found


def _is_limit(value: object, key: str, kind: FieldKind) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if key in ("minimum", "maximum"):
        whole = kind is FieldKind.NUMBER or isinstance(value, int)
        return whole and -MAX_NUMBER <= value <= MAX_NUMBER
    if kind is FieldKind.ROWS:
        return isinstance(value, int) and (0 if key == "minItems" else 1) <= value <= MAX_ROWS
    return isinstance(value, int) and 0 <= value <= MAX_STRING


def can_hold(field: Field, value: object) -> bool:
    """Whether an answer to `field` can ever be `value`, so that a condition on it makes sense."""
    if field.kind in CHOICE_KINDS:
        return any(option.value == value for option in field.options)
    if isinstance(value, bool):
        return False
    if field.kind is FieldKind.INTEGER:
        return isinstance(value, int) and abs(value) <= MAX_NUMBER
    if field.kind is FieldKind.NUMBER:
        return isinstance(value, int | float) and math.isfinite(value) and abs(value) <= MAX_NUMBER
    if not isinstance(value, str):
        return False
    if field.kind is FieldKind.DATE:
        return _is_date(value)
    return value == value.strip() != "" and len(value) <= MAX_LABEL and value.isprintable()


def _is_date(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
