"""`kill -9` while a product file is read: it is read to its end afterwards, once, and unseen until then."""

import time
from typing import Any

import pytest
from django.conf import settings

from tests.kill.conftest import Shop
from tests.kill.files import products
from tests.kill.people import events_of, ok, until

pytestmark = [pytest.mark.kill, pytest.mark.both]

ROWS = 20_000
# Twice, so that what is cleared away was begun after a kill itself; elsewhere a kill costs 15 s of silence.
KILLED_AT = (4000, 8000) if settings.EMBEDDED else (4000,)


def _keys(shop: Shop, batch: int) -> list[str]:
    found, path = [], f"/api/v1/batches/{batch}/tasks?limit=100"
    while path:
        page = shop.aya.get(path)
        found += [task["unit"]["key"] for task in page["items"]]
        path = page["next"]
    return found


def _assert_nothing_seen(shop: Shop, batch: int) -> None:
    """Neither as a number nor as tasks, and it cannot be published."""
    found = shop.aya.get(f"batches/{batch}")
    assert (found["state"], found["tasks"]) == ("draft", 0)
    assert _keys(shop, batch) == []
    refused = shop.aya.api.post(f"batches/{batch}/publish", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "import_running")


def test_it_is_read_to_its_end_without_duplicates(shop: Shop) -> None:
    batch = shop.aya.draft_batch(shop.store)
    made = ok(shop.aya.upload(batch, products(ROWS)))

    def state() -> Any:
        return shop.aya.get(f"imports/{made['id']}")

    for rows in KILLED_AT:
        until(lambda rows=rows: state()["rows"] >= rows, f"{rows} rows are read")  # type: ignore[misc]
        _assert_nothing_seen(shop, batch)
        shop.restart()
        assert state()["state"] in ("queued", "running")
        _assert_nothing_seen(shop, batch)
    began = time.monotonic()
    found = shop.read(made["id"])
    print(f"\ndone {time.monotonic() - began:.1f} s after the last restart")
    assert (found["state"], found["rows"], found["units"], found["error"]) == ("done", ROWS, ROWS, None)
    assert sorted(_keys(shop, batch)) == sorted(f"mug-{n}" for n in range(1, ROWS + 1))
    assert shop.aya.get(f"batches/{batch}")["counts"]["open"] == ROWS
    with shop.aya.listen([f"batch.{batch}"], 0) as socket:
        names = [event["name"] for event in events_of(socket)]
    assert names.count("import.landed") == 1
    assert ok(shop.aya.api.post(f"batches/{batch}/publish", json={}))["state"] == "open"
    assert shop.chie.claim(batch)["state"] == "claimed"
