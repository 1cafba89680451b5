"""What the browser may tell a worker while they type. The server's checks alone decide."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from tasks.answers.checks import Check, CheckKind, limit_of
from tasks.answers.form import TEXT_KINDS, Field

# Signs that RE2 and JavaScript read differently: \s and \S (Unicode spaces), and (?i) and its like, which
# JavaScript refuses or half knows. A pattern with them is left to the server.
_READ_DIFFERENTLY = re.compile(r"\\[sSAzQECaZ]|\(\?[a-zA-Z^-]|\(\?P|\[\[:")


def counter_limits(field: Field, checks: Sequence[Check]) -> tuple[int | None, int | None]:
    """The tightest limits for the counters beside a field: characters, bytes in CP932."""
    if field.kind not in TEXT_KINDS:
        return None, None
    limits = [field.max_length, limit_of(checks, CheckKind.LENGTH, field.name)]
    max_chars = min((limit for limit in limits if limit is not None), default=None)
    return max_chars, limit_of(checks, CheckKind.BYTES_CP932, field.name)


def browser_checks(field: Field, checks: Sequence[Check], required: bool) -> list[dict[str, Any]]:
    """The checks that the browser can judge, each with its sentence in the active language."""
    found: list[dict[str, Any]] = []
    if required:
        found.append({"kind": "required", "message": _("Please fill this in.")})
    for check in checks:
        hint = _hint(check)
        if hint is not None:
            found.append(hint)
    return found


def _hint(check: Check) -> dict[str, Any] | None:
    match check.kind:
        case CheckKind.LENGTH:
            return {"kind": "length", "min": check.min, "max": check.max, "message": _length_message(check)}
        case CheckKind.REGEX if not _READ_DIFFERENTLY.search(check.pattern):
            return {
                "kind": "regex",
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


def _regex_message(check: Check) -> str:
    if check.label:
        return _("Please check: {label}").format(label=check.label)
    if check.negate:
        return _("This holds something that is not allowed here.")
    return _("This does not have the form that is asked for.")
