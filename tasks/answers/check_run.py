"""Carries out machine checks on an answer and tells their results in the reader's language.

A result is stored as a code with parameters, never as a sentence: whoever reads it later sees it in their own
language, and an old result still reads well when the wording improves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_noop

from tasks.answers.check_kinds import Check, CheckKind, compile_pattern
from tasks.answers.form import Form
from tasks.answers.html_rules import first_problem
from tasks.answers.measure import cp932_bytes, fold, holds_word, length, visible_text
from tasks.answers.normalise import hidden_fields
from tasks.answers.texts import LocalText, is_blank, is_storable

# Words or characters named in one message at most.
MAX_NAMED = 20

_MESSAGES = {
    "passed": gettext_noop("No problem found."),
    "empty": gettext_noop("Not filled in; nothing to check."),
    "not_asked": gettext_noop("Not asked here; nothing to check."),
    "measured_length": gettext_noop("{length} characters."),
    "measured_bytes": gettext_noop("{bytes} bytes in CP932."),
    "missing": gettext_noop("This is not filled in."),
    "too_short": gettext_noop("{length} characters; at least {min} are needed."),
    "too_long": gettext_noop("{length} characters; at most {max} are allowed."),
    "too_many_bytes": gettext_noop("{bytes} bytes in CP932; at most {max} fit."),
    "not_in_cp932": gettext_noop("These characters do not exist in CP932: {characters}."),
    "unmatched": gettext_noop("This does not have the form that is asked for."),
    "matched": gettext_noop("This holds something that is not allowed here."),
    "not_allowed": gettext_noop("Not one of the allowed values: {values}."),
    "banned": gettext_noop("This holds words that must not be used: {words}."),
    # The same words where the check only warns.
    "doubtful": gettext_noop("This holds words that need a second look: {words}."),
    "taken": gettext_noop("Another answer in this batch says the same."),
    "html_tag": gettext_noop("The HTML tag <{tag}> is not allowed."),
    "html_attribute": gettext_noop("The HTML tag <{tag}> must not have the attribute “{attribute}”."),
    "html_link": gettext_noop("A link must start with https:// or http:// (now “{attribute}”)."),
    "html_unclosed": gettext_noop("The HTML tag <{tag}> is not closed."),
    "html_nesting": gettext_noop("The HTML tags are broken or crossed around <{tag}>."),
}
_IN_ROW = gettext_noop("Row {row}: {message}")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. `measured` is a number, or the words or characters found, or None.

    Of a check on the cells of rows, the first one that fails; `params` then hold its `row`, from 1.
    """

    id: str
    kind: CheckKind
    field: str
    passed: bool
    blocking: bool
    code: str
    params: dict[str, Any]
    measured: int | list[str] | None
    label: LocalText

    def as_json(self) -> dict[str, Any]:
        """The form in which a result is stored and travels; `describe` reads it."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "field": self.field,
            "passed": self.passed,
            "blocking": self.blocking,
            "code": self.code,
            "params": self.params,
            "measured": self.measured,
            "label": self.label.as_json(),
        }

    @property
    def path(self) -> str:
        """Where the finding is: the field, or of a failing cell `rows.0.column`."""
        name, dot, column = self.field.partition(".")
        return f"{name}.{self.params['row'] - 1}.{column}" if dot and "row" in self.params else name

    @property
    def message(self) -> str:
        """The finding in the active language."""
        return _describe(self.code, self.params)


@dataclass(frozen=True, slots=True)
class _Finding:
    passed: bool
    code: str
    params: dict[str, Any]
    measured: int | list[str] | None = None


_PASSED = _Finding(True, "passed", {})
_EMPTY = _Finding(True, "empty", {})
_NOT_ASKED = _Finding(True, "not_asked", {})


def run_checks(
    checks: Iterable[Check],
    answer: Mapping[str, Any],
    *,
    is_taken: Callable[[str, str], bool] = lambda _field, _value: False,
    form: Form | None = None,
) -> list[CheckResult]:
    """Run every check on an answer, in their order.

    A field left blank passes every check but `required`; one that a condition of `form` hides passes all.
    `is_taken` is asked with field name and value whether another answer of the batch already holds the value
    (compare with `unique_key`). Never raises for odd values.
    """
    hidden = hidden_fields(form, answer) if form is not None else frozenset()
    return [_result(check, _look(check, answer, hidden, is_taken)) for check in checks]


def blocking_failures(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Those that keep the answer from being submitted."""
    return [result for result in results if result.blocking and not result.passed]


def describe(result: Mapping[str, Any]) -> str:
    """What a stored result found, as a lazy text in the language of whoever reads it."""
    code = str(result.get("code", ""))
    if code == "banned" and result.get("blocking") is False:
        code = "doubtful"
    text: str = _lazy_describe(code, dict(result.get("params") or {}))
    return text


