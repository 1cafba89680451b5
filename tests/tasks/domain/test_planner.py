"""The plan: which figure stands, who may do what, and what the store's own batches have shown."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from kernel.clock import now
from tasks.domain import review
from tasks.domain.measured import SAMPLED_ANSWERS, measured_of
from tasks.domain.operations import add_operation, change_operations, set_terms
from tasks.domain.planner import DEFAULTS, Plan, Row, Source, Why, advice_of, plan_of
from tasks.models import Assignment, Batch
from tasks.operations import DataClass, WorkForm
from tasks.operations.sums import Advice
from tests.factories import Cast, make_approved, make_batch, make_submission

# Reads with a statement of its own.
pytestmark = [pytest.mark.django_db, pytest.mark.both]

COPY = "description-copy"
DAY = timedelta(days=1)


def change(cast: Cast, **changes: Any) -> None:
    said = {slug.replace("_", "-"): values for slug, values in changes.items()}
    change_operations(store_id=cast.store.pk, changes=said, by=cast.aya, now=now())


def plan(cast: Cast, at: datetime | None = None) -> Plan:
    return plan_of(cast.store, at or now())


def row(cast: Cast, slug: str, at: datetime | None = None) -> Row:
    return next(one for one in plan(cast, at).rows if one.slug == slug)


def approved(batch: Batch, worker: User, cast: Cast, *minutes: int) -> None:
    """An answer for each, handed in so many minutes after its task was taken."""
    for took in minutes:
        done = make_approved(batch, worker, cast.dai)
        held = Assignment.objects.get(pk=done.assignment_id)
        claimed = held.submitted_at - timedelta(minutes=took) if held.submitted_at else now()
        Assignment.objects.filter(pk=held.pk).update(claimed_at=claimed)


def test_a_new_store_sees_the_catalogue_as_estimates(cast: Cast) -> None:
    found = plan(cast)
    assert len(found.rows) == 45
    assert (found.terms, found.terms_given, found.begun) == (DEFAULTS, False, False)
    assert {one.volume.source for one in found.rows} == {Source.ESTIMATE}
    first = found.rows[0]
    assert (first.slug, first.volume.value, first.price.value) == ("new-listing", Decimal(60), Decimal(125))
    assert first.sums.hours == 8
    assert len(found.next) == 3


def test_what_a_store_says_stands_before_estimates_and_goes_back(cast: Cast) -> None:
    change(cast, new_listing={"volume": 600, "price": "80"})
    found = row(cast, "new-listing")
    assert (found.volume.value, found.volume.source, found.volume.fallback) == (
        Decimal(600),
        Source.OWN,
        Decimal(60),
    )
    assert (found.price.value, found.minutes.source) == (Decimal(80), Source.ESTIMATE)
    assert plan(cast).next[0].slug == "new-listing"
    change(cast, new_listing={"volume": ""})
    assert row(cast, "new-listing").volume.source is Source.ESTIMATE


def test_zero_is_a_figure_too(cast: Cast) -> None:
    change(cast, new_listing={"volume": 0})
    found = row(cast, "new-listing")
    assert (found.volume.value, found.sums.hours, found.suggested) == (Decimal(0), Decimal(0), False)


def test_terms_are_the_stores_own(cast: Cast) -> None:
    set_terms(store_id=cast.store.pk, hourly_wage=3000, review_percent=50, by=cast.aya, now=now())
    found = row(cast, "new-listing").sums
    assert (found.in_house, found.freed) == (24_000, Decimal(4))


@pytest.mark.parametrize(
    ("core", "pii", "forms", "found"),
    [
        (True, "P0", "task", (Advice.KEEP, Why.CORE)),
        (False, "P0", "task", (Advice.CROWD, None)),
        (False, "P1", "task staff", (Advice.CROWD, None)),
        (False, "P2", "task", (Advice.STAFF, Why.CLASS)),
        (False, "P3", "staff", (Advice.STAFF, Why.CLASS)),
        (False, "P0", "staff", (Advice.STAFF, Why.FORM)),
    ],
)
def test_to_whom_an_operation_can_be_handed(core: bool, pii: str, forms: str, found: Any) -> None:
    assert advice_of(core, DataClass(pii), tuple(map(WorkForm, forms.split()))) == found


def test_reclassified_hidden_and_core_ones_leave_the_sums(cast: Cast) -> None:
    before = plan(cast).total
    change(
        cast,
        new_listing={"core": "1"},
        price_update={"hidden": True},
        catch_copy={"pii": "P3"},
        marketing={"core": "0"},
    )
    found = {one.slug: one for one in plan(cast).rows}
    assert (found["new-listing"].advice, found["catch-copy"].advice) == (Advice.KEEP, Advice.STAFF)
    assert not found["price-update"].suggested
    # What is no longer core can be handed over, but has no price to compare.
    assert (found["marketing"].advice, found["marketing"].sums.outsourced) == (Advice.STAFF, None)
    after = plan(cast).total
    assert after.operations == before.operations - 2 + 1
    assert after.compared == before.compared - 3


def test_a_stores_own_operation_is_reckoned_like_the_others(cast: Cast) -> None:
    raw = {"name": "Gift notes", "group": "orders", "volume": 600, "minutes": 4, "price": 30}
    add_operation(store_id=cast.store.pk, raw=raw, by=cast.aya, now=now())
    add_operation(store_id=cast.store.pk, raw={"name": "Odds", "group": "orders"}, by=cast.aya, now=now())
    found = plan(cast)
    assert found.next[0].slug == "own-1"
    assert (str(found.next[0].name), found.next[0].sums.hours) == ("Gift notes", Decimal(40))
    bare = next(one for one in found.rows if one.slug == "own-2")
    assert (bare.volume.source, bare.sums.hours, bare.suggested) == (Source.NONE, Decimal(0), False)
    orders = [one.slug for one in found.rows if one.group == "orders"]
    assert orders[-2:] == ["own-1", "own-2"]


def test_measured_minutes_and_prices_replace_estimates(cast: Cast) -> None:
    batch = make_batch(cast, count=4, audience="crowd", reward=150)
    approved(batch, cast.chie, cast, 4, 9, 30)
    found = row(cast, COPY)
    assert found.measured is not None
    assert (found.measured.done, found.measured.approved, found.measured.whole) == (3, 100, False)
    assert (found.minutes.value, found.minutes.source) == (Decimal(9), Source.MEASURED)
    assert (found.price.value, found.price.source) == (Decimal(150), Source.MEASURED)
    # Three tasks since this morning are no month's volume.
    assert found.volume.source is Source.ESTIMATE
    change(cast, **{COPY: {"minutes": 12}})
    assert (row(cast, COPY).minutes.value, row(cast, COPY).minutes.fallback) == (Decimal(12), Decimal(9))


def test_a_whole_month_measures_the_volume(cast: Cast) -> None:
    batch = make_batch(cast, count=4, audience="crowd")
    approved(batch, cast.chie, cast, 5, 5, 5)
    Batch.objects.filter(pk=batch.pk).update(published_at=now() - 40 * DAY)
    found = row(cast, COPY)
    # Three quarters of its forty days lie within the last thirty.
    assert found.measured is not None
    assert (found.measured.whole, found.measured.done) == (True, 2)
    assert (found.volume.value, found.volume.source) == (Decimal(2), Source.MEASURED)
    assert row(cast, COPY, now() + 400 * DAY).measured is not None


def test_staff_work_measures_minutes_and_no_price(cast: Cast) -> None:
    approved(make_batch(cast, count=2), cast.ben, cast, 7)
    found = row(cast, COPY)
    assert (found.minutes.value, found.price.source) == (Decimal(7), Source.ESTIMATE)


def test_rejected_work_lowers_the_rate(cast: Cast) -> None:
    batch = make_batch(cast, count=4, audience="crowd")
    approved(batch, cast.chie, cast, 5)
    refused = make_submission(batch, cast.chie)
    review.reject(submission_id=refused.pk, reasons=["facts"], by=cast.dai, now=now())
    found = measured_of(cast.store, now())["product-copy"]
    assert found.approved == 50


def test_the_template_of_ones_choice_is_measured(cast: Cast) -> None:
    approved(make_batch(cast, count=2, audience="crowd"), cast.chie, cast, 5)
    change(cast, title_rewrite={"template": "product-copy"})
    assert row(cast, "title-rewrite").minutes.value == 5
    assert row(cast, COPY).measured is None
    assert row(cast, COPY).template is None


def test_nothing_of_another_store_is_measured(cast: Cast) -> None:
    approved(make_batch(cast, count=2, audience="crowd"), cast.chie, cast, 5)
    assert measured_of(cast.other_store, now()) == {}
    assert all(one.measured is None for one in plan_of(cast.other_store, now()).rows)


def test_more_batches_and_answers_ask_no_more(cast: Cast, django_assert_num_queries: Any) -> None:
    approved(make_batch(cast, count=2, audience="crowd"), cast.chie, cast, 5)
    with django_assert_num_queries(7):
        plan(cast)
    for _ in range(3):
        approved(make_batch(cast, count=3, audience="crowd"), cast.chie, cast, 5, 5)
    change(cast, new_listing={"volume": 3}, price_update={"volume": 3})
    with django_assert_num_queries(7):
        found = plan(cast)
    assert sum(one.measured.done for one in found.rows if one.measured) == 7


def test_the_sample_is_bounded_and_comparable(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SAMPLED_ANSWERS <= 200
    monkeypatch.setattr("tasks.domain.measured.SAMPLED_ANSWERS", 2)
    batch = make_batch(cast, count=6, audience="crowd")
    refused = make_submission(batch, cast.chie)
    review.reject(submission_id=refused.pk, reasons=["facts"], by=cast.dai, now=now())
    approved(batch, cast.chie, cast, 60, 4, 4)
    # The two latest approved ones are newer than the rejected one, which is not weighed against them.
    assert measured_of(cast.store, now())["product-copy"].approved == 100
    assert measured_of(cast.store, now())["product-copy"].minutes == 4


def test_money_of_a_month_is_whole_yen(cast: Cast) -> None:
    change(cast, new_listing={"volume": 7, "minutes": "0.33", "price": "1.55"})
    found = row(cast, "new-listing").sums
    assert found.in_house == 58
    assert found.outsourced == round(Decimal("7") * Decimal("1.55") + Decimal("0.2") * Decimal("57.75"))
