"""Lists: their pages, their filters, and as many queries for three rows as for one."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from events.dispatcher import dispatch_once
from kernel.clock import now
from tasks.domain import claim
from tests import factories
from tests.factories import Cast, make_approved, make_batch, make_submission
from tests.tasks.api.client import Api


def _all(api: Api, path: str) -> list[Any]:
    """Every entry, walked in pages of two."""
    found: list[Any] = []
    address: str | None = f"{path}{'&' if '?' in path else '?'}limit=2"
    while address:
        page = api.get(address).ok()
        assert len(page["items"]) <= 2
        found += page["items"]
        address = page["next"]
        assert address is None or address.startswith("/api/v1/")
    return found


def test_pages_hold_every_row_once(cast: Cast) -> None:
    aya, ben = Api(cast.aya), Api(cast.ben)
    batches = [make_batch(cast, title=f"B{number}", count=5) for number in range(3)]
    for _ in range(3):
        make_submission(batches[0], cast.ben)
    listed = {
        f"stores/{cast.store.pk}/batches": [batch.pk for batch in reversed(batches)],
        f"batches/{batches[0].pk}/tasks": sorted(batches[0].tasks.values_list("pk", flat=True)),
        f"batches/{batches[0].pk}/tasks?state=open": sorted(
            batches[0].tasks.filter(state="open").values_list("pk", flat=True)
        ),
    }
    for path, ids in listed.items():
        assert [one["id"] for one in _all(aya, path)] == ids
    assert len(_all(aya, "reviews")) == 3
    assert len(_all(aya, f"reviews?batch={batches[1].pk}")) == 0
    assert len(_all(aya, f"batches/{batches[0].pk}/submissions")) == 3
    mine = [one["id"] for one in _all(ben, "assignments")]
    assert mine == sorted(mine, reverse=True)
    assert len(mine) == 3
    assert [one["batch"] for one in _all(ben, "work")] == [batch.pk for batch in batches]


def test_filters(cast: Cast) -> None:
    aya, ben, batch = Api(cast.aya), Api(cast.ben), make_batch(cast, count=3)
    make_approved(batch, cast.ben, cast.dai)
    make_submission(batch, cast.ben)
    make_batch(cast, publish=False)
    here = f"batches/{batch.pk}"
    assert [one["state"] for one in aya.get(f"{here}/tasks?state=done").ok()["items"]] == ["done"]
    assert [one["state"] for one in aya.get(f"{here}/submissions?state=submitted").ok()["items"]] == [
        "submitted"
    ]
    assert [one["state"] for one in ben.get("assignments?state=approved").ok()["items"]] == ["approved"]
    listed = aya.get(f"stores/{cast.store.pk}/batches?state=draft").ok()["items"]
    assert [one["state"] for one in listed] == ["draft"]


@pytest.fixture
def _grown(cast: Cast) -> None:
    """One of everything, so that caches are warm and every list has a row."""
    _grow(cast)


def _grow(cast: Cast) -> None:
    batch = make_batch(cast, count=4, per_worker_cap=9)
    crowd = make_batch(cast, count=2, audience="crowd")
    make_approved(batch, cast.ben, cast.dai)
    make_submission(batch, cast.ben)
    make_submission(crowd, cast.chie)
    store = factories.make_store(f"Store {batch.pk}", cast.company)
    for person in (cast.aya, cast.ben):
        factories.make_member(person, store, Role.DIRECTOR)


@pytest.mark.usefixtures("_grown")
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("aya", "me"),
        ("aya", "stores"),
        ("aya", "templates"),
        ("aya", "stores/{store}/batches"),
        ("aya", "reviews"),
        ("aya", "events"),
        ("ben", "work"),
        ("ben", "assignments"),
        ("chie", "work"),
        ("chie", "events"),
    ],
)
def test_three_rows_take_the_queries_of_one(cast: Cast, name: str, path: str) -> None:
    dispatch_once()
    api, address = Api(getattr(cast, name)), path.format(store=cast.store.pk)
    few, first = _queries(api, address)
    _grow(cast)
    _grow(cast)
    dispatch_once()
    many, second = _queries(api, address)
    assert few == many
    if path not in ("templates", "events"):
        assert len(second) > len(first)


@pytest.mark.parametrize("part", ["tasks", "submissions"])
def test_lists_of_a_batch_grow_without_queries(cast: Cast, part: str) -> None:
    api, batch = Api(cast.aya), make_batch(cast, count=6, answers_per_task=2)
    make_approved(batch, cast.ben, cast.dai)
    few, _first = _queries(api, f"batches/{batch.pk}/{part}")
    for worker in (cast.ben, cast.ben, cast.aya):
        make_submission(batch, worker)
    many, second = _queries(api, f"batches/{batch.pk}/{part}")
    assert few == many
    assert len(second) > 100


def _queries(api: Api, path: str) -> tuple[int, bytes]:
    # The first request also notes that the key was used.
    api.get(path).ok()
    with CaptureQueriesContext(connection) as queries:
        found = api.get(path)
    found.ok()
    return len(queries), found.content


def test_a_claim_asks_little(cast: Cast) -> None:
    """The hot path: its queries are counted, so that none slips in."""
    batch, api = make_batch(cast, count=3), Api(cast.ben)
    api.post(f"batches/{batch.pk}/claim").ok(201)
    with CaptureQueriesContext(connection) as queries:
        api.post(f"batches/{batch.pk}/claim").ok(201)
    assert len(_statements(queries)) <= 10, "\n".join(_statements(queries))
    held = claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    sent = {"answer": factories.good_answer(), "fence": 0}
    with CaptureQueriesContext(connection) as queries:
        api.post(f"assignments/{held.pk}/submit", sent).ok(201)
    assert len(_statements(queries)) <= 12, "\n".join(_statements(queries))


def _statements(queries: CaptureQueriesContext) -> list[str]:
    return [str(one["sql"]) for one in queries if "SAVEPOINT" not in str(one["sql"])]
