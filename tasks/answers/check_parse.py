"""Reads the machine checks of a template from JSON, or names each check that cannot be used and why."""

import re
from collections.abc import Mapping
from typing import Any

import re2
from django.utils.translation import gettext_lazy as _

from tasks.answers.check_kinds import (
    FITS,
    MAX_CHECKS,
    MAX_PATTERN,
    MAX_REGEXES,
    MAX_WORD,
    MAX_WORDS,
    Check,
    CheckKind,
    ChecksRefused,
    compile_pattern,
)
from tasks.answers.form import MAX_LABEL, MAX_STRING, Form
from tasks.answers.measure import fold
from tasks.answers.problems import Problems
from tasks.answers.texts import LocalText, is_storable, parse_local_text, shown_name

_MESSAGES = {
    "not_a_list": _("The checks must be a JSON list."),
    "too_many_checks": _("A template has at most {max} checks."),
    "too_many_regexes": _("A template has at most {max} checks with a regular expression."),
    "not_an_object": _("Check “{check}”: this must be a JSON object."),
    "bad_id": _("Check “{check}”: an id is made of small letters, digits and -, at most 64 characters."),
    "id_doubled": _("Check “{check}”: two checks have this id."),
    "unknown_kind": _("Check “{check}”: this kind of check does not exist."),
    "unknown_key": _("Check “{check}”: “{key}” is not known here."),
    "unknown_field": _("Check “{check}”: the form has no field “{name}”."),
    "wrong_field": _("Check “{check}”: this kind of check does not fit the field “{name}”."),
    "wrong_value": _("Check “{check}”: “{key}” cannot have this value."),
    "bad_label": _(
        "Check “{check}”: the label must be text in Japanese or English, at most {max} characters."
    ),
    "no_limit": _("Check “{check}”: give the smallest or the largest number."),
    "bad_limit": _("Check “{check}”: “{key}” must be a whole number from 0 to {max}."),
    "limits_crossed": _("Check “{check}”: the smallest number is above the largest."),
    "no_words": _("Check “{check}”: the list “{key}” is empty."),
    "too_many_words": _("Check “{check}”: the list “{key}” has more than {max} entries."),
    "bad_word": _("Check “{check}”: “{word}” in the list “{key}” cannot be used."),
    "pattern_missing": _("Check “{check}”: the regular expression is missing."),
    "pattern_too_long": _("Check “{check}”: the regular expression may have at most {max} characters."),
    "pattern_unsupported": _(
        "Check “{check}”: this regular expression cannot be used ({reason}). "
        "References back to a group (\\1) and looking ahead or behind ((?=…), (?<=…)) are not supported."
    ),
    "pattern_too_large": _(
        "Check “{check}”: this regular expression is too large. Please use smaller repetitions."
    ),
}
_COMMON_KEYS = {"id", "kind", "field", "blocking", "label"}
_OWN_KEYS: dict[CheckKind, set[str]] = {
    CheckKind.LENGTH: {"min", "max"},
    CheckKind.BYTES_CP932: {"max"},
    CheckKind.REGEX: {"pattern", "mode", "negate"},
    CheckKind.ALLOWED: {"values"},
    CheckKind.BANNED: {"words"},
}
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def parse_checks(raw: object, form: Form) -> list[Check]:
    """Read the list of checks declared on a template version whose answers have this form.

    Raises ChecksRefused (code `checks_invalid`): every problem names its check, in `field` and in the
    message.
    """
    problems = Problems(_MESSAGES)
    checks = _read(raw, form, problems)
    if problems:
        raise ChecksRefused(
            "checks_invalid", _("The machine checks cannot be used as they are."), fields=problems.found
        )
    return checks


def _read(raw: object, form: Form, problems: Problems) -> list[Check]:
    if not isinstance(raw, list):
        problems.add("checks", "not_a_list")
        return []
    if len(raw) > MAX_CHECKS:
        problems.add("checks", "too_many_checks", max=MAX_CHECKS)
        return []
    regexes = sum(isinstance(entry, Mapping) and entry.get("kind") == "regex" for entry in raw)
    if regexes > MAX_REGEXES:
        problems.add("checks", "too_many_regexes", max=MAX_REGEXES)
        return []
    checks: list[Check] = []
    for number, entry in enumerate(raw, 1):
        check = _Reader(entry, number, form, problems).check()
        if check is not None and any(check.id == other.id for other in checks):
            problems.add(check.id, "id_doubled", check=check.id)
        if check is not None:
            checks.append(check)
    return checks


