"""Checks answers and drafts against a `Form`, field by field, in the reader's language.

jsonschema judges the structure; its own texts are never shown: each failing keyword becomes one of our codes.
"""

import datetime
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from kernel.errors import FieldProblem
from tasks.answers.form import MAX_NUMBER, MAX_STRING, TEXT_KINDS, Field, FieldKind, Form
from tasks.answers.problems import Problems
from tasks.answers.texts import is_blank, is_storable, shown_name

MAX_TOTAL_BYTES = 500_000
MAX_LIST = 200
MAX_NAMED = 20
_UPLOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_MESSAGES = {
    "not_an_object": _("The answer must be a JSON object."),
    "unknown_field": _("The form has no field “{name}”."),
    "total_too_large": _("The whole answer is too large: {size} KB, at most {max} KB."),
    "required": _("Please fill this in."),
    "wrong_type": _("This value does not fit this field."),
    "not_a_number": _("Please enter a number."),
    "not_a_whole_number": _("Please enter a whole number."),
    "not_text": _("Please enter text."),
    "too_short": _("Please write at least {min} characters (now {length})."),
    "too_long": _("Please write at most {max} characters (now {length})."),
    "too_small": _("Please enter {min} or more."),
    "too_big": _("Please enter {max} or less."),
    "not_an_option": _("Please choose one of the values offered."),
    "option_doubled": _("The same value is chosen twice."),
    "too_few_options": _("Please choose at least {min}."),
    "too_many_options": _("Please choose at most {max}."),
    "not_a_date": _("Please enter a date that exists, such as 2026-04-01."),
    "no_upload": _("This image was not found. Please upload it again."),
    "nul": _("This text holds a NUL character, which cannot be stored. Please type it again."),
    "broken_text": _("This text holds half of a character (a lone surrogate). Please type that part again."),
    "control_character": _("This text holds an invisible control character ({char}). Please delete it."),
    "line_break": _("This field takes a single line. Please remove the line breaks."),
}

_formats = FormatChecker(formats=())


@_formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return True
    datetime.date.fromisoformat(value)
    return bool(_DATE.fullmatch(value))


@_formats.checks("x-image")
def _is_upload_id(value: object) -> bool:
    return not isinstance(value, str) or bool(_UPLOAD_ID.fullmatch(value))


