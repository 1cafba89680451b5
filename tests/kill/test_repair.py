"""`kill -9` while a wrong manual is repaired: everybody is paid once, and only the affected tasks open."""

import json
import time
from typing import Any

import pytest
from django.conf import settings

from tests.kill.conftest import Shop
from tests.kill.files import products
from tests.kill.people import events_of, until

pytestmark = [pytest.mark.kill, pytest.mark.both]

TASKS, RECEIVED, REWARD = 840, 800, 50
# At the beginning and in the middle; elsewhere than embedded a kill costs 15 s of silence.
KILLS = 2 if settings.EMBEDDED else 1


def _asked(shop: Shop, words: str) -> Any:
    code = f"from tests.kill import shop; shop.{words}"
    return json.loads(shop.server.manage("shell", "-v", "0", "-c", code))


def _kill_in_the_middle(shop: Shop, repair: int) -> list[int]:
    """How far it was, each time before it was killed and went on behind that."""
    seen: list[int] = []

    def moved() -> int | None:
        found = shop.aya.get(f"repairs/{repair}")
        assert found["state"] in ("queued", "running"), found
        done = int(found["tasks_done"])
        return done if done > (seen[-1] if seen else 0) else None

    for _ in range(KILLS):
        seen.append(until(moved, "it moves on", every=0.01))
        shop.restart()
    return seen


def test_everybody_is_paid_once_and_the_batch_runs_on(shop: Shop) -> None:
    batch = shop.publish(products(TASKS))
    ids = _asked(shop, f"receive({batch}, {[shop.chie.id, shop.fumi.id]}, {RECEIVED})")
    made = shop.aya.post(
        f"batches/{batch}/repairs", {"note": "ブランド名も", "manual_ja": "ブランド名も書く"}
    )
    assert made["tasks_total"] == RECEIVED
    seen = _kill_in_the_middle(shop, made["id"])
    assert 0 < seen[-1] < RECEIVED
    began = time.monotonic()
    found = until(lambda: _ended(shop, made["id"]), "it is repaired", seconds=60)
    print(f"\nkilled at {seen} of {RECEIVED}; done {time.monotonic() - began:.1f} s after the last restart")
    # One of four was approved before, and one of four rejected: its task is open already.
    assert (found["state"], found["tasks_done"]) == ("done", RECEIVED)
    assert (found["paid"], found["reopened"]) == (RECEIVED * 3 // 4, RECEIVED * 3 // 4)
    _assert_books(shop, batch, ids)
    _assert_events(shop, batch, ids)
    assert shop.aya.get(f"batches/{batch}")["state"] == "open"
    assert shop.chie.claim(batch)["state"] == "claimed"


def _ended(shop: Shop, number: int) -> Any:
    found = shop.aya.get(f"repairs/{number}")
    return found if found["state"] in ("done", "failed") else None


def _assert_books(shop: Shop, batch: int, ids: list[int]) -> None:
    half = RECEIVED // 2

    def told() -> Any:
        found = _asked(shop, f"books({batch})")
        return found if found["told"] else None

    books = until(told, "the workers are told")
    assert books["states"] == [["approved", "unused", True, RECEIVED]]
    assert books["excused"] == sorted(ids)
    assert (books["paid"], books["aside"]) == (RECEIVED * REWARD, RECEIVED * REWARD)
    assert (books["tasks"], books["drift"]) == ({"open": TASKS}, {})
    assert books["told"] == sorted([[shop.chie.id, half], [shop.fumi.id, half]])


def _assert_events(shop: Shop, batch: int, ids: list[int]) -> None:
    """Each answer is told of once, in one unbroken log."""
    with shop.aya.listen([f"batch.{batch}"], 0) as socket:
        heard = events_of(socket)
    positions = [event["position"] for event in heard]
    assert positions == sorted(set(positions))
    names = [event["name"] for event in heard]
    for once in ("repair.started", "repair.done", "batch.resumed"):
        assert names.count(once) == 1, once
    told = [event["payload"]["assignments"] for event in heard if event["name"] == "repair.set_aside"]
    assert sorted(pk for some in told for pk in some) == sorted(ids)
