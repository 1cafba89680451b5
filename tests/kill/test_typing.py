"""`kill -9` while a worker types: nothing typed more than five seconds before is lost."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.kill.board import sign_in, wait_for_sign
from tests.kill.conftest import Shop
from tests.kill.people import ok

pytestmark = [pytest.mark.kill]

LOSS_SECONDS = 5
TITLE, TEXT = "[name='answer-title']", "[name='answer-description']"


@pytest.mark.both
def test_every_answered_save_is_there_after_a_restart(shop: Shop, batch: int) -> None:
    """A program saves as fast as it can; a save whose answer was lost may have arrived, and is repeatable."""
    held = shop.fumi.claim(batch)
    fence, number, answered = held["fence"], 0, ""
    for _turn in range(2):
        ends = time.monotonic() + 0.5
        while time.monotonic() < ends:
            number += 1
            answered = f"マグカップ {number}"
            fence = ok(shop.fumi.save(held["id"], {"title": answered}, fence))["fence"]
        shop.restart()
        kept = shop.fumi.get(f"assignments/{held['id']}")
        assert (kept["draft"], kept["fence"]) == ({"title": answered}, fence)
        assert kept["state"] == "claimed"
        # Its answer might have been lost: the same again changes nothing.
        again = shop.fumi.save(held["id"], {"title": answered}, fence - 1)
        assert ok(again)["fence"] == fence


class Typing:
    """A worker's page into which something is typed all the time."""

    def __init__(self, page: Page, field: str) -> None:
        self.page = page
        self.keys: list[tuple[float, str]] = []
        self._field = page.locator(field)
        self._field.focus()

    def go_on(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            key = chr(ord("a") + len(self.keys) % 26)
            self.page.keyboard.press(key)
            self.keys.append((time.monotonic(), key))
            self.page.wait_for_timeout(60)

    @property
    def text(self) -> str:
        return "".join(key for _at, key in self.keys)

    def text_before(self, moment: float) -> str:
        return "".join(key for at, key in self.keys if at <= moment)


@pytest.fixture
def typing(shop: Shop, batch: int, page: Callable[..., Page]) -> tuple[Typing, int]:
    held = shop.chie.claim(batch)
    opened = page()
    sign_in(opened, shop.chie)
    opened.goto(f"/work/{held['id']}/")
    wait_for_sign(opened, "live")
    opened.evaluate("window.neverReloaded = true")
    return Typing(opened, TITLE), int(held["id"])


def _draft(shop: Shop, assignment: int) -> dict[str, Any]:
    found: dict[str, Any] = shop.chie.get(f"assignments/{assignment}")["draft"]
    return found


def _in_browser(page: Page, assignment: int) -> str:
    """The copy that this browser keeps of what the server has not taken."""
    found = page.evaluate(
        """number => Object.entries(localStorage)
            .filter(([key]) => key.startsWith("tencho.draft.") && key.includes(`.${number}`))
            .map(([, value]) => JSON.parse(value).answer.title).pop() ?? ''""",
        str(assignment),
    )
    return str(found)


def test_a_page_goes_on_saving_after_the_server_is_back(shop: Shop, typing: tuple[Typing, int]) -> None:
    typist, held = typing
    page = typist.page
    typist.go_on(7)
    shop.server.kill()
    killed = time.monotonic()
    typist.go_on(4)
    # The browser has every key at once, the server everything older than five seconds.
    assert _in_browser(page, held) == typist.text
    expect(page.locator("[data-banner='offline']")).to_be_visible()
    shop.server.start()
    on_server = _draft(shop, held).get("title", "")
    assert typist.text.startswith(on_server)
    assert len(on_server) >= len(typist.text_before(killed - LOSS_SECONDS))
    typist.go_on(2)
    wait_for_sign(page, "live")
    expect(page.locator("[data-autosave][data-state='saved']")).to_be_visible(timeout=30_000)
    assert _draft(shop, held)["title"] == typist.text
    assert page.input_value(TITLE) == typist.text
    expect(page.locator("[data-banner='offline']")).to_be_hidden()
    assert page.evaluate("window.neverReloaded === true")
    # And it goes on: the next words arrive without anybody doing anything.
    typist.go_on(1)
    expect(page.locator("[data-autosave][data-state='saved']")).to_be_visible(timeout=10_000)
    assert _draft(shop, held)["title"] == typist.text


def test_nothing_is_lost_when_the_page_goes_down_with_the_server(
    shop: Shop, typing: tuple[Typing, int]
) -> None:
    """Power cut at home: the browser's copy is offered when the page is opened again."""
    typist, held = typing
    typist.go_on(1)
    shop.server.kill()
    typist.go_on(1.5)
    context = typist.page.context
    typist.page.close(run_before_unload=False)
    shop.server.start()
    page = context.new_page()
    page.goto(f"/work/{held}/")
    page.locator("[data-banner='restore'] [data-do='restore']").click()
    expect(page.locator(TITLE)).to_have_value(typist.text)
    expect(page.locator("[data-autosave][data-state='saved']")).to_be_visible(timeout=10_000)
    assert _draft(shop, held)["title"] == typist.text


def test_the_server_is_never_more_than_five_seconds_behind(shop: Shop, typing: tuple[Typing, int]) -> None:
    """While somebody types without a pause, whenever the power goes."""
    typist, held = typing
    for pause in (6.0, 1.3, 2.1):
        typist.go_on(pause)
        on_server = _draft(shop, held).get("title", "")
        due = typist.text_before(time.monotonic() - LOSS_SECONDS)
        assert on_server.startswith(due), f"{len(due) - len(on_server)} keys are older than {LOSS_SECONDS} s"
