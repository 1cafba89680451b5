"""`live.js` in Chromium, against a server and a socket played by the test."""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tools.common import ROOT

pytestmark = pytest.mark.browser

SCRIPT = Path(ROOT) / "frontend" / "static" / "live.js"
PAGE = """<!doctype html><html lang="en"><title>x</title>
<span data-live-sign data-text-live="Live" data-text-connecting="Connecting" data-text-offline="Offline"
 data-text-stopped="Signed out"></span>
<div data-region="/board/" data-topics="batch.1 store.2" data-etag='"0"'>first</div>
<div data-region="/list/" data-topics="work.1" data-etag='"0"'>list</div>
<script>
  window.sockets = [];
  window.WebSocket = new Proxy(window.WebSocket, {
    construct(made, values) { sockets.push(new made(...values)); return sockets.at(-1); },
  });
</script>
<script src="/live.js"></script>"""


def notice(topic: str, spread_ms: int = 0) -> str:
    return json.dumps(
        {"type": "changed", "topic": topic, "position": 1, "name": "x.y", "spread_ms": spread_ms}
    )


class Played:
    """The server's side: counts fetches per region and talks over the newest socket."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.version = {"/board/": 0, "/list/": 0}
        self.html = {"/board/": "first", "/list/": "list"}
        self.fetched: list[tuple[str, int]] = []
        self.sockets: list[WebSocketRoute] = []
        self.heard: list[dict[str, Any]] = []
        self.signed_in = True
        page.route("**/*", self._answer)
        page.route_web_socket("**/ws/live/", self._accept)

    def _answer(self, route: Route) -> None:
        path = "/" + route.request.url.split("/", 3)[3]
        if path == "/":
            route.fulfill(body=PAGE, content_type="text/html")
        elif path == "/live.js":
            route.fulfill(body=SCRIPT.read_text(encoding="utf-8"), content_type="text/javascript")
        elif path in self.version:
            self._answer_region(route, path)
        else:
            route.fulfill(status=404)

    def _answer_region(self, route: Route, path: str) -> None:
        etag = f'"{self.version[path]}"'
        assert route.request.headers["x-region"] == "1"
        same = route.request.headers.get("if-none-match") == etag
        self.fetched.append((path, 304 if same else 200))
        if same:
            route.fulfill(status=304, headers={"ETag": etag})
        else:
            route.fulfill(body=self.html[path], headers={"ETag": etag}, content_type="text/html")

    def _accept(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self._hear(socket, json.loads(text)))
        if self.signed_in:
            socket.send(json.dumps({"type": "hello", "position": 0}))
        else:
            socket.close(code=4401)

    def _hear(self, socket: WebSocketRoute, message: dict[str, Any]) -> None:
        self.heard.append(message)
        if message["type"] == "subscribe":
            socket.send(json.dumps({"type": "subscribed", "topics": message["topics"], "position": 0}))

    def change(self, path: str, html: str) -> None:
        self.version[path] += 1
        self.html[path] = html

    def tell(self, topic: str, spread_ms: int = 0) -> None:
        self.sockets[-1].send(notice(topic, spread_ms))

    def tell_at_once(self, topics: list[str]) -> None:
        """In one turn of the page: sent one by one, a busy machine would spread them over several looks."""
        self.page.evaluate(
            """notices => notices.forEach(
                (data) => sockets.at(-1).dispatchEvent(new MessageEvent("message", { data })))""",
            [notice(topic) for topic in topics],
        )

    def settle(self) -> None:
        """Everything that one notice starts has happened."""
        self.page.wait_for_timeout(700)


@pytest.fixture
def played(browser: Browser) -> Iterator[Played]:
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    server = Played(page)
    page.goto("http://tencho.test/")
    expect(page.locator("[data-live-sign]")).to_have_text("Live" if server.signed_in else "Signed out")
    server.settle()
    yield server
    context.close()
    assert errors == []


def board(played: Played) -> Any:
    return played.page.locator("[data-region='/board/']")


def test_a_page_subscribes_and_looks_once_at_everything(played: Played) -> None:
    assert played.heard[0] == {
        "type": "subscribe",
        "topics": ["batch.1", "store.2", "work.1"],
        "since": None,
    }
    assert sorted(played.fetched) == [("/board/", 304), ("/list/", 304)]
    expect(board(played)).to_have_text("first")


def test_a_burst_of_changes_is_one_fetch_of_its_region_alone(played: Played) -> None:
    played.fetched.clear()
    played.change("/board/", "second")
    played.tell_at_once(["batch.1", "store.2"] * 20)
    expect(board(played)).to_have_text("second")
    played.settle()
    assert played.fetched == [("/board/", 200)]


def test_steady_changes_are_fetched_at_most_every_300_ms_and_the_last_is_shown(played: Played) -> None:
    played.fetched.clear()
    begun = time.monotonic()
    for number in range(20):
        played.change("/board/", f"change {number}")
        played.tell("batch.1")
        played.page.wait_for_timeout(50)
    took_ms = (time.monotonic() - begun) * 1000
    expect(board(played)).to_have_text("change 19")
    played.settle()
    # A second of changes, more on a busy machine: the first at once, then one each 300 ms, and the last.
    assert 3 <= len(played.fetched) <= 2 + math.ceil(took_ms / 300)


def test_changed_rows_are_marked_and_focus_and_scrolling_stay(played: Played) -> None:
    rows = "<div id=box style='height:40px;overflow:auto'>{}</div>"
    one = "<p data-key={key}>{text}<a href=#>go</a></p>"
    before = rows.format("".join(one.format(key=key, text="old") for key in range(9)))
    played.change("/board/", before)
    played.tell("batch.1")
    expect(board(played).locator("[data-key]")).to_have_count(9)
    played.page.evaluate("document.querySelector('[data-key=\"7\"] a').focus()")
    top = played.page.evaluate("document.getElementById('box').scrollTop")
    assert top > 0
    played.change("/board/", before.replace("<p data-key=7>old", "<p data-key=7>new"))
    played.tell("batch.1")
    expect(board(played).locator(".is-fresh")).to_have_count(1)
    expect(board(played).locator("[data-key='7']")).to_contain_text("new")
    assert played.page.evaluate("document.activeElement.closest('[data-key]').dataset.key") == "7"
    assert played.page.evaluate("document.getElementById('box').scrollTop") == top
    expect(board(played).locator(".is-fresh")).to_have_count(0)


def test_unsaved_text_is_never_replaced(played: Played) -> None:
    played.change("/board/", "<input id=note value=''><button id=other>x</button>")
    played.tell("batch.1")
    field = board(played).locator("#note")
    field.focus()
    played.page.keyboard.type("my words")
    played.change("/board/", "replaced <input id=note>")
    played.tell("batch.1")
    played.settle()
    expect(field).to_have_value("my words")
    played.page.evaluate("document.activeElement.blur()")
    expect(board(played)).to_contain_text("replaced")


def test_a_dropped_connection_comes_back_and_catches_up(played: Played) -> None:
    played.change("/board/", "while away")
    played.sockets[-1].close(code=3012)
    expect(board(played)).to_have_text("while away", timeout=10_000)
    expect(played.page.locator("[data-live-sign]")).to_have_text("Live")
    assert len(played.sockets) == 2
    played.change("/board/", "after")
    played.tell("store.2")
    expect(board(played)).to_have_text("after")


def test_a_signed_out_page_stops_asking(played: Played) -> None:
    played.signed_in = False
    played.sockets[-1].close(code=4401)
    expect(played.page.locator("[data-live-sign]")).to_have_attribute("data-state", "stopped")
    expect(played.page.locator("[data-live-sign]")).to_have_text("Signed out")
    played.page.wait_for_timeout(1500)
    assert len(played.sockets) == 1


def test_a_crowd_spreads_its_fetches(played: Played) -> None:
    played.page.evaluate("Math.random = () => 0.99")
    played.fetched.clear()
    played.tell("batch.1", spread_ms=2000)
    played.page.wait_for_timeout(1000)
    assert played.fetched == []
    played.page.wait_for_timeout(5500)
    assert [path for path, _ in played.fetched] == ["/board/"]


def test_new_regions_are_listened_to(played: Played) -> None:
    played.page.evaluate(
        """() => {
            const region = document.createElement("div");
            region.dataset.region = "/list/";
            region.dataset.topics = "work.9";
            document.body.append(region);
            document.querySelectorAll("[data-region='/board/']").forEach((old) => old.remove());
            window.tenchoLive.scan();
        }"""
    )
    played.settle()
    assert played.heard[-2:] == [
        {"type": "unsubscribe", "topics": ["batch.1", "store.2"]},
        {"type": "subscribe", "topics": ["work.9"], "since": None},
    ]
