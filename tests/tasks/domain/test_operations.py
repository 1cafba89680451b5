"""What a store says of its operations: who may, what is kept, all or none, and what cannot be."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from events.models import Event, EventAudience
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import operations
from tasks.domain.operations import add_operation, change_operation, change_operations, set_terms
from tasks.errors import Missing, RoleMissing
from tasks.models import StoreOperation, StorePlan
from tests.factories import Cast

# Constraints are the database's.
pytestmark = [pytest.mark.django_db, pytest.mark.both]

GIFT = {"name": "ギフト包装", "group": "orders"}


def change(cast: Cast, **changes: Any) -> list[StoreOperation]:
    return change_as(cast, "aya", **changes)


def change_as(cast: Cast, who: str, **changes: Any) -> list[StoreOperation]:
    said = {slug.replace("_", "-"): values for slug, values in changes.items()}
    return change_operations(store_id=cast.store.pk, changes=said, by=getattr(cast, who), now=now())


def add(cast: Cast, **more: Any) -> StoreOperation:
    return add_operation(store_id=cast.store.pk, raw={**GIFT, **more}, by=cast.aya, now=now())


def codes(refused: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    return {one.field: one.code for one in refused.value.fields}


def test_a_director_says_what_differs_and_takes_it_back(cast: Cast) -> None:
    change(cast, new_listing={"volume": "1,200", "minutes": "2.5", "price": 80, "pii": "P1", "core": "1"})
    row = StoreOperation.objects.get()
    assert (row.slug, row.volume, row.minutes, row.price) == (
        "new-listing",
        1200,
        Decimal("2.5"),
        Decimal(80),
    )
    assert (row.pii, row.core, row.changed_by) == ("P1", True, cast.aya)
    change(cast, new_listing={"volume": "", "core": "", "pii": ""})
    row.refresh_from_db()
    assert (row.volume, row.core, row.pii, row.minutes) == (None, None, "", Decimal("2.5"))


def test_a_change_is_told_to_the_stores_desk_and_what_equals_is_not(cast: Cast) -> None:
    [row] = change(cast, new_listing={"volume": 5})
    event = Event.objects.get(name="operation.changed")
    assert event.payload == {"store": cast.store.pk, "operation": row.pk}
    assert EventAudience.objects.get(event=event).topic == f"store.{cast.store.pk}"
    assert change(cast, new_listing={"volume": "5"}) == []
    assert Event.objects.filter(name="operation.changed").count() == 1


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("dai", RoleMissing), ("ben", RoleMissing), ("chie", Missing), ("emi", Missing), ("gen", Missing)],
)
def test_only_directors_of_the_store_may(cast: Cast, who: str, refusal: type[Exception]) -> None:
    user = getattr(cast, who)
    with pytest.raises(refusal):
        change_as(cast, who, new_listing={"volume": 5})
    with pytest.raises(refusal):
        add_operation(store_id=cast.store.pk, raw=GIFT, by=user, now=now())
    with pytest.raises(refusal):
        set_terms(store_id=cast.store.pk, hourly_wage=1500, review_percent=20, by=user, now=now())
    assert not StoreOperation.objects.exists()
    assert not StorePlan.objects.exists()


def test_one_wrong_value_and_nothing_is_saved(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        change(cast, new_listing={"volume": 5}, price_update={"volume": "many", "minutes": -1})
    assert codes(refused) == {"price-update.volume": "not_a_number", "price-update.minutes": "out_of_range"}
    assert not StoreOperation.objects.exists()


def test_one_operation_names_its_fields_alone(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        change_operation(
            store_id=cast.store.pk, slug="new-listing", changes={"price": "?"}, by=cast.aya, now=now()
        )
    assert codes(refused) == {"price": "not_a_number"}


def test_an_unknown_operation_is_not_there(cast: Cast) -> None:
    own = add(cast)
    with pytest.raises(Missing):
        change(cast, nothing={"volume": 1})
    with pytest.raises(Missing):
        change_operations(
            store_id=cast.other_store.pk, changes={own.slug: {"volume": 1}}, by=cast.gen, now=now()
        )


def test_a_store_adds_renames_and_hides_its_own(cast: Cast) -> None:
    first, second = add(cast, volume=30), add(cast, name="検品", pii="P2", core="1")
    assert (first.slug, first.core, first.pii, first.volume) == ("own-1", False, "P0", 30)
    assert (second.slug, second.core, second.pii) == ("own-2", True, "P2")
    change(cast, own_1={"name": "のし", "hidden": True})
    first.refresh_from_db()
    assert (first.name, first.hidden) == ("のし", True)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"name": ""}, {"name": "required"}),
        ({"name": " "}, {"name": "required"}),
        ({"group": ""}, {"group": "required"}),
        ({"group": "x"}, {"group": "unknown"}),
        ({"core": ""}, {"core": "required"}),
        ({"name": "a" * 101}, {"name": "too_long"}),
        ({"name": "価格の更新"}, {"name": "name_taken"}),
        ({"name": "ＰＲＩＣＥ update"}, {"name": "name_taken"}),
        ({"volume": "x", "minutes": "1.234"}, {"volume": "not_a_number", "minutes": "too_fine"}),
    ],
)
def test_an_own_operation_needs_a_name_of_its_own(cast: Cast, more: Any, found: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        add(cast, **more)
    assert codes(refused) == found
    assert not StoreOperation.objects.exists()


def test_what_is_own_cannot_lose_what_it_needs(cast: Cast) -> None:
    add(cast)
    with pytest.raises(Invalid) as refused:
        change(cast, own_1={"name": "", "pii": "", "core": None})
    assert set(codes(refused).values()) == {"required"}


def test_the_catalogues_names_are_not_a_stores_to_change(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        change(cast, new_listing={"name": "x"})
    assert codes(refused) == {"new-listing.name": "not_own"}


def test_a_store_has_at_most_so_many_of_its_own(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "OWN_MAX", 1)
    add(cast)
    with pytest.raises(Conflict, match="too_many_operations"):
        add(cast, name="another")


def test_a_template_stands_for_one_operation(cast: Cast) -> None:
    change(cast, title_rewrite={"template": "product-copy"})
    with pytest.raises(Invalid) as refused:
        change(cast, catch_copy={"template": "product-copy"}, new_listing={"template": "nothing"})
    assert codes(refused) == {
        "catch-copy.template": "template_taken",
        "new-listing.template": "template_unknown",
    }
    # It moves in one go.
    change(cast, catch_copy={"template": "product-copy"}, title_rewrite={"template": ""})
    assert StoreOperation.objects.get(template="product-copy").slug == "catch-copy"


def test_terms_are_kept_and_bounded(cast: Cast) -> None:
    set_terms(store_id=cast.store.pk, hourly_wage="１，８００", review_percent="0", by=cast.aya, now=now())
    set_terms(store_id=cast.store.pk, hourly_wage="2000", review_percent="15", by=cast.aya, now=now())
    assert StorePlan.objects.values_list("hourly_wage", "review_percent").get() == (2000, 15)
    with pytest.raises(Invalid) as refused:
        set_terms(store_id=cast.store.pk, hourly_wage="0", review_percent="", by=cast.aya, now=now())
    assert codes(refused) == {"hourly_wage": "out_of_range", "review_percent": "required"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"pii": "P9"},
        {"minutes": -1},
        {"price": -1},
        {"name": "named"},
        {"own": True},
        {"own": True, "name": "x", "group": "orders", "core": None, "pii": "P0"},
    ],
)
def test_the_database_refuses_what_the_domain_never_writes(cast: Cast, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        StoreOperation.objects.create(
            store=cast.store, slug="new-listing", changed_by=cast.aya, changed_at=now(), **wrong
        )
