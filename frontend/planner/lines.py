"""The rows of the planner as its table shows them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from frontend.templatetags.tencho import yen
from tasks.domain.plan_file import shown
from tasks.domain.planner import Figure, Plan, Row, Source, Why
from tasks.models import StoreOperation
from tasks.operations import Group
from tasks.operations.sums import Advice

# What the form of a row holds, in the order in which `was` keeps it.
FIELDS = ("volume", "minutes", "price", "core", "pii", "template")
OWN_FIELDS = ("name", "group")
FIGURES = ("volume", "minutes", "price")


@dataclass(frozen=True)
class Cell:
    """One input: its name, what stands in it, what stands without that, and from where."""

    name: str
    value: str
    placeholder: str
    source: Source
    measured: str
    problem: str


@dataclass(frozen=True)
class Line:
    row: Row
    cells: Mapping[str, Cell]
    # The other values of the form, as typed or stored; and all of them as the page was given.
    values: Mapping[str, str]
    was: str
    problems: Mapping[str, str]
    hours: str
    saving: str

    @property
    def keeps(self) -> bool:
        return self.row.advice is Advice.KEEP

    @property
    def staff_only(self) -> bool:
        return self.row.advice is Advice.STAFF

    @property
    def by_class(self) -> bool:
        return self.row.why is Why.CLASS

    @property
    def loses(self) -> bool:
        return (self.row.sums.saving or 0) < 0


def line_of(
    row: Row, plan: Plan, typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None
) -> Line:
    """A row with what is stored, or what was typed where the form was refused."""
    stored = stored_texts(row.stored)
    here = {name: (typed or {}).get(f"{name}.{row.slug}", text) for name, text in stored.items()}
    told = {name: (problems or {}).get(f"{row.slug}.{name}") for name in stored}
    wrong = {name: text for name, text in told.items() if text}
    figures: dict[str, Figure] = {"volume": row.volume, "minutes": row.minutes, "price": row.price}
    cells = {
        name: _cell(name, row, figure, here[name], wrong.get(name, "")) for name, figure in figures.items()
    }
    return Line(
        row=row,
        cells=cells,
        values=here,
        was=(typed or {}).get(f"was.{row.slug}") or json.dumps(list(stored.values())),
        problems=wrong,
        hours=shown(row.sums.hours),
        saving=signed_yen(row.sums.saving),
    )


def stored_texts(said: StoreOperation | None) -> dict[str, str]:
    """Field → the text that stands in the form for what a store has said."""
    found = {name: _text(getattr(said, name, None)) for name in FIELDS}
    if said and said.own:
        found |= {name: _text(getattr(said, name)) for name in OWN_FIELDS}
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | Decimal):
        return shown(value)
    return value or ""


def _cell(name: str, row: Row, figure: Figure, value: str, problem: str) -> Cell:
    seen = row.measured
    measured = getattr(seen, "done" if name == "volume" else name) if seen else None
    return Cell(
        name=f"{name}.{row.slug}",
        value=value,
        placeholder=_grouped(figure.fallback),
        source=figure.source,
        measured=shown(measured) if measured is not None else "",
        problem=problem,
    )


def _grouped(value: Decimal | None) -> str:
    """As people write it: 4,750."""
    return "" if value is None else f"{int(value):,}" if value == int(value) else shown(value)


def signed_yen(amount: int | None) -> str:
    if amount is None:
        return ""
    return f"−{yen(-amount)}" if amount < 0 else yen(amount)


@dataclass(frozen=True)
class Heading:
    group: Group
    lines: Sequence[Line]
    hours: str


def grouped(lines: Sequence[Line]) -> list[Heading]:
    """The rows under their headings; a heading without rows is left out."""
    found = []
    for group in Group:
        here = [line for line in lines if line.row.group == group]
        if here:
            found.append(Heading(group, here, shown(sum((line.row.sums.hours for line in here), Decimal(0)))))
    return found


@dataclass(frozen=True)
class Next:
    """What to hand over next, and why."""

    row: Row
    reason: str
    whom: str


def next_of(plan: Plan) -> list[Next]:
    return [Next(row, _reason(row), _whom(row)) for row in plan.next]


def _reason(row: Row) -> str:
    words = {"hours": shown(row.sums.freed), "yen": yen(abs(row.sums.saving or 0))}
    if row.sums.saving is None:
        return _("Frees %(hours)s hours of your month; the cost stays as it is.") % words
    if row.sums.saving < 0:
        return _("Frees %(hours)s hours of your month and costs %(yen)s more than in-house.") % words
    return _("Frees %(hours)s hours of your month and saves %(yen)s.") % words


def _whom(row: Row) -> str:
    if row.why is Why.CLASS:
        return _("Personal data (%(class)s): own staff only") % {"class": row.pii.value}
    if row.why is Why.FORM:
        return _("Usually done in the shop: own staff only")
    return _("Freelancers or own staff")
