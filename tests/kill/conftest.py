"""A real server with the cast in it, on the database of this run; Chromium beside it."""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.browser.conftest import axe, browser, page
from tests.kill.files import products
from tests.kill.people import Person, ok, until
from tests.serving import Server

__all__ = ["axe", "browser", "page"]


@dataclass
class Shop:
    """The served application and who is there. All tests of a run share it."""

    server: Server
    store: int
    people: dict[str, Person]

    def __getattr__(self, name: str) -> Person:
        return self.people[name]

    def restart(self) -> None:
        """As after a power cut."""
        self.server.kill()
        self.server.start()

    def publish(self, data: bytes, **form: str) -> int:
        """A batch for the pool, made from this file; its number."""
        batch = self.aya.draft_batch(self.store)
        found = self.read(ok(self.aya.upload(batch, data, **form))["id"])
        assert found["state"] == "done", found
        self.aya.post(f"batches/{batch}/publish")
        return batch

    def read(self, number: int, seconds: float = 90) -> Any:
        """An import when it has ended."""

        def ended() -> Any:
            found = self.aya.get(f"imports/{number}")
            return found if found["state"] in ("done", "failed") else None

        return until(ended, "the file is read", seconds)


class _Database:
    """A database of this server's own on the PostgreSQL of the run; nothing on SQLite."""

    def __enter__(self) -> dict[str, str]:
        self.url = os.environ.get("DATABASE_URL", "")
        if not self.url.startswith("postgres"):
            return {}
        self.name = f"tencho_kill_{secrets.token_hex(4)}"
        self._say(f'CREATE DATABASE "{self.name}"')
        own = self.url.rsplit("/", 1)[0] + f"/{self.name}"
        return {"DATABASE_URL": own, "REDIS_URL": os.environ.get("REDIS_URL", ""), "SECRET_KEY": "tests"}

    def __exit__(self, *_error: object) -> None:
        if self.url.startswith("postgres"):
            self._say(f'DROP DATABASE "{self.name}" WITH (FORCE)')

    def _say(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with _Database() as environment:
        server = Server(tmp_path_factory.mktemp("served"), environment)
        server.prepare()
        words = "from tests.kill import shop; shop.fill()"
        found: dict[str, Any] = json.loads(server.manage("shell", "-v", "0", "-c", words))
        server.start()
        people = {name: Person(server, known) for name, known in found["people"].items()}
        yield Shop(server, found["store"], people)
        server.stop()


@pytest.fixture(scope="session")
def live_server_url(shop: Shop) -> str:
    return shop.server.url


@pytest.fixture
def batch(shop: Shop) -> int:
    """Published, a few products."""
    return shop.publish(products(30))
