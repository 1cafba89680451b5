"""Trying a check on pasted samples before anybody works with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel.errors import FieldProblem
from tasks.answers.check_kinds import CheckKind
from tasks.answers.check_parse import parse_checks
from tasks.answers.check_run import run_checks
from tasks.answers.form import FieldKind, Form
from tasks.answers.schema import parse_form
from tasks.domain.template_content import refused

SAMPLES_MAX = 200
SAMPLE_MAX = 10_000


@dataclass(frozen=True)
class Tried:
    """One sample, whether it passes, and what the worker would read."""

    sample: str
    passed: bool
    message: str


def try_check(*, form: object, check: object, samples: str) -> list[Tried]:
    """Runs one check on samples, one a line. Raises `Invalid` for a form or check that cannot be used.

    For "different in every task" the lines are compared with those above them.
    """
    lines = [line for line in samples.replace("\r\n", "\n").split("\n") if line.strip()]
    if len(lines) > SAMPLES_MAX or any(len(line) > SAMPLE_MAX for line in lines):
        text = _("Try at most %(lines)d lines of at most %(chars)d characters.") % {
            "lines": SAMPLES_MAX,
            "chars": SAMPLE_MAX,
        }
        raise refused([FieldProblem("samples", "too_long", text)])
    fields = _only_field(form, check)
    return _tried(fields, check, lines)


def _only_field(form: object, check: object) -> Form:
    """The form of the one field that the check looks at: what is wrong elsewhere does not matter here."""
    name = check.get("field") if isinstance(check, Mapping) else None
    name = name.split(".")[0] if isinstance(name, str) else None
    properties = form.get("properties") if isinstance(form, Mapping) else None
    prop = properties.get(name) if isinstance(properties, Mapping) and isinstance(name, str) else None
    if not isinstance(prop, Mapping):
        text = _("Choose the field that the check looks at.")
        raise refused([FieldProblem("field", "unknown_field", text)])
    alone = {key: value for key, value in prop.items() if key != "x-show-if"}
    alone["x-label"] = alone.get("x-label") or _NAMED
    return parse_form({"type": "object", "properties": {name: alone}})


_NAMED = {"ja": "-", "en": "-"}


def _tried(form: Form, check: object, lines: list[str]) -> list[Tried]:
    checks = parse_checks([check], form)
    name, kind = checks[0].field, checks[0].kind
    found: list[Tried] = []
    seen: set[str] = set()
    for line in lines:
        (result,) = run_checks(checks, _answer(form, name, line), is_taken=lambda _field, text: text in seen)
        seen.add(line)
        found.append(Tried(line, result.passed, result.message))
    if kind is CheckKind.REQUIRED:
        (result,) = run_checks(checks, {})
        found.append(Tried("", result.passed, result.message))
    return found


def _answer(form: Form, name: str, line: str) -> dict[str, Any]:
    """The line as the answer to the field; for a column of rows, as the only row."""
    field = form.at(name)
    is_list = field is not None and field.kind is FieldKind.CHOICES
    value: Any = [part.strip() for part in line.split(",")] if is_list else line
    outer, _dot, column = name.partition(".")
    return {outer: [{column: value}]} if column else {name: value}
