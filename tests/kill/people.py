"""Somebody at a served application: as a program, as a browser without scripts, and at a live socket."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.serving import Server

T = TypeVar("T")


def until(look: Callable[[], T | None], what: str, seconds: float = 30, every: float = 0.05) -> T:
    """The first thing that `look` returns which is not None or False."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None and found is not False:
            return found
        time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds} seconds")


class Person:
    """One member of the cast. Refusals are returned as they are; `ok` asserts."""

    def __init__(self, server: Server, known: dict[str, Any]) -> None:
        self.server = server
        self.id: int = known["id"]
        self.session: str = known["session"]
        self.api = httpx.Client(
            base_url=f"{server.url}/api/v1/",
            headers={"Authorization": f"Bearer {known['key']}"},
            timeout=30,
        )
        self.pages = httpx.Client(
            base_url=server.url, cookies={"sessionid": self.session}, timeout=30, follow_redirects=True
        )

    def get(self, path: str) -> Any:
        return ok(self.api.get(path.removeprefix("/api/v1/")))

    def post(self, path: str, data: Any = None, **more: Any) -> Any:
        return ok(self.api.post(path, json={} if data is None else data, **more))

    def claim(self, batch: int) -> Any:
        return self.post(f"batches/{batch}/claim")

    def save(self, assignment: int, answer: dict[str, Any], fence: int) -> httpx.Response:
        return self.api.put(f"assignments/{assignment}/draft", json={"answer": answer, "fence": fence})

    def draft_batch(self, store: int, **terms: Any) -> int:
        filled = {"title": "Autumn", "template": "product-copy", "audience": "crowd", "reward": 50, **terms}
        return int(self.post(f"stores/{store}/batches", filled)["id"])

    def upload(self, batch: int, data: bytes, name: str = "products.csv", **form: str) -> httpx.Response:
        files = {"file": (name, data, "text/csv")}
        return self.api.post(f"batches/{batch}/source", files=files, data=form)

    @contextmanager
    def listen(self, topics: list[str], since: int) -> Iterator[ClientConnection]:
        """A program's socket: every event behind `since`, then the live ones."""
        ticket = self.post("socket-ticket")
        address = self.server.url.replace("http:", "ws:") + ticket["path"]
        with connect(address, open_timeout=20) as socket:
            socket.send(json.dumps({"type": "subscribe", "topics": topics, "since": since}))
            yield socket


def ok(response: httpx.Response) -> Any:
    assert response.is_success, f"{response.request.url} {response.status_code}: {response.text[:500]}"
    return response.json()


def events_of(socket: ClientConnection, seconds: float = 1.5) -> list[dict[str, Any]]:
    """Events heard until nothing more comes for a while, or the connection ends."""
    heard: list[dict[str, Any]] = []
    while True:
        try:
            message = json.loads(socket.recv(timeout=seconds))
        except (TimeoutError, ConnectionClosed):
            return heard
        if message["type"] == "event":
            heard.append(message)
