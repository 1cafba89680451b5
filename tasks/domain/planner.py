"""The plan of a store: every operation with its figures for a month, and what to hand over next.

A figure is the store's own where it gave one, else what was measured, else the catalogue's estimate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from accounts.models import Store
from tasks.answers.texts import NO_TEXT, LocalText
from tasks.domain.measured import Measured, measured_of
from tasks.domain.templates import templates_of
from tasks.models import StoreOperation, StorePlan, Template
from tasks.operations import DataClass, Group, Operation, WorkForm, catalogue
from tasks.operations.sums import (
    SUGGESTED_AT_MOST,
    Advice,
    Figures,
    Sums,
    Terms,
    Total,
    rank,
    sums_of,
    total_of,
)

# Estimates: an hour of a part-timer with what the employer pays beside the wage; a fifth of it to check.
DEFAULTS = Terms(wage=1_500, review=20)
# What freelancers may see without a proven identity (rule 8 of the product).
CROWD_CLASSES = (DataClass.P0, DataClass.P1)


class Source(StrEnum):
    OWN = "own"
    MEASURED = "measured"
    ESTIMATE = "estimate"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and where it comes from. `own`: what the store gave; `fallback`: what stands without that."""

    value: Decimal | None
    source: Source
    own: Decimal | None = None
    fallback: Decimal | None = None


class Why(StrEnum):
    """Why freelancers cannot do an operation."""

    CORE = "core"
    CLASS = "class"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Row:
    """One operation of a store. `own`: the store added it; `stored`: what it said of it."""

    slug: str
    number: int | None
    own: bool
    name: LocalText
    group: Group
    core: bool
    pii: DataClass
    forms: tuple[WorkForm, ...]
    hidden: bool
    facts: Operation | None
    stored: StoreOperation | None
    advice: Advice
    why: Why | None
    volume: Figure
    minutes: Figure
    price: Figure
    sums: Sums
    measured: Measured | None
    template: Template | None

    @property
    def keep(self) -> LocalText:
        return self.facts.keep if self.facts else NO_TEXT

    @property
    def unit(self) -> LocalText:
        return self.facts.unit if self.facts else NO_TEXT

    @property
    def suggested(self) -> bool:
        return not self.hidden and self.advice is not Advice.KEEP and self.sums.hours > 0


@dataclass(frozen=True, slots=True)
class Plan:
    """`next`: what to hand over first. `begun`: the store has given at least one figure of its own."""

    store: Store
    terms: Terms
    terms_given: bool
    rows: list[Row]
    total: Total
    next: list[Row]
    begun: bool
    templates: list[Template]


def plan_of(store: Store, now: datetime) -> Plan:
    """The plan in seven queries, whatever the number of operations or tasks. Needs `store.company`."""
    stored = {row.slug: row for row in StoreOperation.objects.filter(store=store).order_by("pk")}
    given = StorePlan.objects.filter(store=store).first()
    terms = Terms(given.hourly_wage, given.review_percent) if given else DEFAULTS
    # A company's own template stands before the shipped one of the same key.
    usable = sorted(templates_of([store.company]), key=lambda one: one.company_id is not None)
    templates = {one.key: one for one in usable}
    measured = measured_of(store, now)
    taken = {row.template for row in stored.values() if row.template}

    def row_of(slug: str) -> Row:
        facts, said = catalogue().get(slug), stored.get(slug)
        key = _template_of(facts, said, taken)
        return _row(slug, facts, said, measured.get(key), templates.get(key), terms)

    own = [row.slug for row in stored.values() if row.own]
    rows = [row_of(slug) for slug in (*catalogue(), *own)]
    order = list(Group)
    rows.sort(key=lambda row: order.index(row.group))
    suggested = [row for row in rows if row.suggested]
    return Plan(
        store=store,
        terms=terms,
        terms_given=given is not None,
        rows=rows,
        total=total_of(row.sums for row in suggested),
        next=sorted(suggested, key=lambda row: rank(row.sums))[:SUGGESTED_AT_MOST],
        begun=given is not None or bool(stored),
        templates=sorted(templates.values(), key=lambda one: one.key),
    )


def advice_of(core: bool, pii: DataClass, forms: tuple[WorkForm, ...]) -> tuple[Advice, Why | None]:
    """To whom an operation can be handed, and why not to freelancers."""
    if core:
        return Advice.KEEP, Why.CORE
    if pii not in CROWD_CLASSES:
        return Advice.STAFF, Why.CLASS
    if set(forms) == {WorkForm.STAFF}:
        return Advice.STAFF, Why.FORM
    return Advice.CROWD, None


def _template_of(facts: Operation | None, said: StoreOperation | None, taken: set[str]) -> str:
    """The key of the template that does it: the store's choice, else the shipped one if it is free."""
    if said and said.template:
        return said.template
    shipped = facts.template if facts else ""
    return "" if shipped in taken else shipped


def _row(
    slug: str,
    facts: Operation | None,
    said: StoreOperation | None,
    measured: Measured | None,
    template: Template | None,
    terms: Terms,
) -> Row:
    core, pii, group = _classed(facts, said)
    forms = facts.forms if facts else (WorkForm.TASK,)
    advice, why = advice_of(core, pii, forms)
    volume, minutes, price = _figures(facts, said, measured)
    sums = sums_of(Figures(int(volume.value or 0), minutes.value or Decimal(0), price.value, advice), terms)
    return Row(
        slug=slug,
        number=facts.number if facts else None,
        own=facts is None,
        name=facts.name if facts else LocalText(ja=said.name, en=said.name) if said else NO_TEXT,
        group=group,
        core=core,
        pii=pii,
        forms=forms,
        hidden=said.hidden if said else False,
        facts=facts,
        stored=said,
        advice=advice,
        why=why,
        volume=volume,
        minutes=minutes,
        price=price,
        sums=sums,
        measured=measured,
        template=template,
    )


def _classed(facts: Operation | None, said: StoreOperation | None) -> tuple[bool, DataClass, Group]:
    """Core or not, class and heading: as the store says, else as the catalogue has them."""
    core = said.core if said and said.core is not None else facts.core if facts else False
    pii = said.pii if said and said.pii else facts.pii if facts else DataClass.P0
    group = said.group if said and said.group else facts.group if facts else Group.LISTING
    return core, DataClass(pii), Group(group)


def _figures(
    facts: Operation | None, said: StoreOperation | None, measured: Measured | None
) -> tuple[Figure, Figure, Figure]:
    """Volume, minutes and price. A volume is measured only when a whole month of it was seen."""
    seen = measured or Measured(0, False, None, None, None)
    month = Decimal(seen.done) if seen.whole and seen.done else None
    minutes = Decimal(seen.minutes) if seen.minutes else None
    estimated: Mapping[str, Decimal | None] = {
        "volume": Decimal(facts.volume) if facts else None,
        "minutes": facts.minutes if facts else None,
        "price": facts.price.mid if facts and facts.price else None,
    }
    given = {name: getattr(said, name, None) for name in estimated}
    return (
        _figure(given["volume"], month, estimated["volume"]),
        _figure(given["minutes"], minutes, estimated["minutes"]),
        _figure(given["price"], seen.price, estimated["price"]),
    )


def _figure(own: int | Decimal | None, measured: Decimal | None, estimate: Decimal | None) -> Figure:
    fallback = measured if measured is not None else estimate
    if own is not None:
        return Figure(Decimal(own), Source.OWN, Decimal(own), fallback)
    if measured is not None:
        return Figure(measured, Source.MEASURED, None, fallback)
    return Figure(estimate, Source.ESTIMATE if estimate is not None else Source.NONE, None, fallback)
