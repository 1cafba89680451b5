"""The form in which somebody states a check that no version looked for, and what was typed in it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel.errors import Invalid, Text
from tasks.answers.check_kinds import FITS, as_json
from tasks.answers.checks import CheckKind
from tasks.answers.form import FieldKind, Form
from tasks.domain import later_scope
from tasks.domain.template_words import CHECK_KINDS
from tasks.models import Submission

NUMBER = re.compile(r"[0-9]{1,9}")
SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")
# A text that must stand somewhere is a pattern that nobody has to know how to write.
HOLDS = "holds"
KINDS: dict[str, Promise | Text] = {
    CheckKind.BANNED: CHECK_KINDS["banned"],
    HOLDS: gettext_lazy("A text that must appear"),
    CheckKind.LENGTH: CHECK_KINDS["length"],
    CheckKind.REQUIRED: CHECK_KINDS["required"],
    CheckKind.ALLOWED: CHECK_KINDS["allowed"],
    CheckKind.REGEX: CHECK_KINDS["regex"],
    CheckKind.BYTES_CP932: CHECK_KINDS["bytes_cp932"],
    CheckKind.ALLOWED_HTML: CHECK_KINDS["allowed_html"],
}
# What is wrong, said beside the fields of this form; anything else as the parser says it.
MESSAGES: dict[str, Promise] = {
    "unknown_kind": gettext_lazy("Choose what to look for."),
    "unknown_field": gettext_lazy("Choose the field to look at."),
    "wrong_field": gettext_lazy("This cannot be looked for in the field you chose."),
    "no_words": gettext_lazy("Write at least one, each on a line of its own."),
    "pattern_missing": gettext_lazy("Write what to look for."),
    "no_limit": gettext_lazy("Give the smallest or the largest number of characters."),
    "bad_limit": gettext_lazy("Give a whole number."),
    "limits_crossed": gettext_lazy("The smallest number is above the largest."),
}


@dataclass(frozen=True)
class Typed:
    """What stands in the form; `problems` are sentences about it."""

    kind: str = CheckKind.BANNED.value
    field: str = ""
    words: str = ""
    values: str = ""
    text: str = ""
    pattern: str = ""
    mode: str = "search"
    negate: bool = False
    min: str = ""
    max: str = ""
    bytes: str = ""
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, posted: Mapping[str, str]) -> "Typed":
        texts = ("kind", "field", "words", "values", "text", "pattern", "mode", "min", "max", "bytes")
        found: dict[str, Any] = {name: posted[name].replace("\r\n", "\n") for name in texts if name in posted}
        return cls(**found, negate=posted.get("negate") == "1")

    def definition(self) -> dict[str, Any]:
        """The check as templates hold it; whatever is wrong with it is said where it is read."""
        kind = CheckKind.REGEX.value if self.kind == HOLDS else self.kind
        made = _PARAMS.get(self.kind)
        return {"kind": kind, "field": self.field, **(made(self) if made else {})}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _limits(**typed: str) -> dict[str, Any]:
    given = {name: text.strip() for name, text in typed.items() if text.strip()}
    return {name: int(text) if NUMBER.fullmatch(text) else text for name, text in given.items()}


_PARAMS: dict[str, Callable[[Typed], dict[str, Any]]] = {
    CheckKind.BANNED: lambda typed: {"words": _lines(typed.words)},
    CheckKind.ALLOWED: lambda typed: {"values": _lines(typed.values)},
    CheckKind.LENGTH: lambda typed: _limits(min=typed.min, max=typed.max),
    CheckKind.BYTES_CP932: lambda typed: _limits(max=typed.bytes),
    CheckKind.REGEX: lambda typed: {"pattern": typed.pattern, "mode": typed.mode, "negate": typed.negate},
    HOLDS: lambda typed: {"pattern": SPECIAL.sub(r"\\\1", typed.text.strip()), "mode": "search"},
}


def problems_of(refused: Invalid) -> tuple[str, ...]:
    """In the words of this form, each once."""
    said = [str(MESSAGES.get(one.code, one.message)) for one in refused.fields]
    return tuple(dict.fromkeys(said)) or (str(refused.message),)


def fields_of(form: Form) -> list[dict[str, str]]:
    """The fields and columns that some check can look at, and which kinds fit them."""
    places = [(one.name, str(one.label), one) for one in form.fields]
    for rows in form.fields:
        places += [
            (f"{rows.name}.{one.name}", _("{rows} → {column}").format(rows=rows.label, column=one.label), one)
            for one in rows.fields
        ]
    return [
        {"name": name, "label": label}
        for name, label, one in places
        if any(one.kind in FITS[kind] for kind in CheckKind) and one.kind is not FieldKind.IMAGE_PAIRS
    ]


def chosen_definition(submission: Submission, posted: Mapping[str, str]) -> dict[str, Any]:
    """What was asked for: a check of a newer version, or the one that was stated."""
    wanted = posted.get("suggested", "")
    for one in later_scope.suggested(submission) if wanted else []:
        if wanted == mark_of(one):
            return dict(as_json(one.check))
    return Typed.of(posted).definition()


def mark_of(one: later_scope.Suggested) -> str:
    return f"{one.version.pk}.{one.check.id}"
