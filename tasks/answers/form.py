"""The restricted JSON Schema of an answer form, and the `Form` it is read into.

Only what the server can render and explain in two languages is allowed; anything else (`$ref`, `pattern`,
`anyOf`, deeper nesting, unknown keys) is refused when the template is saved, never when a worker answers.
`docs/forms.md` describes the language.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kernel.errors import Invalid
from tasks.answers.texts import NO_TEXT, LocalText

MAX_FIELDS = 100
MAX_COLUMNS = 20
MAX_ROWS = 50
# Controls that the rows of a form may make together: each is posted by the browser, one by one.
MAX_CELLS = 1_500
MAX_OPTIONS = 200
MAX_LABEL = 200
MAX_HELP = 2_000
MAX_STRING = 100_000
MAX_NUMBER = 10**15
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class FieldKind(StrEnum):
    """What a worker fills in."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    NUMBER = "number"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"
    IMAGE = "image"
    ROWS = "rows"
    IMAGE_PAIRS = "image_pairs"


TEXT_KINDS = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT})
NUMBER_KINDS = frozenset({FieldKind.INTEGER, FieldKind.NUMBER})
CHOICE_KINDS = frozenset({FieldKind.CHOICE, FieldKind.CHOICES})
# Made of parts that are filled in one by one; neither fits a column of the source or a row of its own.
PART_KINDS = frozenset({FieldKind.ROWS, FieldKind.IMAGE_PAIRS})
# What another field may depend on.
CONTROLLER_KINDS = NUMBER_KINDS | CHOICE_KINDS | {FieldKind.TEXT, FieldKind.DATE}


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice with the words people see."""

    value: str
    label: LocalText


@dataclass(frozen=True, slots=True)
class ShowIf:
    """A field counts only while the earlier field `field` holds (of several choices: contains) a value."""

    field: str
    values: tuple[str | int | float, ...]

    def as_json(self) -> dict[str, Any]:
        return {"field": self.field, "is": list(self.values)}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an answer form. Lengths are Unicode code points.

    `fields` are the columns of repeated rows; `input` names the unit's list of pictures that pairs answer.
    """

    name: str
    kind: FieldKind
    label: LocalText
    help: LocalText = NO_TEXT
    required: bool = False
    column: str | None = None
    # A correction of this field is used only after a second person has looked.
    second_person: bool = False
    options: tuple[Option, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_items: int | None = None
    max_items: int | None = None
    show_if: ShowIf | None = None
    fields: tuple["Field", ...] = ()
    input: str = ""

    def column_field(self, name: str) -> "Field | None":
        """The column of that name, if these are rows that have it."""
        return next((field for field in self.fields if field.name == name), None)

    def option_label(self, value: str) -> str:
        """The words for one value of a choice; the value itself when the form does not know it."""
        return next((str(option.label) for option in self.options if option.value == value), value)

    def schema(self) -> dict[str, Any]:
        """This field as a property of the JSON Schema."""
        out: dict[str, Any] = _SHAPES[self.kind] | {"x-label": self.label.as_json()}
        if self.kind in CHOICE_KINDS:
            values = [option.value for option in self.options]
            if self.kind is FieldKind.CHOICE:
                out["enum"] = values
            else:
                out["items"] = {"type": "string", "enum": values}
            out["x-labels"] = {option.value: option.label.as_json() for option in self.options}
        if self.kind is FieldKind.ROWS:
            out["items"] = Form(self.fields).as_json()
        if self.kind is FieldKind.IMAGE_PAIRS:
            out["x-input"] = self.input
        if self.show_if is not None:
            out["x-show-if"] = self.show_if.as_json()
        if self.help:
            out["x-help"] = self.help.as_json()
        if self.column is not None:
            out["x-column"] = self.column
        if self.second_person:
            out["x-second-person"] = True
        out |= {key: getattr(self, name) for key, name in LIMITS.items() if getattr(self, name) is not None}
        return out


LIMITS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minimum": "minimum",
    "maximum": "maximum",
    "minItems": "min_items",
    "maxItems": "max_items",
}
_SHAPES: dict[FieldKind, dict[str, Any]] = {
    FieldKind.TEXT: {"type": "string"},
    FieldKind.LONG_TEXT: {"type": "string", "x-widget": "textarea"},
    FieldKind.INTEGER: {"type": "integer"},
    FieldKind.NUMBER: {"type": "number"},
    FieldKind.CHOICE: {"type": "string"},
    FieldKind.CHOICES: {"type": "array", "uniqueItems": True},
    FieldKind.DATE: {"type": "string", "format": "date"},
    FieldKind.IMAGE: {"type": "string", "format": "x-image"},
    FieldKind.ROWS: {"type": "array"},
    FieldKind.IMAGE_PAIRS: {"type": "array", "format": "x-image-pairs"},
}


@dataclass(frozen=True, slots=True)
class Form:
    """An answer form: its fields in the order in which people see them."""

    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of that name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)

    def at(self, path: str) -> Field | None:
        """The field at `name`, or at `rows.column` a column of repeated rows; for checks."""
        name, dot, column = path.partition(".")
        field = self.field(name)
        return field.column_field(column) if field is not None and dot else field

    def owner(self, path: str) -> Field | None:
        """The field that a problem's path (`sizes.0.width`) lies in."""
        return self.field(path.partition(".")[0])

    def columns(self) -> dict[str, str]:
        """Which logical column of the source each field fills: field name -> column."""
        return {field.name: field.column for field in self.fields if field.column is not None}

    def as_json(self) -> dict[str, Any]:
        """The schema to store. It always carries `x-order`: PostgreSQL's jsonb forgets the order of keys."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {field.name: field.schema() for field in self.fields},
            "required": [field.name for field in self.fields if field.required],
            "x-order": [field.name for field in self.fields],
        }


class FormRefused(Invalid):
    """The definition of an answer form is outside the subset; `fields` says where and why."""


def kind_of(prop: Mapping[str, Any]) -> FieldKind | None:
    """Which kind of field a property describes, or None when it is none of ours."""
    match prop.get("type"):
        case "integer":
            return FieldKind.INTEGER
        case "number":
            return FieldKind.NUMBER
        case "array":
            return _kind_of_array(prop)
        case "string":
            return _kind_of_string(prop)
    return None


def _kind_of_array(prop: Mapping[str, Any]) -> FieldKind | None:
    if "format" in prop:
        return FieldKind.IMAGE_PAIRS if prop["format"] == "x-image-pairs" else None
    items = prop.get("items")
    is_rows = isinstance(items, Mapping) and items.get("type") == "object"
    return FieldKind.ROWS if is_rows else FieldKind.CHOICES


def _kind_of_string(prop: Mapping[str, Any]) -> FieldKind | None:
    if "enum" in prop:
        return FieldKind.CHOICE
    if "format" in prop:
        formats = {"date": FieldKind.DATE, "x-image": FieldKind.IMAGE}
        return formats.get(prop["format"]) if isinstance(prop["format"], str) else None
    if "x-widget" in prop:
        return FieldKind.LONG_TEXT if prop["x-widget"] == "textarea" else None
    return FieldKind.TEXT
