"""An answer in the form it is stored, and which of its fields count."""

from collections.abc import Mapping
from typing import Any

from tasks.answers.form import CONTROLLER_KINDS, NUMBER_KINDS, Field, FieldKind, Form, ShowIf
from tasks.answers.texts import is_blank


def normalise_answer(form: Form, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as it is stored: line ends as LF, what was left blank dropped, upload ids as text.

    Of repeated rows, blank cells and then blank rows go; of image pairs, those without a new picture. Fields
    that a condition hides stay: `without_hidden` drops them. Never raises: what does not fit its field stays
    as it came, for `validate_answer` to name.
    """
    return _filled({name: _normalise(form.field(str(name)), value) for name, value in answer.items()})


def hidden_fields(form: Form, answer: Mapping[str, Any]) -> frozenset[str]:
    """Names of the fields that this answer is not asked for.

    A field whose condition looks at a hidden field is hidden too.
    """
    hidden: set[str] = set()
    for field in form.fields:
        rule = field.show_if
        if rule is not None and (rule.field in hidden or not _holds(form, rule, answer.get(rule.field))):
            hidden.add(field.name)
    return frozenset(hidden)


def without_hidden(form: Form, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The normalised answer as it is handed in: without the fields that it is not asked for."""
    values = normalise_answer(form, answer)
    hidden = hidden_fields(form, values)
    return {name: value for name, value in values.items() if name not in hidden}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not is_blank(value)}


def _normalise(field: Field | None, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if field is None:
        return value
    if field.kind is FieldKind.IMAGE and type(value) is int:
        return str(value)
    if isinstance(value, list) and field.kind is FieldKind.ROWS:
        return [row for row in (_row(field, row) for row in value) if row != {}]
    if isinstance(value, list) and field.kind is FieldKind.IMAGE_PAIRS:
        return [pair for pair in map(_pair, value) if pair is not None]
    return value


def _row(field: Field, row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    return _filled({name: _normalise(field.column_field(str(name)), cell) for name, cell in row.items()})


def _pair(pair: Any) -> Any:
    if not isinstance(pair, Mapping):
        return pair
    after = pair.get("after")
    if is_blank(after):
        return None
    return {**pair, "after": str(after)} if type(after) is int else dict(pair)


def _holds(form: Form, rule: ShowIf, value: object) -> bool:
    controller = form.field(rule.field)
    if controller is None or controller.kind not in CONTROLLER_KINDS:
        return False
    if controller.kind in NUMBER_KINDS:
        # In Python True equals 1; in an answer it is no number.
        return isinstance(value, int | float) and not isinstance(value, bool) and value in rule.values
    if isinstance(value, str):
        return (value.strip() if controller.kind is FieldKind.TEXT else value) in rule.values
    if controller.kind is FieldKind.CHOICES and isinstance(value, list):
        return any(isinstance(item, str) and item in rule.values for item in value)
    return False
