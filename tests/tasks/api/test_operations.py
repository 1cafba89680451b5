"""A store's operations over the API: the plan, changes of one, own ones, terms; and who may."""

from typing import Any

import pytest

from tasks.models import StoreOperation
from tests.factories import Cast, make_approved, make_batch
from tests.tasks.api.client import Api

pytestmark = pytest.mark.django_db


def path(cast: Cast, slug: str = "") -> str:
    return f"stores/{cast.store.pk}/operations" + (f"/{slug}" if slug else "")


def test_the_plan_holds_every_operation_with_its_figures(cast: Cast) -> None:
    make_approved(make_batch(cast, audience="crowd", reward=150), cast.chie, cast.dai)
    found = Api(cast.aya).get(path(cast))
    assert found.status == 200
    items = {one["slug"]: one for one in found.json["items"]}
    assert len(items) == 45
    first = items["new-listing"]
    assert (first["number"], first["advice"], first["class"]) == (1, "crowd", "P0")
    assert first["volume"] == {"value": 60, "source": "estimate", "own": None}
    assert (first["hours"], first["in_house"], first["outsourced"]) == (8, 12_000, 9_900)
    copy = items["description-copy"]
    assert (copy["template"], copy["price"]["source"]) == ("product-copy", "measured")
    assert copy["measured"]["done"] == 1
    assert (items["marketing"]["advice"], items["marketing"]["outsourced"]) == ("keep", None)
    assert items["marketing"]["keep"]["ja"]
    assert len(found.json["hand_over_next"]) == 3
    assert found.json["terms"] == {"hourly_wage": 1500, "review_percent": 20, "estimate": True}
    total = found.json["total"]
    assert total["saving"] == total["in_house"] - total["outsourced"]


def test_one_operation_is_changed_and_taken_back(cast: Cast) -> None:
    api = Api(cast.aya)
    sent = {"volume": 90, "minutes": 2.5, "price": 12.25, "class": "P1", "core": True, "hidden": True}
    found = api.patch(path(cast, "new-listing"), sent)
    assert found.status == 200
    assert (found.json["volume"]["own"], found.json["minutes"]["value"]) == (90, 2.5)
    assert (found.json["core"], found.json["class"], found.json["hidden"]) == (True, "P1", True)
    found = api.patch(path(cast, "new-listing"), {"volume": None, "core": None, "class": None})
    assert (found.json["volume"]["source"], found.json["core"]) == ("estimate", False)
    assert api.get(path(cast, "new-listing")).json == found.json


def test_own_operations_and_terms(cast: Cast) -> None:
    api = Api(cast.aya)
    made = api.post(path(cast), {"name": "Gift notes", "group": "orders", "volume": 30, "minutes": 2})
    assert (made.status, made.json["slug"], made.json["own"]) == (201, "own-1", True)
    assert made.json["hours"] == 1
    renamed = api.patch(path(cast, "own-1"), {"name": "Noshi", "group": "support"})
    assert (renamed.json["name"]["ja"], renamed.json["group"]) == ("Noshi", "support")
    terms = api.patch(path(cast), {"hourly_wage": 3000})
    assert terms.json == {"hourly_wage": 3000, "review_percent": 20, "estimate": False}


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"volume": -1}, {"volume": "out_of_range"}),
        ({"volume": "many"}, {"volume": "wrong_type"}),
        ({"minutes": 1.234}, {"minutes": "too_fine"}),
        ({"class": "P9"}, {"class": "unknown"}),
        ({"template": "nothing"}, {"template": "template_unknown"}),
        ({"name": "x"}, {"name": "not_own"}),
        ({"wage": 1}, {"wage": "unknown_field"}),
    ],
)
def test_what_cannot_be_used_is_named(cast: Cast, sent: Any, fields: dict[str, str]) -> None:
    found = Api(cast.aya).patch(path(cast, "new-listing"), sent)
    assert found.status == 422
    assert {one["field"]: one["code"] for one in found.json["fields"]} == fields
    assert not StoreOperation.objects.exists()


def test_who_may(cast: Cast) -> None:
    for name, status in (("dai", 403), ("ben", 403), ("chie", 404), ("emi", 404), ("gen", 404)):
        api = Api(getattr(cast, name))
        assert api.get(path(cast)).status == status, name
        assert api.patch(path(cast, "new-listing"), {"volume": 1}).status == status, name
        assert api.patch(path(cast), {"hourly_wage": 1}).status == status, name
        assert api.post(path(cast), {"name": "x", "group": "orders"}).status == status, name
    reader = Api(cast.aya, "read")
    assert reader.get(path(cast)).status == 200
    assert reader.patch(path(cast, "new-listing"), {"volume": 1}).json["code"] == "scope_missing"
    assert Api(cast.aya).get(path(cast, "nothing")).status == 404
    assert Api(cast.aya).patch(path(cast, "nothing"), {"volume": 1}).status == 404
    assert not StoreOperation.objects.exists()
