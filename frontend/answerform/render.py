"""Draws an answer form: to fill in, to read, or as a preview of what a worker will see.

Only the fields are drawn; the page around brings `<form novalidate>`, the CSRF token and the buttons. There
is no `maxlength` and no `required` attribute: a browser would cut pasted text silently or stop a draft from
being saved.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.answerform.hints import browser_checks, counter_limits
from frontend.answerform.post import answer_from_post, files_from_post, input_name
from kernel.errors import FieldProblem
from tasks.answers.checks import Check, CheckKind
from tasks.answers.schema import Field, FieldKind, Form

__all__ = ["answer_from_post", "files_from_post", "input_name", "render_form"]

Mode = Literal["edit", "readonly", "preview"]
Errors = Mapping[str, Sequence[object]] | Iterable[FieldProblem]


@dataclass(frozen=True, slots=True)
class _Choice:
    value: str
    label: str
    id: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class _Control:
    """What the templates need to know of one field."""

    id: str
    name: str
    kind: str
    label: str
    help: str
    value: str
    shown: str
    choices: list[_Choice]
    errors: list[str]
    required: bool
    disabled: bool
    rows: int
    inputmode: str
    max_chars: int | None
    cp932_max: int | None
    checks: str
    described_by: str
    image_url: str

    @property
    def template(self) -> str:
        return f"answerform/{self.kind if self.kind in _OWN_TEMPLATE else 'line'}.html"

    @property
    def input_type(self) -> str:
        """A date control would drop what is no date; that is shown as text until it is mended."""
        is_date = self.kind == "date" and (not self.value or _ISO_DATE.fullmatch(self.value))
        return "date" if is_date else "text"


_OWN_TEMPLATE = frozenset({"long_text", "choice", "choices", "image"})
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def render_form(
    form: Form,
    checks: Sequence[Check],
    *,
    values: Mapping[str, Any],
    errors: Errors,
    mode: Mode,
    image_url: Callable[[str], str] | None = None,
) -> SafeString:
    """The fields of `form` as HTML in the active language.

    `values` may hold what could not be read (it is shown as typed). `errors` are problems or `{field:
    [text]}`; those of no field come first. `image_url` turns an upload id into an address to show it from.
    `preview` draws the form as in `edit`, switched off. Raises ValueError for another mode.
    """
    if mode not in ("edit", "readonly", "preview"):
        raise ValueError(mode)
    texts = _error_texts(errors)
    controls = [
        _control(field, checks, values.get(field.name), texts.get(field.name, []), mode, image_url)
        for field in form.fields
    ]
    known = {field.name for field in form.fields}
    others = [text for name, found in texts.items() if name not in known for text in found]
    template = "answerform/readonly.html" if mode == "readonly" else "answerform/form.html"
    return render_to_string(template, {"controls": controls, "other_errors": others, "mode": mode})


def _error_texts(errors: Errors) -> dict[str, list[str]]:
    if isinstance(errors, Mapping):
        return {str(name): [str(text) for text in found] for name, found in errors.items()}
    texts: dict[str, list[str]] = {}
    for problem in errors:
        texts.setdefault(problem.field, []).append(str(problem.message))
    return texts


def _control(
    field: Field,
    checks: Sequence[Check],
    value: object,
    errors: list[str],
    mode: Mode,
    image_url: Callable[[str], str] | None,
) -> _Control:
    name = input_name(field.name)
    own = [check for check in checks if check.field == field.name]
    max_chars, cp932_max = counter_limits(field, own)
    required = _is_required(field, own)
    return _Control(
        id=name,
        name=name,
        kind=field.kind.value,
        label=str(field.label),
        help=str(field.help),
        value=_typed(value),
        shown=_shown(field, value),
        choices=_choices(field, name, value),
        errors=errors,
        required=required,
        disabled=mode == "preview",
        rows=4 if (max_chars or 1000) <= 200 else 12,
        inputmode=_INPUT_MODES.get(field.kind, ""),
        max_chars=max_chars,
        cp932_max=cp932_max,
        checks=json.dumps(browser_checks(field, own, required), ensure_ascii=False),
        described_by=_described_by(field, name, errors, max_chars, cp932_max),
        image_url=_image_address(field, value, image_url),
    )


_INPUT_MODES = {FieldKind.INTEGER: "numeric", FieldKind.NUMBER: "decimal"}


def _is_required(field: Field, checks: list[Check]) -> bool:
    return field.required or any(check.kind is CheckKind.REQUIRED and check.blocking for check in checks)


def _described_by(
    field: Field, name: str, errors: list[str], max_chars: int | None, cp932_max: int | None
) -> str:
    parts = [
        (bool(errors), "error"),
        (bool(field.help), "help"),
        (max_chars is not None or cp932_max is not None, "counter"),
        (True, "hint"),
    ]
    return " ".join(f"{name}-{part}" for there, part in parts if there)


def _typed(value: object) -> str:
    """The value as the control shows it; a list can only be an odd value here, or choices drawn elsewhere."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def _shown(field: Field, value: object) -> str:
    """The value in words, for reading."""
    if field.kind is FieldKind.CHOICES and isinstance(value, list):
        return _(", ").join(field.option_label(str(item)) for item in value)
    if field.kind is FieldKind.CHOICE:
        return field.option_label(_typed(value))
    return _typed(value)


def _choices(field: Field, name: str, value: object) -> list[_Choice]:
    """The options, and behind them any chosen value that is none of them, so that it is not lost unseen."""
    given = [str(item) for item in value] if isinstance(value, list) else [_typed(value)]
    known = {option.value: str(option.label) for option in field.options}
    odd = {text: text for text in given if text and text not in known} if field.options else {}
    return [
        _Choice(value=text, label=label, id=f"{name}-{number}", chosen=text in given)
        for number, (text, label) in enumerate((known | odd).items(), 1)
    ]


def _image_address(field: Field, value: object, image_url: Callable[[str], str] | None) -> str:
    if field.kind is not FieldKind.IMAGE or image_url is None or not value:
        return ""
    return image_url(str(value))