class _Reader:
    """Reads one check; problems are named by its id, or by its place in the list when it has none."""

    def __init__(self, raw: object, number: int, form: Form, problems: Problems) -> None:
        self.raw: Mapping[Any, Any] = raw if isinstance(raw, Mapping) else {}
        self.is_object = isinstance(raw, Mapping)
        given = self.raw.get("id")
        self.has_id = isinstance(given, str) and _ID.fullmatch(given) is not None
        self.name = str(given) if self.has_id else str(number)
        self.form = form
        self.problems = problems

    def check(self) -> Check | None:
        kind = self.raw.get("kind")
        if not self.is_object:
            self._refuse("not_an_object")
        elif not self.has_id:
            self._refuse("bad_id")
        elif not isinstance(kind, str) or kind not in list(CheckKind):
            self._refuse("unknown_kind")
        else:
            return self._of_kind(CheckKind(kind))
        return None

    def _of_kind(self, kind: CheckKind) -> Check | None:
        for key in self.raw:
            if key not in _COMMON_KEYS | _OWN_KEYS.get(kind, set()):
                self._refuse("unknown_key", key=shown_name(key))
        return Check(
            id=self.name,
            kind=kind,
            field=self._field(kind),
            blocking=self._flag("blocking", True),
            label=self._label(),
            **self._own(kind),
        )

    def _own(self, kind: CheckKind) -> dict[str, Any]:
        match kind:
            case CheckKind.LENGTH | CheckKind.BYTES_CP932:
                return self._limits(kind)
            case CheckKind.REGEX:
                mode = self.raw.get("mode", "full")
                if mode not in ("full", "search"):
                    self._refuse("wrong_value", key="mode")
                return {"pattern": self._pattern(), "mode": mode, "negate": self._flag("negate", False)}
            case CheckKind.ALLOWED:
                return {"values": self._words("values")}
            case CheckKind.BANNED:
                return {"words": self._words("words")}
        return {}

    def _refuse(self, code: str, **params: object) -> None:
        self.problems.add(self.name, code, check=self.name, **params)

    def _field(self, kind: CheckKind) -> str:
        name = self.raw.get("field")
        field = self.form.at(name) if isinstance(name, str) else None
        if not isinstance(name, str) or field is None:
            self._refuse("unknown_field", name=shown_name(name))
            return ""
        # What is unique in a batch is one value an answer, not one a row.
        if field.kind not in FITS[kind] or ("." in name and kind is CheckKind.UNIQUE_IN_BATCH):
            self._refuse("wrong_field", name=name)
        return name

    def _flag(self, key: str, default: bool) -> bool:
        value = self.raw.get(key, default)
        if not isinstance(value, bool):
            self._refuse("wrong_value", key=key)
            return default
        return value

    def _label(self) -> LocalText:
        try:
            label = parse_local_text(self.raw.get("label", {}))
        except ValueError:
            label = None
        if label is None or max(len(label.ja), len(label.en)) > MAX_LABEL:
            self._refuse("bad_label", max=MAX_LABEL)
            return LocalText()
        return label

    def _limits(self, kind: CheckKind) -> dict[str, int]:
        found: dict[str, int] = {}
        for key in sorted(_OWN_KEYS[kind] & set(self.raw)):
            value = self.raw[key]
            if type(value) is int and 0 <= value <= 3 * MAX_STRING:
                found[key] = value
            else:
                self._refuse("bad_limit", key=key, max=3 * MAX_STRING)
        # Without a number, bytes_cp932 asks that every character has a place there.
        if kind is CheckKind.LENGTH and not _OWN_KEYS[kind] & set(self.raw):
            self._refuse("no_limit")
        if found.get("min", 0) > found.get("max", 3 * MAX_STRING):
            self._refuse("limits_crossed")
        return found

    def _words(self, key: str) -> tuple[str, ...]:
        words = self.raw.get(key)
        if not isinstance(words, list) or not words:
            self._refuse("no_words", key=key)
            return ()
        if len(words) > MAX_WORDS:
            self._refuse("too_many_words", key=key, max=MAX_WORDS)
            return ()
        for word in words:
            if not _is_word(word):
                self._refuse("bad_word", key=key, word=shown_name(word))
                return ()
        return tuple(words)

    def _pattern(self) -> str:
        pattern = self.raw.get("pattern")
        if not isinstance(pattern, str) or not pattern or not is_storable(pattern):
            self._refuse("pattern_missing")
            return ""
        if len(pattern) > MAX_PATTERN:
            self._refuse("pattern_too_long", max=MAX_PATTERN)
            return ""
        try:
            compile_pattern(pattern)
        except re2.error as error:
            self._refuse_pattern(error)
        return pattern

    def _refuse_pattern(self, error: Exception) -> None:
        raw = error.args[0] if error.args else b""
        reason = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        if "too large" in reason or "repetition size" in reason:
            self._refuse("pattern_too_large")
        else:
            self._refuse("pattern_unsupported", reason=reason[:120])


def _is_word(word: object) -> bool:
    return isinstance(word, str) and len(word) <= MAX_WORD and is_storable(word) and fold(word).strip() != ""
