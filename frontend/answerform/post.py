"""Reads what an answer form posts. Never raises: what cannot be read is kept as typed, to be shown again."""

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from tasks.answers.schema import Field, FieldKind, Form
from tasks.answers.validate import normalise_answer

PREFIX = "answer-"
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,16}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,16}(?:\.[0-9]{0,16})?|\.[0-9]{1,16})")
# 1,234 and 1,234,567; a comma elsewhere is somebody's decimal sign, and not for us to guess.
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")


def input_name(field_name: str) -> str:
    """The name of the control of a field."""
    return PREFIX + field_name


def answer_from_post(form: Form, data: QueryDict) -> dict[str, Any]:
    """The answer that a posted form holds, blank fields left out.

    Numbers may be typed in full width and with thousands commas, dates as 2026/4/1 or 2026年4月1日.
    """
    answer = {field.name: _read(field, data) for field in form.fields if input_name(field.name) in data}
    return normalise_answer(form, answer)


def files_from_post(form: Form, files: MultiValueDict[str, UploadedFile]) -> Mapping[str, UploadedFile]:
    """The new images that a posted form carries, by field name; the caller stores them, puts their ids in."""
    names = {field.name: f"{input_name(field.name)}-file" for field in form.fields if _is_image(field)}
    found = {name: files.get(control) for name, control in names.items()}
    return {name: file for name, file in found.items() if file is not None}


def _is_image(field: Field) -> bool:
    return field.kind is FieldKind.IMAGE


def _read(field: Field, data: QueryDict) -> object:
    name = input_name(field.name)
    if field.kind is FieldKind.CHOICES:
        return [value for value in data.getlist(name) if value]
    typed = data.get(name) or ""
    match field.kind:
        case FieldKind.INTEGER | FieldKind.NUMBER:
            return _number(typed, field.kind)
        case FieldKind.DATE:
            return _date(typed)
    return typed


def _narrow(typed: str) -> str:
    """Full width as ASCII; what people type for a minus sign as `-`."""
    return re.sub("^[−ー‐–]", "-", unicodedata.normalize("NFKC", typed).strip())


def _number(typed: str, kind: FieldKind) -> object:
    text = _narrow(typed)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if _WHOLE.fullmatch(text):
        return int(text)
    if kind is FieldKind.NUMBER and _DECIMAL.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) else typed
    return typed


def _date(typed: str) -> str:
    parts = _DATE.fullmatch(_narrow(typed))
    if parts is None:
        return typed
    year, month, day = (int(part) for part in parts.groups())
    return f"{year:04d}-{month:02d}-{day:02d}"
