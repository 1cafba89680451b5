"""Reads a JSON Schema into a `Form`, or says for each place why it is outside the subset."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tasks.answers.form import (
    CONTROLLER_KINDS,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FIELDS,
    MAX_HELP,
    MAX_LABEL,
    MAX_OPTIONS,
    MAX_ROWS,
    NAME,
    PART_KINDS,
    Field,
    FieldKind,
    Form,
    FormRefused,
    Option,
    ShowIf,
    kind_of,
)
from tasks.answers.problems import Problems
from tasks.answers.schema_parts import MESSAGES, Parts, can_hold
from tasks.answers.texts import shown_name

__all__ = ["Field", "FieldKind", "Form", "FormRefused", "Option", "ShowIf", "parse_form"]

_TOP_KEYS = {"type", "properties", "required", "x-order", "additionalProperties"}
_TEXT_LIMITS = {"minLength", "maxLength"}
_ITEM_LIMITS = {"minItems", "maxItems"}
_COMMON_KEYS = {"type", "x-label", "x-help"}
# What only a field of the form itself can have, not a column of rows.
_FIELD_KEYS = {"x-show-if", "x-second-person"}
_OWN_KEYS: dict[FieldKind, set[str]] = {
    FieldKind.TEXT: _TEXT_LIMITS,
    FieldKind.LONG_TEXT: _TEXT_LIMITS | {"x-widget"},
    FieldKind.INTEGER: {"minimum", "maximum"},
    FieldKind.NUMBER: {"minimum", "maximum"},
    FieldKind.CHOICE: {"enum", "x-labels"},
    FieldKind.CHOICES: {"items", "uniqueItems", "x-labels"} | _ITEM_LIMITS,
    FieldKind.DATE: {"format"},
    FieldKind.IMAGE: {"format"},
    FieldKind.ROWS: {"items"} | _ITEM_LIMITS,
    FieldKind.IMAGE_PAIRS: {"format", "x-input"},
}


def parse_form(schema: object) -> Form:
    """Read the schema of an answer form.

    Raises FormRefused (code `form_invalid`) whose `fields` name every place outside the subset.
    """
    problems = Problems(MESSAGES)
    form = _Reader(problems).form(schema)
    if problems or form is None:
        raise FormRefused(
            "form_invalid", _("The answer form cannot be used as it is."), fields=problems.found
        )
    return form


class _Reader(Parts):
    def form(self, schema: object) -> Form | None:
        if not isinstance(schema, Mapping):
            self.problems.add("", "not_an_object")
            return None
        fields = self.fields("", schema, most=MAX_FIELDS, inside_rows=False)
        self._columns(fields)
        if sum(map(_cells, fields)) > MAX_CELLS:
            self.problems.add("properties", "too_many_cells")
        return Form(fields)

    def fields(
        self, path: str, schema: Mapping[str, Any], *, most: int, inside_rows: bool
    ) -> tuple[Field, ...]:
        """The properties of an object: the form itself, or one row of repeated rows."""
        self.keys(path.rstrip("."), schema, _TOP_KEYS)
        if schema.get("type") != "object":
            self.problems.add(f"{path}type", "wrong_value", key="type")
        if schema.get("additionalProperties", False) is not False:
            self.problems.add(f"{path}additionalProperties", "wrong_value", key="additionalProperties")
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            self.problems.add(f"{path}properties", "no_columns" if inside_rows else "no_fields")
            return ()
        if len(properties) > most:
            code = "too_many_columns" if inside_rows else "too_many_fields"
            self.problems.add(f"{path}properties", code, max=most)
            return ()
        required = set(self.names(path, "required", schema.get("required", []), properties))
        found: list[Field] = []
        for name in self.order(path, schema.get("x-order"), properties):
            field = self._field(
                path, name, properties[name], name in required, None if inside_rows else found
            )
            if field is not None:
                found.append(field)
        return tuple(found)

    def _field(
        self, path: str, name: object, prop: object, required: bool, earlier: list[Field] | None
    ) -> Field | None:
        """One property; `earlier` are the fields before it, None inside rows."""
        if not isinstance(name, str) or not NAME.fullmatch(name):
            self.problems.add(f"{path}properties", "bad_name", name=shown_name(name))
            return None
        path = f"{path}properties.{name}"
        if not isinstance(prop, Mapping):
            self.problems.add(path, "not_an_object")
            return None
        kind = kind_of(prop)
        if kind is None:
            self.problems.add(path, "unknown_kind")
            return None
        if earlier is None and kind in PART_KINDS:
            self.problems.add(path, "unknown_column_kind")
            return None
        self.keys(path, prop, _keys_of(kind, inside_rows=earlier is None))
        label = self.text(f"{path}.x-label", prop.get("x-label"), MAX_LABEL)
        if not label:
            self.problems.add(f"{path}.x-label", "label_missing")
        return Field(
            name=name,
            kind=kind,
            label=label,
            help=self.text(f"{path}.x-help", prop.get("x-help"), MAX_HELP),
            required=required,
            column=self.name(path, prop, "x-column"),
            second_person=self.flag(path, prop, "x-second-person"),
            options=self.options(path, prop, kind),
            show_if=self._show_if(path, prop, earlier or []),
            fields=self._rows(path, prop) if kind is FieldKind.ROWS else (),
            input=self._input(path, prop) if kind is FieldKind.IMAGE_PAIRS else "",
            **self.limits(path, prop, kind, _OWN_KEYS[kind]),
        )

    def _rows(self, path: str, prop: Mapping[str, Any]) -> tuple[Field, ...]:
        return self.fields(f"{path}.items.", prop["items"], most=MAX_COLUMNS, inside_rows=True)

    def _input(self, path: str, prop: Mapping[str, Any]) -> str:
        if "x-input" not in prop:
            self.problems.add(f"{path}.x-input", "wrong_value", key="x-input")
        return self.name(path, prop, "x-input") or ""

    def _show_if(self, path: str, prop: Mapping[str, Any], earlier: list[Field]) -> ShowIf | None:
        if "x-show-if" not in prop:
            return None
        path = f"{path}.x-show-if"
        raw = prop["x-show-if"]
        if not isinstance(raw, Mapping) or set(raw) != {"field", "is"}:
            self.problems.add(path, "bad_condition")
            return None
        values = raw["is"]
        if not isinstance(values, list) or not 0 < len(values) <= MAX_OPTIONS:
            self.problems.add(f"{path}.is", "bad_condition")
            return None
        controller = next((field for field in earlier if field.name == raw["field"]), None)
        if controller is None:
            self.problems.add(f"{path}.field", "condition_not_earlier", name=shown_name(raw["field"]))
            return None
        if controller.kind not in CONTROLLER_KINDS:
            self.problems.add(f"{path}.field", "condition_wrong_kind", name=controller.name)
            return None
        return self._condition(path, controller, values)

    def _condition(self, path: str, controller: Field, values: list[Any]) -> ShowIf:
        for number, value in enumerate(values):
            if not can_hold(controller, value):
                self.problems.add(f"{path}.is", "condition_value", name=controller.name)
            elif value in values[:number]:
                self.problems.add(f"{path}.is", "doubled", name=str(value)[:60])
        return ShowIf(controller.name, tuple(values))

    def _columns(self, fields: tuple[Field, ...]) -> None:
        seen: set[str] = set()
        for field in fields:
            if field.column is not None and field.column in seen:
                self.problems.add(f"properties.{field.name}.x-column", "column_doubled", name=field.column)
            elif field.column is not None:
                seen.add(field.column)


def _keys_of(kind: FieldKind, *, inside_rows: bool) -> set[str]:
    if inside_rows:
        return _COMMON_KEYS | _OWN_KEYS[kind]
    column = set() if kind in PART_KINDS else {"x-column"}
    return _COMMON_KEYS | _FIELD_KEYS | column | _OWN_KEYS[kind]


def _cells(field: Field) -> int:
    """How many values a browser may post for the rows of a field."""
    columns = sum(max(len(column.options), 1) for column in field.fields if column.kind is FieldKind.CHOICES)
    columns += sum(1 for column in field.fields if column.kind is not FieldKind.CHOICES)
    return columns * (field.max_items or MAX_ROWS)
