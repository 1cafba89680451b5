"""The arithmetic of the plan: worked by hand, and properties that hold whatever the figures."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tasks.operations.sums import Advice, Figures, Terms, rank, sums_of, total_of

TERMS = Terms(wage=1_500, review=20)


def sums(volume: int, minutes: str, price: str | None, advice: Advice = Advice.CROWD, terms: Terms = TERMS):
    return sums_of(Figures(volume, Decimal(minutes), Decimal(price) if price else None, advice), terms)


def test_a_month_worked_by_hand() -> None:
    # 120 units of 8 minutes are 16 hours; a fifth of them, 3.2 hours, checks what came back.
    found = sums(120, "8", "125")
    assert (found.hours, found.freed) == (Decimal("16.0"), Decimal("12.8"))
    assert found.in_house == 16 * 1_500
    assert found.outsourced == 120 * 125 + 4_800
    assert found.saving == 24_000 - 19_800
    # At ¥160 a unit both cost the same.
    assert found.break_even == 160
    assert sums(120, "8", "160").saving == 0
    assert (sums(120, "8", "161").saving or 0) < 0


def test_hours_and_yen_are_rounded_once() -> None:
    found = sums(1, "1", "0.5")
    # 1/60 hour: ¥25 in-house; half a yen and ¥5 of checking.
    assert (found.hours, found.in_house, found.outsourced) == (Decimal("0.0"), 25, 6)
    assert sums(7, "0.5", "3").in_house == 88


def test_own_staff_frees_the_hours_and_costs_the_same() -> None:
    found = sums(120, "8", "125", Advice.STAFF)
    assert found.freed == Decimal("12.8")
    assert (found.outsourced, found.saving, found.break_even) == (None, None, None)


def test_what_is_kept_frees_nothing() -> None:
    found = sums(30, "60", None, Advice.KEEP)
    assert (found.hours, found.freed, found.in_house) == (30, 0, 45_000)


def test_without_a_price_nothing_is_compared() -> None:
    assert sums(10, "6", None).outsourced is None


def test_the_total_compares_only_what_freelancers_may_do() -> None:
    crowd, staff = sums(120, "8", "125"), sums(60, "10", None, Advice.STAFF)
    found = total_of([crowd, staff])
    assert (found.operations, found.compared) == (2, 1)
    assert found.hours == 26
    assert found.freed == Decimal("20.8")
    assert (found.in_house, found.outsourced, found.saving) == (24_000, 19_800, 4_200)
    assert total_of([]).saving == 0


def test_the_most_hours_come_first_then_the_largest_saving() -> None:
    long, cheap, dear = sums(100, "12", "500"), sums(60, "10", "10"), sums(60, "10", "90")
    assert sorted([dear, cheap, long], key=rank) == [long, cheap, dear]


FIGURES = st.builds(
    Figures,
    st.integers(0, 1_000_000),
    st.decimals(0, 10_080, places=2),
    st.none() | st.decimals(0, 1_000_000, places=2),
    st.sampled_from(Advice),
)
ALL_TERMS = st.builds(Terms, st.integers(1, 100_000), st.integers(0, 100))


@given(FIGURES, ALL_TERMS)
def test_no_figures_break_it(figures: Figures, terms: Terms) -> None:
    found = sums_of(figures, terms)
    assert 0 <= found.freed <= found.hours
    assert found.in_house >= 0
    if found.outsourced is not None:
        assert found.saving == found.in_house - found.outsourced
        assert figures.advice is Advice.CROWD


@given(st.integers(1, 10_000), st.decimals(1, 600, places=2), ALL_TERMS)
def test_at_the_break_even_both_cost_the_same(volume: int, minutes: Decimal, terms: Terms) -> None:
    even = sums_of(Figures(volume, minutes, Decimal(0), Advice.CROWD), terms).break_even
    found = sums_of(Figures(volume, minutes, even, Advice.CROWD), terms)
    # Its tenth of a yen is rounded, so that each unit may be half of one off.
    assert abs(found.saving or 0) <= volume * Decimal("0.05") + 1