def _describe(code: str, params: Mapping[str, Any]) -> str:
    template = _MESSAGES.get(code)
    if template is None:
        return code
    shown = {key: _joined(value) if isinstance(value, list) else value for key, value in params.items()}
    try:
        message = gettext(template).format(**shown)
    except (KeyError, IndexError):
        return code
    return gettext(_IN_ROW).format(row=params["row"], message=message) if "row" in params else message


def _joined(values: list[Any]) -> str:
    # Translators: what stands between the entries of a list in a sentence.
    return gettext(", ").join(str(value) for value in values)


_lazy_describe = lazy(_describe, str)


def _look(
    check: Check, answer: Mapping[str, Any], hidden: frozenset[str], is_taken: Callable[[str, str], bool]
) -> _Finding:
    name, dot, column = check.field.partition(".")
    if name in hidden:
        return _NOT_ASKED
    value = answer.get(name)
    if not dot:
        return _find(check, value, is_taken)
    rows = value if isinstance(value, list) else []
    found = _EMPTY
    for number, row in enumerate(rows, 1):
        cell = _find(check, row.get(column) if isinstance(row, Mapping) else None, is_taken)
        if not cell.passed:
            return _Finding(False, cell.code, cell.params | {"row": number}, cell.measured)
        found = found if cell is _EMPTY else _PASSED
    return found


def _result(check: Check, finding: _Finding) -> CheckResult:
    return CheckResult(
        id=check.id,
        kind=check.kind,
        field=check.field,
        passed=finding.passed,
        blocking=check.blocking,
        code=finding.code,
        params=finding.params,
        measured=finding.measured,
        label=check.label,
    )


def _find(check: Check, value: object, is_taken: Callable[[str, str], bool]) -> _Finding:
    if is_blank(value):
        return _Finding(False, "missing", {}) if check.kind is CheckKind.REQUIRED else _EMPTY
    if check.kind is CheckKind.REQUIRED:
        return _PASSED
    if check.kind is CheckKind.ALLOWED:
        return _allowed(check, value)
    text = _as_text(value)
    if check.kind is CheckKind.UNIQUE_IN_BATCH:
        return _Finding(False, "taken", {}) if is_taken(check.field, text) else _PASSED
    return _TEXT_CHECKS[check.kind](check, text)


def _as_text(value: object) -> str:
    text = str(value).replace("\r\n", "\n")
    return text if is_storable(text) else text.encode("utf-8", "replace").decode()


def _allowed(check: Check, value: object) -> _Finding:
    given = value if isinstance(value, list) else [value]
    wrong = [text for text in map(_as_text, given) if text.strip() not in check.values]
    if not wrong:
        return _PASSED
    named = [text[:60] for text in wrong[:MAX_NAMED]]
    return _Finding(False, "not_allowed", {"values": named}, named)


def _length(check: Check, text: str) -> _Finding:
    measured = length(text)
    if check.min is not None and measured < check.min:
        return _Finding(False, "too_short", {"length": measured, "min": check.min}, measured)
    if check.max is not None and measured > check.max:
        return _Finding(False, "too_long", {"length": measured, "max": check.max}, measured)
    return _Finding(True, "measured_length", {"length": measured}, measured)


def _bytes_cp932(check: Check, text: str) -> _Finding:
    measured, missing = cp932_bytes(text)
    if missing:
        named = [
            f"{char} (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}" for char in missing
        ]
        return _Finding(False, "not_in_cp932", {"characters": named[:MAX_NAMED]}, measured)
    if check.max is not None and measured > check.max:
        return _Finding(False, "too_many_bytes", {"bytes": measured, "max": check.max}, measured)
    return _Finding(True, "measured_bytes", {"bytes": measured}, measured)


def _regex(check: Check, text: str) -> _Finding:
    pattern = compile_pattern(check.pattern)
    match = pattern.fullmatch(text) if check.mode == "full" else pattern.search(text)
    if (match is not None) != check.negate:
        return _PASSED
    return _Finding(False, "matched" if check.negate else "unmatched", {})


def _banned(check: Check, text: str) -> _Finding:
    # Both readings: a literal “<” may make half a sentence look like markup.
    readings = {fold(text), fold(visible_text(text))}
    found = [
        word for word in check.words if any(holds_word(reading, fold(word).strip()) for reading in readings)
    ]
    if not found:
        return _PASSED
    return _Finding(False, "banned", {"words": found[:MAX_NAMED]}, found[:MAX_NAMED])


def _allowed_html(check: Check, text: str) -> _Finding:
    problem = first_problem(text)
    if problem is None:
        return _PASSED
    params = {"tag": problem.tag, "attribute": problem.attribute}
    return _Finding(False, f"html_{problem.code}", params, [problem.tag])


_TEXT_CHECKS: dict[CheckKind, Callable[[Check, str], _Finding]] = {
    CheckKind.LENGTH: _length,
    CheckKind.BYTES_CP932: _bytes_cp932,
    CheckKind.REGEX: _regex,
    CheckKind.BANNED: _banned,
    CheckKind.ALLOWED_HTML: _allowed_html,
}
