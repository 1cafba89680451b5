"""`kill -9` between the commit of a change and its live update: every reader hears of it, once."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.kill.board import Board, wait_for_sign
from tests.kill.conftest import Shop
from tests.kill.people import events_of

pytestmark = [pytest.mark.kill]

KILLS = 2


def _claims(events: list[dict[str, Any]]) -> list[int]:
    return [event["payload"]["assignment"] for event in events if event["name"] == "assignment.claimed"]


def _claimed_unheard(shop: Shop, batch: int) -> int:
    """The worst moment, surely met: committed by a process that ended before its event had a place."""
    words = f"from tests.kill import shop; shop.claim_unheard({batch}, {shop.fumi.id})"
    return int(shop.server.manage("shell", "-v", "0", "-c", words))


@pytest.mark.both
def test_no_event_is_lost_or_told_twice(shop: Shop, batch: int) -> None:
    topic = f"batch.{batch}"
    with shop.aya.listen([topic], 0) as socket:
        before = events_of(socket)
    heard: list[dict[str, Any]] = []
    made: list[int] = []
    position = before[-1]["position"]
    for turn in range(KILLS):
        with shop.aya.listen([topic], position) as socket:
            made += [shop.chie.claim(batch)["id"] for _ in range(1 + turn)]
            shop.server.kill()
            # What still came through before the end.
            heard += events_of(socket)
        made.append(_claimed_unheard(shop, batch))
        position = heard[-1]["position"] if heard else position
        shop.server.start()
        with shop.aya.listen([topic], position) as again:
            heard += events_of(again)
        position = heard[-1]["position"]
    assert _claims(heard) == made
    positions = [event["position"] for event in heard]
    assert positions == sorted(set(positions))
    # A program that polls sees the same log.
    polled = shop.aya.get(f"events?since={before[-1]['position']}&limit=100")["events"]
    assert [e["data"]["assignment"] for e in polled if e["name"] == "assignment.claimed"] == made
    with shop.aya.listen([topic], 0) as socket:
        assert events_of(socket) == before + heard


def test_an_open_board_catches_up_by_itself(shop: Shop, batch: int, page: Callable[..., Page]) -> None:
    board = Board(page(), shop.aya, batch)
    for _turn in range(2):
        held = shop.chie.claim(batch)
        shop.server.kill()
        wait_for_sign(board.page, "connecting")
        shop.server.start()
        wait_for_sign(board.page, "live")
        board.wait_for(held["task"], 5)
    later = shop.fumi.claim(batch)
    board.wait_for(later["task"], 5)
    board.assert_not_reloaded()
