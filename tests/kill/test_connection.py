"""A board whose connection drops, and pages without any socket."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.factories import good_answer
from tests.kill.board import Board, sign_in, wait_for_sign
from tests.kill.conftest import Shop

pytestmark = [pytest.mark.kill, pytest.mark.browser]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_dropped_board_shows_it_and_catches_up(
    shop: Shop, batch: int, page: Callable[..., Page], restarted: bool
) -> None:
    board = Board(page(), shop.aya, batch)
    board.page.context.set_offline(True)
    wait_for_sign(board.page, "offline")
    held = shop.chie.claim(batch)
    if restarted:
        shop.restart()
    board.page.wait_for_timeout(1500)
    assert not board.shows(held["task"])
    board.page.context.set_offline(False)
    wait_for_sign(board.page, "live")
    board.wait_for(held["task"], 5)
    later = shop.fumi.claim(batch)
    board.wait_for(later["task"], 5)
    board.assert_not_reloaded()


def test_work_is_done_with_forms_alone(shop: Shop, batch: int, page: Callable[..., Page]) -> None:
    """No script runs, so there is no socket: claim, write, hand in, and see it on the board."""
    worker = page(locale="en", java_script_enabled=False)
    sign_in(worker, shop.chie)
    worker.goto(f"/work/batch/{batch}/")
    worker.locator(f"form[action='/work/batch/{batch}/claim/'] button").first.click()
    expect(worker.locator("#task-form")).to_be_visible()
    for name, text in good_answer(batch).items():
        worker.fill(f"[name='answer-{name}']", text)
    worker.click("button[name='then'][value='stay']")
    director = page(locale="en", java_script_enabled=False)
    sign_in(director, shop.aya)
    director.goto(f"/batches/{batch}/")
    expect(director.locator("section[data-column='in_review'] [data-key]")).to_have_count(1)


def test_a_page_without_a_socket_still_looks_and_still_saves(
    shop: Shop, batch: int, page: Callable[..., Page]
) -> None:
    """A proxy that lets no WebSocket through: the sign says so, everything else goes on."""
    held = shop.chie.claim(batch)
    opened = page()
    opened.route_web_socket("**/ws/live/", lambda socket: socket.close(code=1011))
    sign_in(opened, shop.chie)
    opened.goto(f"/work/{held['id']}/")
    wait_for_sign(opened, "offline")
    opened.fill("[name='answer-title']", "港工房 マグカップ")
    expect(opened.locator("[data-autosave][data-state='saved']")).to_be_visible(timeout=10_000)
    assert shop.chie.get(f"assignments/{held['id']}")["draft"]["title"] == "港工房 マグカップ"


def test_work_is_handed_in_on_a_machine_without_a_network(
    shop: Shop, batch: int, page: Callable[..., Page]
) -> None:
    """The server is on the same machine; the browser only knows that there is no network."""
    held = shop.chie.claim(batch)
    opened = page()
    opened.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', {get: () => false})")
    sign_in(opened, shop.chie)
    opened.goto(f"/work/{held['id']}/")
    for name, text in good_answer(batch).items():
        opened.fill(f"[name='answer-{name}']", text)
    opened.click("button[name='then'][value='stay']")
    expect(opened.locator("#task-form")).to_have_count(0)
    assert shop.chie.get(f"assignments/{held['id']}")["state"] == "submitted"
