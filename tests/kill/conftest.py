"""A real server with the cast in it, on the database of this run; Chromium beside it."""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.browser.conftest import axe, browser, live_server_url, page
from tests.kill.people import Person
from tests.serving import Server

__all__ = ["axe", "browser", "live_server_url", "page"]

PRODUCTS = 120


@dataclass
class Shop:
    """The served application and who is there."""

    server: Server
    store: int
    batch: int
    people: dict[str, Person]

    def __getattr__(self, name: str) -> Person:
        return self.people[name]


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


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with _Database() as environment:
        server = Server(tmp_path_factory.mktemp("served"), environment)
        server.prepare()
        printed = server.manage(
            "shell", "-v", "0", "-c", f"from tests.kill import shop; shop.fill({PRODUCTS})"
        )
        server.start()
        found: dict[str, Any] = json.loads(printed)
        people = {name: Person(server, known) for name, known in found["people"].items()}
        yield Shop(server, found["store"], found["batch"], people)
        server.stop()


@pytest.fixture(scope="module")
def server(shop: Shop) -> Server:
    return shop.server
