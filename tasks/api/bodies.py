"""Reading what a program sends: strict JSON judged by the schema that documents it, and uploads."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from kernel.errors import FieldProblem, Invalid, Text
from tasks.answers.texts import is_storable, shown_name

# An answer of the largest size, every character escaped, and room for its frame (bytes).
MAX_BODY = 2 * 1024 * 1024
# What multipart writes around a file.
MAX_FRAME = 64 * 1024
MAX_NAMED = 20

MESSAGES: dict[str, Text] = {
    "required": _("This is missing."),
    "unknown_field": _("This is not known here."),
    "wrong_type": _("This has the wrong JSON type."),
    "unknown": _("This is none of the values that can be chosen."),
    "too_long": _("This is too long."),
    "too_short": _("This is too short."),
    "out_of_range": _("This number is out of range."),
    "unstorable": _("This text holds characters that cannot be stored (NUL or half of a character)."),
    "not_a_moment": _("Give a moment with its zone, such as 2026-12-24T18:00:00+09:00."),
}
CODES = {
    "type": "wrong_type",
    "enum": "unknown",
    "maxLength": "too_long",
    "maxItems": "too_long",
    "maxProperties": "too_long",
    "minLength": "too_short",
    "minItems": "too_short",
    "minimum": "out_of_range",
    "maximum": "out_of_range",
}


def invalid(field: str, code: str) -> Invalid:
    """The refusal of one field with a code of `MESSAGES`."""
    return refused([FieldProblem(field, code, MESSAGES[code])])


def refused(problems: list[FieldProblem]) -> Invalid:
    return Invalid("request_invalid", _("Some of what was sent cannot be used."), fields=problems)


class Input:
    """What a body may hold: one JSON Schema that both judges and documents it."""

    def __init__(self, required: Sequence[str], properties: Mapping[str, Mapping[str, Any]]) -> None:
        self.schema = {
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": False,
        }
        self._validator = Draft202012Validator(self.schema)
        self._whole = [name for name, one in properties.items() if "integer" in one.get("type", ())]

    def read(self, found: Any) -> dict[str, Any]:
        """`found`, proven to fit; `Invalid` naming the fields. The answer form judges texts in "answer"."""
        problems = {(one.field, one.code): one for one in self._problems(found)}
        if problems:
            raise refused(list(problems.values())[:MAX_NAMED])
        # For JSON 5.0 is an integer; for Python it is not.
        return {name: int(v) if name in self._whole and v is not None else v for name, v in found.items()}

    def _problems(self, found: Any) -> Iterator[FieldProblem]:
        for error in self._validator.iter_errors(found):
            for path, code in _explain(error):
                yield FieldProblem(path, code, MESSAGES[code])
        if isinstance(found, dict):
            for name, value in found.items():
                if name != "answer":
                    yield from unstorable(shown_name(name), value)


class Body:
    """The body of one request, read once, on demand."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._raw: bytes | None = None

    @property
    def is_multipart(self) -> bool:
        return self._request.content_type == "multipart/form-data"

    def raw(self) -> bytes:
        """All bytes; `RequestDataTooBig` above 2 MB."""
        if self._raw is None:
            self._raw = self._request.read(MAX_BODY + 1)
            if len(self._raw) > MAX_BODY:
                raise RequestDataTooBig
        return self._raw

    def digest(self) -> bytes:
        """What makes two bodies the same; uploaded files are read piece by piece."""
        if not self.is_multipart:
            return self.raw()
        digest = hashlib.sha256()
        for name, values in sorted(self._request.POST.lists()):
            digest.update(json.dumps([name, values]).encode())
        for name, files in sorted(self._request.FILES.lists()):
            for file in files:
                digest.update(json.dumps([name, file.name, file.size]).encode())
                for chunk in file.chunks():
                    digest.update(chunk)
                file.seek(0)
        return digest.digest()

    def read(self, wanted: Input) -> dict[str, Any]:
        """The JSON object; no body counts as `{}`. Raises `ParseError`, `UnsupportedMediaType`, `Invalid`."""
        raw = self.raw()
        if raw and self._request.content_type != "application/json":
            raise UnsupportedMediaType(self._request.content_type or "")
        return wanted.read(parse_json(raw) if raw else {})

    def form(self) -> Mapping[str, str]:
        if not self.is_multipart:
            raise UnsupportedMediaType(self._request.content_type or "")
        return self._request.POST.dict()

    def file(self, name: str) -> UploadedFile:
        """The uploaded file of that name; `Invalid` if there is none."""
        self.form()
        found = self._request.FILES.get(name)
        if found is None:
            raise invalid(name, "required")
        return found


def parse_json(raw: bytes | str) -> Any:
    """Strict JSON: UTF-8, no NaN, no nesting that exhausts the stack. Raises `ParseError`."""
    try:
        text = raw if isinstance(raw, str) else raw.decode()
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ParseError from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _explain(error: ValidationError) -> Iterator[tuple[str, str]]:
    path = ".".join(shown_name(str(part)) for part in error.absolute_path)
    lead = path + "." if path else ""
    wanted: Any = error.validator_value
    schema: Any = error.schema
    sent: Any = error.instance
    match error.validator:
        case "required":
            # The library says this once for each missing name, but not which one it means.
            yield from ((lead + name, "required") for name in wanted if name not in sent)
        case "additionalProperties":
            names = sorted(name for name in sent if name not in schema["properties"])
            yield from ((lead + shown_name(name), "unknown_field") for name in names[:MAX_NAMED])
        case validator:
            yield path, CODES[str(validator)]


def unstorable(path: str, value: Any) -> Iterator[FieldProblem]:
    """Every text, also a key, that no database or encoding can hold."""
    todo = [(path, value)]
    while todo:
        at, found = todo.pop()
        if isinstance(found, str):
            if not is_storable(found):
                yield FieldProblem(at, "unstorable", MESSAGES["unstorable"])
        elif isinstance(found, list):
            todo += [(f"{at}.{number}", item) for number, item in enumerate(found)]
        elif isinstance(found, dict):
            todo += [(f"{at}.{shown_name(name)}", item) for name, item in found.items()]
            todo += [(f"{at}.{shown_name(name)}", name) for name in found]


def moment(value: str | None, field: str) -> datetime | None:
    """A moment with its zone, in UTC; `Invalid` for anything else."""
    if value is None:
        return None
    try:
        found = parse_datetime(value)
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise invalid(field, "not_a_moment")
