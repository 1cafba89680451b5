"""Machine checks that a template declares: their definition.

`check_parse` reads them from JSON, `check_run` carries them out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import re2

from kernel.errors import Invalid
from tasks.answers.form import CHOICE_KINDS, NUMBER_KINDS, TEXT_KINDS, FieldKind
from tasks.answers.texts import NO_TEXT, LocalText

MAX_CHECKS = 200
MAX_REGEXES = 20
MAX_PATTERN = 1_000
MAX_WORDS = 2_000
MAX_WORD = 200
# Bounds the compiled program (about 10,000 instructions), and so the time per character, whatever the
# pattern.
MAX_PROGRAM_BYTES = 1 << 18


class CheckKind(StrEnum):
    """What a machine check looks at."""

    REQUIRED = "required"
    LENGTH = "length"
    BYTES_CP932 = "bytes_cp932"
    REGEX = "regex"
    ALLOWED = "allowed"
    BANNED = "banned"
    UNIQUE_IN_BATCH = "unique_in_batch"
    ALLOWED_HTML = "allowed_html"


@dataclass(frozen=True, slots=True)
class Check:
    """One check on one field, or with `rows.column` on each row's cell.

    `blocking` keeps an answer that fails from being submitted.
    """

    id: str
    kind: CheckKind
    field: str
    blocking: bool = True
    label: LocalText = NO_TEXT
    min: int | None = None
    max: int | None = None
    pattern: str = ""
    mode: str = "full"
    negate: bool = False
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class ChecksRefused(Invalid):
    """The machine checks of a template are badly defined; `fields` names each check and why."""


FITS: dict[CheckKind, frozenset[FieldKind]] = {
    # Which image pairs are wanted, the unit's pictures say.
    CheckKind.REQUIRED: frozenset(FieldKind) - {FieldKind.IMAGE_PAIRS},
    CheckKind.LENGTH: TEXT_KINDS,
    CheckKind.BYTES_CP932: TEXT_KINDS,
    CheckKind.REGEX: TEXT_KINDS,
    CheckKind.ALLOWED: TEXT_KINDS | CHOICE_KINDS,
    CheckKind.BANNED: TEXT_KINDS,
    CheckKind.UNIQUE_IN_BATCH: TEXT_KINDS | NUMBER_KINDS | {FieldKind.CHOICE, FieldKind.DATE},
    CheckKind.ALLOWED_HTML: TEXT_KINDS,
}


class Pattern(Protocol):
    """A compiled RE2 pattern."""

    def fullmatch(self, text: str) -> object | None: ...

    def search(self, text: str) -> object | None: ...


def compile_pattern(pattern: str) -> Pattern:
    """Compile an RE2 pattern. Raises re2.error when RE2 cannot (backreferences, look-around) or it is too
    large.

    It is compiled twice: once within little memory, which bounds the program, then with the usual memory,
    which lets matching stay fast.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MAX_PROGRAM_BYTES
    re2.compile(pattern, options)
    options.max_mem = re2.Options().max_mem
    compiled: Pattern = re2.compile(pattern, options)
    return compiled


def limit_of(checks: Iterable[Check], kind: CheckKind, field_name: str) -> int | None:
    """The tightest maximum that the checks of this kind set for a field, for counters beside it."""
    limits = [
        check.max
        for check in checks
        if check.kind is kind and check.field == field_name and check.max is not None
    ]
    return min(limits, default=None)


def as_json(check: Check) -> Mapping[str, Any]:
    """The definition to store, without the parameters that the kind does not have."""
    out: dict[str, Any] = {
        "id": check.id,
        "kind": check.kind.value,
        "field": check.field,
        "blocking": check.blocking,
        "label": check.label.as_json(),
    }
    out |= {key: getattr(check, key) for key in ("min", "max") if getattr(check, key) is not None}
    out |= {key: list(getattr(check, key)) for key in ("values", "words") if getattr(check, key)}
    if check.kind is CheckKind.REGEX:
        out |= {"pattern": check.pattern, "mode": check.mode, "negate": check.negate}
    return out
