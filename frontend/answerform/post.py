"""Reads what an answer form posts. Never raises: what cannot be read is kept as typed, to be shown again."""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from tasks.answers.form import PART_KINDS
from tasks.answers.schema import Field, FieldKind, Form
from tasks.answers.validate import normalise_answer

PREFIX = "answer-"
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,16}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,16}(?:\.[0-9]{0,16})?|\.[0-9]{1,16})")
# 1,234 and 1,234,567; a comma elsewhere is somebody's decimal sign, and not for us to guess.
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")


# A browser never sends more rows than these: `MAX_ROWS` and a few empty ones.
_NUMBER = r"[0-9]{1,3}"


def input_name(field_name: str) -> str:
    """The name of the control of a field."""
    return PREFIX + field_name


def part_name(field_name: str, number: int | str, part: str) -> str:
    """The name of the control of one part: a row's column, or `before` and `after` of a pair."""
    return f"{input_name(field_name)}-{number}-{part}"


def answer_from_post(
    form: Form, data: QueryDict, *, uploads: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The answer that a posted form holds, blank fields, cells, rows and pairs left out.

    Numbers may be typed in full width and with thousands commas, dates as 2026/4/1 or 2026年4月1日. `uploads`
    are ids of new images by the names of their controls, as `files_from_post` gives those.
    """
    if uploads:
        data = data.copy()
        for name, upload in uploads.items():
            data[name] = upload
    return normalise_answer(
        form, {field.name: value for field in form.fields for value in _values(field, data)}
    )


def _values(field: Field, data: QueryDict) -> Iterator[object]:
    """The field's value if it was posted."""
    if field.kind is FieldKind.ROWS:
        rows = [_row(field, number, data) for number in _numbers(field, data)]
        if rows:
            yield rows
    elif field.kind is FieldKind.IMAGE_PAIRS:
        pairs = [_pair(field, number, data) for number in _numbers(field, data)]
        if pairs:
            yield pairs
    elif input_name(field.name) in data:
        yield _read(field, input_name(field.name), data)


def _numbers(field: Field, names: Iterable[str]) -> list[int]:
    """The numbers of the parts that were posted, in their order."""
    part = re.compile(rf"{re.escape(input_name(field.name))}-({_NUMBER})-[a-z][a-z0-9_]*")
    found = {int(match[1]) for match in map(part.fullmatch, names) if match}
    return sorted(found)


def _row(field: Field, number: int, data: QueryDict) -> dict[str, object]:
    names = {column: part_name(field.name, number, column.name) for column in field.fields}
    return {column.name: _read(column, name, data) for column, name in names.items() if name in data}


def _pair(field: Field, number: int, data: QueryDict) -> dict[str, object]:
    parts = ("before", "after")
    return {part: data.get(part_name(field.name, number, part), "") for part in parts}


def files_from_post(form: Form, files: MultiValueDict[str, UploadedFile]) -> Mapping[str, UploadedFile]:
    """The new images that a posted form carries, by the name of the control that shall hold their id."""
    wanted = [name for field in form.fields for name in _image_controls(field, files)]
    found = {name: files.get(f"{name}-file") for name in wanted}
    return {name: file for name, file in found.items() if file is not None}


def _image_controls(field: Field, files: Iterable[str]) -> Iterator[str]:
    if field.kind is FieldKind.IMAGE:
        yield input_name(field.name)
    elif field.kind in PART_KINDS:
        columns = [column.name for column in field.fields if column.kind is FieldKind.IMAGE] or ["after"]
        numbers = _numbers(field, (name.removesuffix("-file") for name in files))
        yield from (part_name(field.name, number, column) for number in numbers for column in columns)


def control_path(form: Form, control: str) -> str:
    """The path by which problems name what a control holds: `photo`, `sizes.0.look`, `cutouts`."""
    name, *parts = control.removeprefix(PREFIX).split("-")
    field = form.field(name)
    return ".".join([name, *parts]) if field is not None and field.kind is FieldKind.ROWS else name


def _read(field: Field, name: str, data: QueryDict) -> object:
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
