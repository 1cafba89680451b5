"""What a socket says and refuses, against the whole live machinery of one process."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.models import User
from events import record, register
from events.dispatcher import dispatch_once
from kernel import clock
from kernel.http import in_thread
from realtime import hub, socket, tickets
from realtime import topics as topic_registry
from realtime.live import Live
from realtime.models import SocketTicket
from realtime.routing import Sockets
from tests.threads import release_http_threads

register("test.live", {"thing"})
register("membership.tested", set())

forbidden: set[str] = set()


def may_listen(user: User, parts: tuple[str, ...], now: object) -> bool:
    return ".".join(parts) not in forbidden and int(parts[-1]) < 1000


@pytest.fixture(autouse=True)
def _topics(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[None]:
    forbidden.clear()
    monkeypatch.setattr(topic_registry, "_kinds", {"test": may_listen, "user": lambda *_: True})
    yield
    release_http_threads()


pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def aya() -> User:
    return User.objects.create_user("aya@example.jp", "correct horse", name="Aya")


def sign_in(user: User) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def happen(thing: int, *topics: str, name: str = "test.live") -> None:
    with transaction.atomic():
        payload: dict[str, Any] = {"thing": thing} if name == "test.live" else {}
        record(name, topics=topics, actor=1, **payload)


class Client:
    """A client of the WebSocket application."""

    def __init__(self, application: Any, headers: dict[str, str], query: str = "") -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._socket = WebsocketCommunicator(application, f"/ws/live/{query}", headers=raw)

    async def open(self) -> None:
        connected, _ = await self._socket.connect(timeout=10)
        assert connected

    async def refused(self) -> bool:
        connected, _ = await self._socket.connect(timeout=10)
        return not connected

    async def say(self, type_: str, **fields: Any) -> None:
        await self._socket.send_to(text_data=json.dumps({"type": type_, **fields}))

    async def say_raw(self, text: str) -> None:
        await self._socket.send_to(text_data=text)

    async def hear(self, seconds: float = 10) -> dict[str, Any]:
        message = await self._socket.receive_output(seconds)
        if message["type"] == "websocket.close":
            return {"type": "close", "code": message["code"]}
        heard: dict[str, Any] = json.loads(message["text"])
        return heard

    async def hear_type(self, type_: str) -> dict[str, Any]:
        message = await self.hear()
        assert message["type"] == type_, message
        return message

    async def silent(self) -> bool:
        return bool(await self._socket.receive_nothing(timeout=0.3))

    async def subscribe(self, *topics: str, since: int | None = None) -> dict[str, Any]:
        await self.say("subscribe", topics=list(topics), since=since)
        return await self.hear_type("subscribed")

    async def leave(self) -> None:
        await self._socket.disconnect(timeout=10)


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[tuple[Live, Any]]:
    live = Live()
    live.ensure_started()
    try:
        yield live, Sockets(live)
    finally:
        await asyncio.to_thread(live.stop)


def talk(script: Callable[[Live, Any], Awaitable[None]]) -> None:
    """Runs `script` against a fresh process's machinery."""

    async def run() -> None:
        async with serving() as (live, application):
            await asyncio.wait_for(script(live, application), 60)

    asyncio.run(run())


