"""Two directors at the planner at the same moment, on two real connections."""

from decimal import Decimal
from functools import partial

import pytest

from kernel.clock import now
from tasks.domain.operations import add_operation, change_operations, set_terms
from tasks.models import StoreOperation, StorePlan
from tests.factories import Cast, make_cast
from tests.tasks.domain.test_races import at_once

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def test_numbers_of_own_operations_have_no_twin(cast: Cast) -> None:
    add = partial(add_operation, store_id=cast.store.pk, by=cast.aya, now=now())
    acts = [partial(add, raw={"name": f"own {n}", "group": "orders"}) for n in range(3)]
    assert at_once(*acts) == ["", "", ""]
    assert sorted(StoreOperation.objects.values_list("slug", flat=True)) == ["own-1", "own-2", "own-3"]


def test_the_same_name_goes_to_one(cast: Cast) -> None:
    raw = {"name": "Gift", "group": "orders"}
    act = partial(add_operation, store_id=cast.store.pk, raw=raw, by=cast.aya, now=now())
    assert sorted(at_once(act, act)) == ["", "operation_invalid"]


def test_changes_of_two_fields_both_stay(cast: Cast) -> None:
    act = partial(change_operations, store_id=cast.store.pk, by=cast.aya, now=now())
    said = [{"new-listing": {"volume": 5}}, {"new-listing": {"minutes": 3}}]
    assert at_once(*(partial(act, changes=one) for one in said)) == ["", ""]
    assert StoreOperation.objects.values_list("volume", "minutes").get() == (5, Decimal(3))


def test_a_template_goes_to_one_operation(cast: Cast) -> None:
    act = partial(change_operations, store_id=cast.store.pk, by=cast.aya, now=now())
    said = [{slug: {"template": "product-copy"}} for slug in ("new-listing", "catch-copy")]
    assert sorted(at_once(*(partial(act, changes=one) for one in said))) == ["", "operation_invalid"]


def test_the_terms_have_one_row(cast: Cast) -> None:
    act = partial(set_terms, store_id=cast.store.pk, review_percent=20, by=cast.aya, now=now())
    assert at_once(*(partial(act, hourly_wage=wage) for wage in (1500, 1600))) == ["", ""]
    assert StorePlan.objects.count() == 1
