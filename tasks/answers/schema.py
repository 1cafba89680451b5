"""Reads a JSON Schema into a `Form`, or says for each place why it is outside the subset."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tasks.answers.form import (
    LIMITS,
    MAX_FIELDS,
    MAX_HELP,
    MAX_LABEL,
    MAX_NUMBER,
    MAX_OPTIONS,
    MAX_STRING,
    NAME,
    Field,
    FieldKind,
    Form,
    FormRefused,
    Option,
    kind_of,
)
from tasks.answers.problems import Problems
from tasks.answers.texts import LocalText, is_storable, parse_local_text, shown_name

__all__ = ["Field", "FieldKind", "Form", "FormRefused", "Option", "parse_form"]

_MESSAGES = {
    "not_an_object": _("This must be a JSON object."),
    "unknown_key": _("“{key}” is not known here."),
    "wrong_value": _("“{key}” cannot have this value here."),
    "no_fields": _("A form needs at least one field."),
    "too_many_fields": _("A form has at most {max} fields."),
    "bad_name": _(
        "“{name}” cannot be a field name. Use small letters, digits and _, starting with a letter, "
        "at most 63 characters."
    ),
    "unknown_kind": _("This is none of the kinds of field that a form can have."),
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
}
_TOP_KEYS = {"type", "properties", "required", "x-order", "additionalProperties"}
_TEXT_LIMITS = {"minLength", "maxLength"}
_COMMON_KEYS = {"type", "x-label", "x-help", "x-column"}
_OWN_KEYS: dict[FieldKind, set[str]] = {
    FieldKind.TEXT: _TEXT_LIMITS,
    FieldKind.LONG_TEXT: _TEXT_LIMITS | {"x-widget"},
    FieldKind.INTEGER: {"minimum", "maximum"},
    FieldKind.NUMBER: {"minimum", "maximum"},
    FieldKind.CHOICE: {"enum", "x-labels"},
    FieldKind.CHOICES: {"items", "uniqueItems", "minItems", "maxItems", "x-labels"},
    FieldKind.DATE: {"format"},
    FieldKind.IMAGE: {"format"},
}


def parse_form(schema: object) -> Form:
    """Read the schema of an answer form.

    Raises FormRefused (code `form_invalid`) whose `fields` name every place outside the subset.
    """
    problems = Problems(_MESSAGES)
    form = _Reader(problems).form(schema)
    if problems or form is None:
        raise FormRefused(
            "form_invalid", _("The answer form cannot be used as it is."), fields=problems.found
        )
    return form


class _Reader:
    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def form(self, schema: object) -> Form | None:
        if not isinstance(schema, Mapping):
            self.problems.add("", "not_an_object")
            return None
        self._keys("", schema, _TOP_KEYS)
        if schema.get("type") != "object":
            self.problems.add("type", "wrong_value", key="type")
        if schema.get("additionalProperties", False) is not False:
            self.problems.add("additionalProperties", "wrong_value", key="additionalProperties")
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            self.problems.add("properties", "no_fields")
            return None
        if len(properties) > MAX_FIELDS:
            self.problems.add("properties", "too_many_fields", max=MAX_FIELDS)
            return None
        required = set(self._names("required", schema.get("required", []), properties))
        order = self._order(schema.get("x-order"), properties)
        fields = [self.field(name, properties[name], name in required) for name in order]
        found = tuple(field for field in fields if field is not None)
        self._columns(found)
        return Form(found)

    def field(self, name: object, prop: object, required: bool) -> Field | None:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            self.problems.add("properties", "bad_name", name=shown_name(name))
            return None
        path = f"properties.{name}"
        if not isinstance(prop, Mapping):
            self.problems.add(path, "not_an_object")
            return None
        kind = kind_of(prop)
        if kind is None:
            self.problems.add(path, "unknown_kind")
            return None
        self._keys(path, prop, _COMMON_KEYS | _OWN_KEYS[kind])
        label = self._text(f"{path}.x-label", prop.get("x-label"), MAX_LABEL)
        if not label:
            self.problems.add(f"{path}.x-label", "label_missing")
        return Field(
            name=name,
            kind=kind,
            label=label,
            help=self._text(f"{path}.x-help", prop.get("x-help"), MAX_HELP),
            required=required,
            column=self._column(path, prop),
            options=self._options(path, prop, kind),
            **self._limits(path, prop, kind),
        )

    def _keys(self, path: str, raw: Mapping[Any, Any], allowed: set[str]) -> None:
        for key in raw:
            if key not in allowed:
                self.problems.add(path, "unknown_key", key=shown_name(key))

    def _names(self, path: str, raw: object, properties: Mapping[str, Any]) -> list[str]:
        if not isinstance(raw, list):
            self.problems.add(path, "wrong_value", key=path)
            return []
        names: list[str] = []
        for name in raw:
            if not isinstance(name, str) or name not in properties:
                self.problems.add(path, "unknown_field", name=shown_name(name))
            elif name in names:
                self.problems.add(path, "doubled", name=name)
            else:
                names.append(name)
        return names

    def _order(self, raw: object, properties: Mapping[str, Any]) -> list[str]:
        if raw is None:
            return list(properties)
        order = self._names("x-order", raw, properties)
        if len(order) < len(properties):
            self.problems.add("x-order", "incomplete_order")
        return order + [name for name in properties if name not in order]

    def _text(self, path: str, raw: object, longest: int) -> LocalText:
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

    def _column(self, path: str, prop: Mapping[str, Any]) -> str | None:
        column = prop.get("x-column")
        if column is None:
            return None
        if not isinstance(column, str) or not NAME.fullmatch(column):
            self.problems.add(f"{path}.x-column", "wrong_value", key="x-column")
            return None
        return column

    def _columns(self, fields: tuple[Field, ...]) -> None:
        seen: set[str] = set()
        for field in fields:
            if field.column is not None and field.column in seen:
                self.problems.add(f"properties.{field.name}.x-column", "column_doubled", name=field.column)
            elif field.column is not None:
                seen.add(field.column)

    def _options(self, path: str, prop: Mapping[str, Any], kind: FieldKind) -> tuple[Option, ...]:
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
                label = self._text(f"{path}.x-labels", labels.get(value), MAX_LABEL)
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

    def _limits(self, path: str, prop: Mapping[str, Any], kind: FieldKind) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, name in LIMITS.items():
            if key not in prop or key not in _OWN_KEYS[kind]:
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
    return isinstance(value, int) and 0 <= value <= MAX_STRING
