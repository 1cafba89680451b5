"""The arithmetic of the plan. Pure: figures in, hours and yen out."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

SUGGESTED_AT_MOST = 3
MINUTES_PER_HOUR = 60
TENTH = Decimal("0.1")


class Advice(StrEnum):
    """To whom an operation can be handed: freelancers too, the shop's own staff alone, or nobody (core)."""

    CROWD = "crowd"
    STAFF = "staff"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Terms:
    """`wage`: yen for an hour of the shop's own people. `review`: per cent of the work time to check it."""

    wage: int
    review: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`volume` units a month, `minutes` of work and yen of `price` for one unit."""

    volume: int
    minutes: Decimal
    price: Decimal | None
    advice: Advice


@dataclass(frozen=True, slots=True)
class Sums:
    """One operation for a month.

    `hours` of work; `freed` of them once somebody else does it and one's own people only check; in whole yen
    `in_house`, and where freelancers may do it `outsourced` (reward and the time to check), the `saving` and
    `break_even`: the price of a unit at which both cost the same.
    """

    hours: Decimal
    freed: Decimal
    in_house: int
    outsourced: int | None
    saving: int | None
    break_even: Decimal | None


def sums_of(figures: Figures, terms: Terms) -> Sums:
    """What an operation takes and costs in a month. Hours and yen are rounded once, at the end."""
    hours = figures.volume * figures.minutes / MINUTES_PER_HOUR
    review = Decimal(terms.review) / 100
    in_house, checking = hours * terms.wage, hours * review * terms.wage
    freed = Decimal(0) if figures.advice is Advice.KEEP else max(Decimal(0), hours - hours * review)
    if figures.advice is not Advice.CROWD or figures.price is None:
        return Sums(_tenth(hours), _tenth(freed), _yen(in_house), None, None, None)
    outsourced = _yen(figures.volume * figures.price + checking)
    unit = figures.minutes / MINUTES_PER_HOUR * terms.wage * (1 - review)
    return Sums(
        hours=_tenth(hours),
        freed=_tenth(freed),
        in_house=_yen(in_house),
        outsourced=outsourced,
        saving=_yen(in_house) - outsourced,
        break_even=max(Decimal(0), _tenth(unit)),
    )


@dataclass(frozen=True, slots=True)
class Total:
    """Of the operations that can be handed over: `freed` hours of `hours`, and how many they are.

    The costs compare those that freelancers may do; what only the own staff may do costs the same either way.
    """

    operations: int
    compared: int
    hours: Decimal
    freed: Decimal
    in_house: int
    outsourced: int

    @property
    def saving(self) -> int:
        return self.in_house - self.outsourced


def total_of(rows: Iterable[Sums]) -> Total:
    rows = list(rows)
    compared = [row for row in rows if row.outsourced is not None]
    return Total(
        operations=len(rows),
        compared=len(compared),
        hours=sum((row.hours for row in rows), Decimal(0)),
        freed=sum((row.freed for row in rows), Decimal(0)),
        in_house=sum(row.in_house for row in compared),
        outsourced=sum(row.outsourced or 0 for row in compared),
    )


def rank(sums: Sums) -> tuple[Decimal, int]:
    """The order in which to hand over: the most hours freed first, then the largest saving of yen."""
    return (-sums.freed, -(sums.saving or 0))


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(TENTH, ROUND_HALF_UP)


def _yen(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
