"""What the browser may tell a worker while they type. The server alone decides, and never says otherwise:
each rule here is one that `tasks.answers` judges in the same way."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from tasks.answers.checks import Check, CheckKind, limit_of
from tasks.answers.form import (
    MAX_NUMBER,
    MAX_ROWS,
    MAX_STRING,
    NUMBER_KINDS,
    TEXT_KINDS,
    Field,
    FieldKind,
)
from tasks.answers.judge import MESSAGES
from tasks.answers.measure import fold

# Signs that RE2 and JavaScript read differently: \s and \S (Unicode spaces), and (?i) and its like, which
# JavaScript refuses or half knows. A pattern with them is left to the server.
_READ_DIFFERENTLY = re.compile(r"\\[sSAzQECaZ]|\(\?[a-zA-Z^-]|\(\?P|\[\[:")
# Codes that the browser can find by itself, by kind of field.
_TEXT = ("nul", "too_short", "too_long", "control_character")
_CODES: Mapping[FieldKind, tuple[str, ...]] = {
    FieldKind.TEXT: (*_TEXT, "line_break"),
    FieldKind.LONG_TEXT: _TEXT,
    FieldKind.INTEGER: ("not_a_whole_number", "too_small", "too_big"),
    FieldKind.NUMBER: ("not_a_number", "too_small", "too_big"),
    FieldKind.CHOICE: ("not_an_option",),
    FieldKind.CHOICES: ("not_an_option", "too_few_options", "too_many_options"),
    FieldKind.DATE: ("not_a_date",),
    FieldKind.ROWS: ("too_few_rows", "too_many_rows"),
    FieldKind.IMAGE_PAIRS: ("pairs_missing",),
}


def counter_limits(field: Field, path: str, checks: Sequence[Check]) -> tuple[int | None, int | None]:
    """The tightest limits for the counters beside a field: characters, bytes in CP932."""
    if field.kind not in TEXT_KINDS:
        return None, None
    limits = [field.max_length, limit_of(checks, CheckKind.LENGTH, path)]
    max_chars = min((limit for limit in limits if limit is not None), default=None)
    return max_chars, limit_of(checks, CheckKind.BYTES_CP932, path)


def browser_checks(field: Field, checks: Sequence[Check], required: bool) -> list[dict[str, Any]]:
    """The rules that the browser can judge, each with its sentence in the active language.

    First the form's own (`kind` "field", one finding at most), then the machine checks.
    """
    found: list[dict[str, Any]] = []
    # Which of a unit's pictures are wanted, the field's own rule says.
    if required and field.kind is not FieldKind.IMAGE_PAIRS:
        found.append({"kind": "required", "message": _("Please fill this in.")})
    rule = _field_rule(field)
    if rule is not None:
        found.append(rule)
    own = [check for check in checks if check.kind is not CheckKind.ALLOWED or field.kind in TEXT_KINDS]
    found += [hint for hint in map(_hint, own) if hint is not None]
    return found


def _field_rule(field: Field) -> dict[str, Any] | None:
    codes = _CODES.get(field.kind, ())
    if not codes or (field.kind is FieldKind.IMAGE_PAIRS and not field.required):
        return None
    low, high = _limits(field)
    messages = {code: _sentence(code, low, high) for code in codes}
    return {"kind": "field", "of": field.kind.value, "min": low, "max": high, "messages": messages}


def _limits(field: Field) -> tuple[Any, Any]:
    if field.kind in TEXT_KINDS:
        return field.min_length, field.max_length
    if field.kind in NUMBER_KINDS:
        return field.minimum, field.maximum
    if field.kind is FieldKind.ROWS:
        return field.min_items, MAX_ROWS if field.max_items is None else field.max_items
    return field.min_items, field.max_items


def _sentence(code: str, low: Any, high: Any) -> str:
    """The server's sentence; what only the typed value tells stays as a placeholder for the script."""
    message = str(MESSAGES[code])
    # The storage's limits stand in where the field has none.
    most = {"too_long": MAX_STRING, "too_big": MAX_NUMBER}.get(code) if high is None else high
    for name, value in (("min", low), ("max", most)):
        if value is not None:
            message = message.replace(f"{{{name}}}", str(value))
    return message


def _hint(check: Check) -> dict[str, Any] | None:
    common = {"kind": check.kind.value, "blocking": check.blocking}
    match check.kind:
        case CheckKind.LENGTH:
            return common | {"min": check.min, "max": check.max, "message": _length_message(check)}
        case CheckKind.BYTES_CP932:
            missing = _("These characters do not exist in CP932: {characters}.")
            return common | {"max": check.max, "message": _bytes_message(check), "missing": missing}
        case CheckKind.BANNED:
            words = [[word, fold(word).strip()] for word in check.words]
            return common | {"words": words, "message": _banned_message(check)}
        case CheckKind.ALLOWED:
            message = _("Not one of the allowed values: {values}.")
            return common | {"values": list(check.values), "message": message}
        case CheckKind.REGEX if not _READ_DIFFERENTLY.search(check.pattern):
            return common | {
                "pattern": check.pattern,
                "mode": check.mode,
                "negate": check.negate,
                "message": _regex_message(check),
            }
    return None


def _length_message(check: Check) -> str:
    limits = {"min": check.min, "max": check.max}
    if check.max is None:
        return _("At least {min} characters are needed.").format(**limits)
    if check.min is None:
        sentence = (
            _("At most {max} characters are allowed.")
            if check.blocking
            else _("At most {max} characters are advised.")
        )
        return sentence.format(**limits)
    return _("{min} to {max} characters are needed.").format(**limits)


def _banned_message(check: Check) -> str:
    if check.blocking:
        return _("This holds words that must not be used: {words}.")
    return _("This holds words that need a second look: {words}.")


def _bytes_message(check: Check) -> str:
    return "" if check.max is None else _("At most {max} bytes in CP932 are allowed.").format(max=check.max)


def _regex_message(check: Check) -> str:
    if check.label:
        return _("Please check: {label}").format(label=check.label)
    if check.negate:
        return _("This holds something that is not allowed here.")
    return _("This does not have the form that is asked for.")
