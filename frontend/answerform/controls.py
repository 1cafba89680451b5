"""What the templates of an answer form need to know of one field or cell."""

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext as _

from frontend.answerform.hints import browser_checks, counter_limits
from tasks.answers.checks import Check, CheckKind
from tasks.answers.form import PART_KINDS, TEXT_KINDS, Field, FieldKind, Form

Mode = Literal["edit", "readonly", "preview"]
_OWN_TEMPLATE = frozenset({"long_text", "choice", "choices", "image", "rows", "image_pairs"})
_INPUT_MODES = {FieldKind.INTEGER: "numeric", FieldKind.NUMBER: "decimal"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn: the form with its checks, the answer, and how."""

    form: Form
    checks: Sequence[Check]
    values: Mapping[str, Any]
    errors: Mapping[str, Sequence[str]]
    mode: Mode
    hidden: frozenset[str]
    image_url: Callable[[str], str] | None = None
    unit_values: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    id: str
    chosen: bool
    odd: bool


@dataclass(frozen=True, slots=True)
class Control:
    """One field, or one cell of a row. Rows, blank rows and pairs are those of fields made of parts."""

    id: str
    name: str
    kind: str
    label: str
    help: str
    value: str
    shown: str
    choices: list[Choice]
    errors: list[str]
    required: bool
    disabled: bool
    lines: int
    inputmode: str
    max_chars: int | None
    cp932_max: int | None
    checks: str
    described_by: str
    image_url: str
    when: str = ""
    show_if: str = ""
    asked: bool = True
    rows: list["Row"] = field(default_factory=list)
    blank_rows: list["Row"] = field(default_factory=list)
    blank: "Row | None" = None
    most_rows: int = 0
    is_table: bool = False
    pairs: list["Pair"] = field(default_factory=list)
    has_unit: bool = False

    @property
    def template(self) -> str:
        return f"answerform/{self.kind if self.kind in _OWN_TEMPLATE else 'line'}.html"

    @property
    def input_type(self) -> str:
        """A date control would drop what is no date; that is shown as text until it is mended."""
        return "date" if self.kind == "date" and (not self.value or _is_date(self.value)) else "text"

    @property
    def is_filled(self) -> bool:
        return bool(self.shown or self.image_url or self.rows or self.pairs)


@dataclass(frozen=True, slots=True)
class Row:
    """One of repeated rows; `number` counts from 1, and is blank in the template of a new row."""

    number: int | str
    cells: list[Control]


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture of the unit (drawn as `frontend.work.inputs.Picture` says) beside its counterpart."""

    number: int
    id: str
    before: str
    before_name: str
    picture: Any
    after: str
    after_name: str
    after_url: str


def control_of(one: Field, drawing: Drawing, *, name: str, path: str, value: object, **more: Any) -> Control:
    """One control by the name of its input; `path` is what its machine checks look at."""
    own = [check for check in drawing.checks if check.field == path]
    max_chars, cp932_max = counter_limits(one, path, own)
    required = is_required(one, own)
    errors = list(more.pop("errors", ()))
    return Control(
        id=name,
        name=name,
        kind=one.kind.value,
        label=str(one.label),
        help=str(one.help),
        value=typed(value),
        shown=shown(one, value),
        choices=_choices(one, name, value),
        errors=errors,
        required=required,
        disabled=drawing.mode == "preview",
        lines=4 if (max_chars or 1000) <= 200 else 12,
        inputmode=_INPUT_MODES.get(one.kind, ""),
        max_chars=max_chars,
        cp932_max=cp932_max,
        checks=json.dumps(browser_checks(one, own, required), ensure_ascii=False),
        described_by=_described_by(one, name, errors, max_chars, cp932_max),
        image_url=_image_address(one, value, drawing.image_url),
        **more,
    )


def _is_date(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def is_required(one: Field, checks: Sequence[Check]) -> bool:
    return one.required or any(check.kind is CheckKind.REQUIRED and check.blocking for check in checks)


def _described_by(
    one: Field, name: str, errors: list[str], max_chars: int | None, cp932_max: int | None
) -> str:
    parts = [
        (bool(errors), "error"),
        (bool(one.help), "help"),
        (max_chars is not None or cp932_max is not None, "counter"),
        (True, "hint"),
    ]
    return " ".join(f"{name}-{part}" for there, part in parts if there)


def typed(value: object) -> str:
    """The value as the control shows it; a list can only be an odd value here, or parts drawn elsewhere."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def shown(one: Field, value: object) -> str:
    """The value in words, for reading."""
    if one.kind in PART_KINDS and isinstance(value, list):
        return ""
    if one.kind is FieldKind.CHOICES and isinstance(value, list):
        return _(", ").join(one.option_label(str(item)) for item in value)
    if one.kind is FieldKind.CHOICE:
        return one.option_label(typed(value))
    return typed(value)


def _choices(one: Field, name: str, value: object) -> list[Choice]:
    """The options, and behind them any chosen value that is none of them, so that it is not lost unseen."""
    given = [str(item) for item in value] if isinstance(value, list) else [typed(value)]
    known = {option.value: str(option.label) for option in one.options}
    odd = {text: text for text in given if text and text not in known} if one.options else {}
    return [
        Choice(text, label, id=f"{name}-{number}", chosen=text in given, odd=text in odd)
        for number, (text, label) in enumerate((known | odd).items(), 1)
    ]


def _image_address(one: Field, value: object, image_url: Callable[[str], str] | None) -> str:
    if one.kind is not FieldKind.IMAGE or image_url is None or not value:
        return ""
    return image_url(str(value))


def is_narrow(one: Field) -> bool:
    """Whether rows with such a column can stand like the lines of a table."""
    wide = {FieldKind.LONG_TEXT, FieldKind.CHOICES, FieldKind.IMAGE}
    return one.kind not in wide and not (one.kind in TEXT_KINDS and (one.max_length or 0) > 80)
