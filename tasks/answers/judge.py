"""Judges one value of an answer against its field, in the reader's language.

jsonschema judges the structure; its own texts are never shown: each failing keyword becomes one of our codes.
"""

import datetime
import math
import re
import unicodedata
from collections.abc import Callable, Iterator

from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from tasks.answers.form import MAX_NUMBER, MAX_STRING, TEXT_KINDS, Field, FieldKind
from tasks.answers.problems import Problems
from tasks.answers.texts import is_storable

MAX_LIST = 200
_UPLOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

MESSAGES = {
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
    "too_few_rows": _("Please fill in at least {min} rows (now {n})."),
    "too_many_rows": _("Please fill in at most {max} rows (now {n})."),
    "pairs_missing": _("These pictures still need their counterpart: {pictures}."),
    "pairs_lost": _("The new image of these pictures was not found. Please upload it again: {pictures}."),
    "pair_unknown": _("“{picture}” is not a picture of this task."),
    "pair_doubled": _("“{picture}” is answered twice."),
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
    return not isinstance(value, str) or is_upload_id(value)


def is_upload_id(value: str) -> bool:
    return bool(_UPLOAD_ID.fullmatch(value))


def judge(field: Field, value: object, problems: Problems, upload_exists: Callable[[str], bool]) -> None:
    """Note at most one problem of a filled-in value of any kind but rows and image pairs."""
    before = len(problems.found)
    judge_storage(field.name, value, problems)
    if len(problems.found) == before:
        _judge_structure(field, value, problems)
    if len(problems.found) > before:
        return
    if field.kind in TEXT_KINDS:
        _judge_text(field, str(value), problems)
    elif field.kind is FieldKind.IMAGE and not upload_exists(str(value)):
        problems.add(field.name, "no_upload")


def judge_storage(name: str, value: object, problems: Problems) -> None:
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
    if isinstance(value, str) and field.kind in TEXT_KINDS:
        # Characters are counted everywhere as `measure.length` does; the value itself is stored as typed.
        value = unicodedata.normalize("NFC", value)
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