def browser(application: Any, session: str, origin: str = "http://localhost") -> Client:
    return Client(application, {"origin": origin, "cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})


def test_a_change_is_heard_by_its_listeners_alone(aya: User) -> None:
    session = sign_in(aya)

    async def script(live: Live, application: Any) -> None:
        first, second = browser(application, session), browser(application, session)
        for client in (first, second):
            await client.open()
            assert await client.hear_type("hello") == {"type": "hello", "position": 0}
        await first.subscribe("test.1", "test.2")
        await second.subscribe("test.3")
        await in_thread(happen, 7, "test.1")
        assert await first.hear() == {
            "type": "changed",
            "topic": "test.1",
            "position": 1,
            "name": "test.live",
            "spread_ms": 0,
        }
        assert await second.silent()
        await first.say("unsubscribe", topics=["test.1"])
        await first.say("ping")
        await first.hear_type("pong")
        await in_thread(happen, 8, "test.1")
        assert await first.silent()
        await first.leave()
        await second.leave()
        assert live.hub.sockets == set()

    talk(script)


def test_nobody_listens_without_signing_in(aya: User) -> None:
    session = sign_in(aya)
    forged = sign_in(aya)
    Session.objects.filter(session_key=forged).update(expire_date=clock.now() - timedelta(days=1))

    async def script(live: Live, application: Any) -> None:
        for wrong in ["", "nonsense", forged]:
            client = browser(application, wrong)
            await client.open()
            assert await client.hear() == {"type": "close", "code": 4401}
        assert await browser(application, session, origin="https://evil.example").refused()
        assert await Client(application, {"cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}).refused()
        assert await Client(application, {"origin": "https://evil.example"}, "?ticket=x").refused()

    talk(script)


def test_an_inactive_person_and_an_old_password_open_nothing(aya: User) -> None:
    session = sign_in(aya)
    aya.set_password("another one entirely")
    aya.save()
    fresh = sign_in(aya)
    User.objects.filter(pk=aya.pk).update(is_active=True)

    async def script(live: Live, application: Any) -> None:
        old = browser(application, session)
        await old.open()
        assert await old.hear() == {"type": "close", "code": 4401}
        new = browser(application, fresh)
        await new.open()
        await new.hear_type("hello")
        await in_thread(User.objects.filter(pk=aya.pk).update, is_active=False)
        await new.say("subscribe", topics=["test.1"])
        assert await new.hear() == {"type": "close", "code": 4401}

    talk(script)


def test_a_ticket_opens_one_socket(aya: User) -> None:
    ticket, late = tickets.issue(aya.pk), tickets.issue(aya.pk)
    SocketTicket.objects.exclude(pk=tickets._digest(ticket)).update(expires_at=clock.now())

    async def script(live: Live, application: Any) -> None:
        client = Client(application, {}, f"?ticket={ticket}")
        await client.open()
        await client.hear_type("hello")
        for used in (ticket, late, "unknown"):
            again = Client(application, {}, f"?ticket={used}")
            await again.open()
            assert await again.hear() == {"type": "close", "code": 4401}
        await client.leave()

    talk(script)
    assert not SocketTicket.objects.exists()


def test_forbidden_and_unknown_topics_are_refused_alike(aya: User) -> None:
    session = sign_in(aya)
    forbidden.add("7")

    async def script(live: Live, application: Any) -> None:
        client = browser(application, session)
        await client.open()
        await client.hear_type("hello")
        await client.say("subscribe", topics=["test.7", "test.x", "nothing.1", "test.1"])
        for topic in ["test.7", "test.x", "nothing.1"]:
            assert await client.hear() == {"type": "refused", "topic": topic, "code": "not_allowed"}
        assert (await client.hear_type("subscribed"))["topics"] == ["test.1"]
        await in_thread(happen, 1, "test.7")
        assert await client.silent()
        many = [f"test.{number}" for number in range(100, 170)]
        await client.say("subscribe", topics=many)
        for topic in many[63:]:
            assert await client.hear() == {"type": "refused", "topic": topic, "code": "too_many_topics"}
        assert len((await client.hear_type("subscribed"))["topics"]) == 63
        await client.leave()

    talk(script)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"type": "dance"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "topics": [1]}',
        '{"type": "subscribe", "topics": ["../x"]}',
        '{"type": "subscribe", "topics": ["test.1"], "since": -1}',
        '{"type": "subscribe", "topics": ["test.1"], "since": true}',
        '{"type": "ping", "x": "' + "x" * socket.MAX_MESSAGE + '"}',
        "[" * 10_000,
    ],
)
def test_nonsense_ends_the_conversation(aya: User, text: str) -> None:
    session = sign_in(aya)

    async def script(live: Live, application: Any) -> None:
        client = browser(application, session)
        await client.open()
        await client.hear_type("hello")
        await client.say_raw(text)
        assert await client.hear() == {"type": "close", "code": 4400}

    talk(script)


def test_a_lost_right_is_lost_while_listening(aya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = sign_in(aya)
    monkeypatch.setattr(hub, "RECHECK_EVERY", 0.0)

    async def script(live: Live, application: Any) -> None:
        client = browser(application, session)
        await client.open()
        await client.hear_type("hello")
        await client.subscribe("test.1", "test.2")
        forbidden.add("1")
        assert await client.hear() == {"type": "refused", "topic": "test.1", "code": "not_allowed"}
        await in_thread(happen, 1, "test.1")
        await in_thread(happen, 2, "test.2")
        assert (await client.hear_type("changed"))["topic"] == "test.2"
        await in_thread(Session.objects.all().delete)
        assert await client.hear() == {"type": "close", "code": 4401}

    talk(script)


def test_a_membership_event_has_its_person_checked_at_once(aya: User) -> None:
    session = sign_in(aya)

    async def script(live: Live, application: Any) -> None:
        client = browser(application, session)
        await client.open()
        await client.hear_type("hello")
        await client.subscribe("test.1")
        forbidden.add("1")
        await in_thread(happen, 0, f"user.{aya.pk}", name="membership.tested")
        heard = await client.hear(3)
        assert heard == {"type": "refused", "topic": "test.1", "code": "not_allowed"}
        await client.leave()

    talk(script)


def test_resuming_misses_and_repeats_nothing(aya: User) -> None:
    """Events before, during and after the replay, some on two subscribed topics, some on none."""
    session = sign_in(aya)
    expected = []

    def happen_many(first: int, count: int) -> None:
        for thing in range(first, first + count):
            happen(thing, *[["test.1"], ["test.2"], ["test.1", "test.2"], ["test.3"]][thing % 4])

    happen_many(0, 250)
    while dispatch_once():
        pass
    expected = [thing for thing in range(20, 400) if thing % 4 != 3]

    async def script(live: Live, application: Any) -> None:
        client = browser(application, session)
        await client.open()
        await client.hear_type("hello")
        writing = asyncio.create_task(asyncio.to_thread(_write_and_close, happen_many, 250, 150))
        await client.subscribe("test.1", "test.2", since=20)
        heard = [await client.hear_type("event") for _ in expected]
        await writing
        assert [event["payload"]["thing"] for event in heard] == expected
        assert [event["position"] for event in heard] == [thing + 1 for thing in expected]
        assert heard[2]["topics"] == ["test.1", "test.2"] or heard[2]["payload"]["thing"] % 4 != 2
        assert await client.silent()
        await client.leave()
        # And again from the middle, as after a lost connection.
        client = browser(application, session)
        await client.open()
        await client.hear_type("hello")
        middle = heard[200]["position"]
        await client.subscribe("test.1", "test.2", since=middle)
        again = [await client.hear_type("event") for _ in heard[201:]]
        assert again == heard[201:]
        assert await client.silent()
        await client.leave()

    talk(script)


def _write_and_close(function: Callable[[int, int], None], first: int, count: int) -> None:
    from django.db import connections  # only what this thread opened

    try:
        function(first, count)
    finally:
        connections.close_all()


def test_a_slow_socket_is_told_to_look_again(aya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = sign_in(aya)
    full = True
    monkeypatch.setattr(socket, "waiting_bytes", lambda send: 10**9 if full else 0)

    async def script(live: Live, application: Any) -> None:
        nonlocal full
        client = browser(application, session)
        full = False
        await client.open()
        await client.hear_type("hello")
        await client.subscribe("test.1")
        full = True
        live.hub.deliver([(position, f"test.n{position}", "test.1") for position in range(1, 500)])
        listener = next(iter(live.hub.sockets))
        assert len(listener.outbox) <= socket.MAX_OUTBOX
        full = False
        assert await client.hear_type("resync") == {"type": "resync", "position": 499}
        rest = [await client.hear_type("changed") for _ in range(len(listener.outbox))]
        assert all(message["position"] > 300 for message in rest)
        await client.leave()

    talk(script)


def test_a_crowd_is_spread(aya: User) -> None:
    session = sign_in(aya)

    async def script(live: Live, application: Any) -> None:
        client = browser(application, session)
        await client.open()
        await client.hear_type("hello")
        await client.subscribe("test.1")
        listener = next(iter(live.hub.sockets))
        for _ in range(99):
            other = socket.Listener(listener.identity)
            live.hub.join(other)
            live.hub.subscribe(other, "test.1")
        await in_thread(happen, 1, "test.1")
        assert (await client.hear_type("changed"))["spread_ms"] == 1000
        await client.leave()

    talk(script)


def test_many_changes_of_a_topic_are_told_once(aya: User) -> None:
    session = sign_in(aya)

    async def script(live: Live, application: Any) -> None:
        client = browser(application, session)
        await client.open()
        await client.hear_type("hello")
        await client.subscribe("test.1")
        live.hub.deliver([(1, "test.live", "test.1"), (2, "test.live", "test.1"), (3, "test.live", "test.2")])
        assert (await client.hear_type("changed"))["position"] == 2
        assert live.hub.position == 3
        assert await client.silent()
        await client.leave()

    talk(script)