def normalise_answer(form: Form, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as it is stored: line ends as LF, fields left blank dropped, upload ids as text.

    Never raises: what does not fit its field stays as it came, for `validate_answer` to name.
    """
    cleaned = {name: _normalise(form.field(str(name)), value) for name, value in answer.items()}
    return {name: value for name, value in cleaned.items() if not is_blank(value)}


def validate_answer(
    form: Form, answer: object, *, upload_exists: Callable[[str], bool]
) -> list[FieldProblem]:
    """What keeps this answer from being submitted; an empty list when nothing does.

    `upload_exists` is asked with the id of each image. At most one problem per field is reported, in the
    order of the form.
    """
    problems = Problems(_MESSAGES)
    if not isinstance(answer, Mapping):
        problems.add("", "not_an_object")
        return problems.found
    values = normalise_answer(form, answer)
    for field in form.fields:
        if field.name in values:
            _judge(field, values[field.name], problems, upload_exists)
        elif field.required:
            problems.add(field.name, "required")
    _judge_whole(form, answer, problems)
    return problems.found


def validate_draft(form: Form, draft: object) -> list[FieldProblem]:
    """What keeps this draft from being stored. Half-typed values are fine: nothing typed may be lost."""
    problems = Problems(_MESSAGES)
    if not isinstance(draft, Mapping):
        problems.add("", "not_an_object")
        return problems.found
    for name, value in draft.items():
        if isinstance(name, str) and form.field(name) is not None:
            _judge_storage(name, value, problems)
    _judge_whole(form, draft, problems)
    return problems.found


def _normalise(field: Field | None, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if field is not None and field.kind is FieldKind.IMAGE and type(value) is int:
        return str(value)
    return value


def _judge(field: Field, value: object, problems: Problems, upload_exists: Callable[[str], bool]) -> None:
    before = len(problems.found)
    _judge_storage(field.name, value, problems)
    if len(problems.found) == before:
        _judge_structure(field, value, problems)
    if len(problems.found) > before:
        return
    if field.kind in TEXT_KINDS:
        _judge_text(field, str(value), problems)
    elif field.kind is FieldKind.IMAGE and not upload_exists(str(value)):
        problems.add(field.name, "no_upload")


def _judge_storage(name: str, value: object, problems: Problems) -> None:
    """Text that the database cannot hold, values larger than the limits, shapes that no field has."""
    if isinstance(value, list):
        if len(value) > MAX_LIST or not all(isinstance(item, str) for item in value):
            problems.add(name, "wrong_type")
            return
        texts = value
    else:
        texts = [value] if isinstance(value, str) else []
        if not isinstance(value, str | int | float | None):
            problems.add(name, "wrong_type")
        elif isinstance(value, float) and not math.isfinite(value):
            problems.add(name, "not_a_number")
        elif isinstance(value, int | float) and abs(value) > MAX_NUMBER:
            problems.add(name, "too_big", max=MAX_NUMBER)
    for text in texts:
        if not _is_storable_text(name, text, problems):
            return


def _is_storable_text(name: str, text: str, problems: Problems) -> bool:
    if len(text) > MAX_STRING:
        problems.add(name, "too_long", max=MAX_STRING, length=len(text))
    elif is_storable(text):
        return True
    else:
        problems.add(name, "nul" if "\x00" in text else "broken_text")
    return False


def _judge_structure(field: Field, value: object, problems: Problems) -> None:
    validator = Draft202012Validator(field.schema(), format_checker=_formats)
    error = next(iter(_errors(validator, value)), None)
    if error is not None:
        code, params = _explain(field, error, value)
        problems.add(field.name, code, **params)


def _errors(validator: Draft202012Validator, value: object) -> Iterator[ValidationError]:
    """Wrong types first: what else fails then is only their consequence."""
    errors = list(validator.iter_errors(value))
    return iter(sorted(errors, key=lambda error: error.validator != "type"))


def _explain(field: Field, error: ValidationError, value: object) -> tuple[str, dict[str, object]]:
    length = len(value) if isinstance(value, str) else 0
    match error.validator:
        case "type":
            return _WRONG_TYPE.get(field.kind, "wrong_type"), {}
        case "minLength":
            return "too_short", {"min": field.min_length, "length": length}
        case "maxLength":
            return "too_long", {"max": field.max_length, "length": length}
        case "minimum":
            return "too_small", {"min": field.minimum}
        case "maximum":
            return "too_big", {"max": field.maximum}
        case "enum":
            return "not_an_option", {}
        case "uniqueItems":
            return "option_doubled", {}
        case "minItems":
            return "too_few_options", {"min": field.min_items}
        case "maxItems":
            return "too_many_options", {"max": field.max_items}
    return ("not_a_date" if field.kind is FieldKind.DATE else "no_upload"), {}


_WRONG_TYPE = {
    FieldKind.TEXT: "not_text",
    FieldKind.LONG_TEXT: "not_text",
    FieldKind.INTEGER: "not_a_whole_number",
    FieldKind.NUMBER: "not_a_number",
    FieldKind.CHOICE: "not_an_option",
    FieldKind.CHOICES: "not_an_option",
    FieldKind.DATE: "not_a_date",
    FieldKind.IMAGE: "no_upload",
}


def _judge_text(field: Field, text: str, problems: Problems) -> None:
    control = _CONTROL.search(text)
    if control is not None:
        problems.add(field.name, "control_character", char=f"U+{ord(control.group()):04X}")
    elif field.kind is FieldKind.TEXT and "\n" in text:
        problems.add(field.name, "line_break")


def _judge_whole(form: Form, answer: Mapping[Any, Any], problems: Problems) -> None:
    known = {field.name for field in form.fields}
    for name in itertools.islice((name for name in answer if name not in known), MAX_NAMED):
        problems.add(shown_name(name), "unknown_field", name=shown_name(name))
    if problems:
        return
    size = len(json.dumps(answer, ensure_ascii=False).encode())
    if size > MAX_TOTAL_BYTES:
        problems.add("", "total_too_large", size=-(-size // 1000), max=MAX_TOTAL_BYTES // 1000)
