"""One WebSocket: the messages of `docs/live.md`, a bounded outbox, and a feed for programs."""

import asyncio
import json
import logging
import time
from collections import deque
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qs

from django.conf import settings
from django.db import DatabaseError

from events import queries
from events.log import MAX_TOPIC, TOPIC
from events.queries import EventRow
from kernel import clock
from kernel.http import Message, Receive, Scope, Send, in_thread
from kernel.pressure import waiting_bytes
from realtime import topics
from realtime.identity import Identity, from_session, valid
from realtime.tickets import redeem

logger = logging.getLogger("tencho.realtime")

MAX_TOPICS = 64
MAX_MESSAGE = 16 * 1024
MAX_OUTBOX = 200
# What may wait inside the server for one slow socket, bytes.
MAX_WAITING = 128 * 1024
FEED_PAGE = 200
BAD_MESSAGE, SIGNED_OUT = 4400, 4401
# Meant as 1012; but Autobahn, below Daphne, sends nothing between 1001 and 2999.
RESTARTING = 3012


class BadMessage(Exception):
    """The client does not speak the protocol."""


class Registry(Protocol):
    """What a socket needs of the hub."""

    position: int

    def join(self, socket: "Listener") -> None: ...
    def leave(self, socket: "Listener") -> None: ...
    def subscribe(self, socket: "Listener", topic: str) -> None: ...
    def unsubscribe(self, socket: "Listener", topic: str) -> None: ...


class Listener:
    """A socket as its hub sees it. All methods are called on the event loop and return at once."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.topics: set[str] = set()
        # Topics of which this client wants every event itself; a subset of `topics`.
        self.fed: set[str] = set()
        self.checked_at = time.monotonic()
        self.outbox: deque[str] = deque()
        self.closing: int | None = None
        self.lost = False
        self.wake = asyncio.Event()
        self.news = asyncio.Event()

    def hear(self, topic: str, text: str) -> None:
        """Something changed on `topic`: `text` says what; a feed reads it from the log instead."""
        if topic in self.fed:
            self.news.set()
        else:
            self.push(text)

    def push(self, text: str) -> None:
        """Queues a message. A client that cannot keep up is told to look at everything again."""
        if len(self.outbox) >= MAX_OUTBOX:
            self.outbox.clear()
            self.lost = True
        self.outbox.append(text)
        self.wake.set()

    def say(self, type_: str, **fields: Any) -> None:
        self.push(json.dumps({"type": type_, **fields}, ensure_ascii=False))

    def refuse(self, topic: str, code: str) -> None:
        self.fed.discard(topic)
        self.say("refused", topic=topic, code=code)

    def close(self, code: int) -> None:
        self.closing = code
        self.wake.set()


class LiveSocket(Listener):
    """Talks to one client until either side ends."""

    def __init__(self, identity: Identity, hub: Registry, receive: Receive, send: Send) -> None:
        super().__init__(identity)
        self._hub, self._receive, self._send = hub, receive, send
        self._cursor = 0
        self._feeder: asyncio.Task[None] | None = None

    async def run(self) -> None:
        self._hub.join(self)
        self.say("hello", position=self._hub.position)
        halves = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._write())]
        try:
            await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(self)
            rest = [*halves, *([self._feeder] if self._feeder else [])]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.outbox and self.closing is None:
                await self._room()
                if self.lost:
                    self.lost = False
                    await self._send_text(json.dumps({"type": "resync", "position": self._hub.position}))
                if self.outbox:
                    await self._send_text(self.outbox.popleft())
            if self.closing is not None:
                await self._send({"type": "websocket.close", "code": self.closing})
                return

    async def _room(self) -> None:
        """Waits until the server holds little for this client; its outbox fills meanwhile."""
        while waiting_bytes(self._send) > MAX_WAITING and self.closing is None:
            await asyncio.sleep(0.05)

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                await self._handle(parse(message))
            except BadMessage:
                await self._send({"type": "websocket.close", "code": BAD_MESSAGE})
                return

    async def _handle(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "subscribe":
                await self._subscribe(_topics(message), _since(message))
            case "unsubscribe":
                for topic in _topics(message):
                    self.fed.discard(topic)
                    self._hub.unsubscribe(self, topic)
            case "ping":
                self.say("pong")
            case _:
                raise BadMessage

    async def _subscribe(self, wanted: list[str], since: int | None) -> None:
        new = [topic for topic in wanted if topic not in self.topics]
        room = MAX_TOPICS - len(self.topics)
        for topic in new[room:]:
            self.refuse(topic, "too_many_topics")
        may = await in_thread(_may_listen, self.identity, [t for t in wanted if t not in new[room:]])
        if may is None:
            self.close(SIGNED_OUT)
            return
        granted = [topic for topic, yes in may.items() if yes]
        for topic in granted:
            self._hub.subscribe(self, topic)
        for topic in [topic for topic, yes in may.items() if not yes]:
            self._hub.unsubscribe(self, topic)
            self.refuse(topic, "not_allowed")
        self.say("subscribed", topics=granted, position=self._hub.position)
        if since is None:
            self.fed.difference_update(granted)
        elif granted:
            self._feed(granted, since)

    def _feed(self, granted: list[str], since: int) -> None:
        """From here on every event of these topics is sent; a later `since` starts all of the feed there."""
        self.fed.update(granted)
        self._cursor = since
        if self._feeder is not None:
            self._feeder.cancel()
        self._feeder = asyncio.ensure_future(self._read_log())

    async def _read_log(self) -> None:
        """Always reads the log behind what was sent last, so nothing is missed and nothing sent twice."""
        while True:
            self.news.clear()
            rows = await self._page()
            for row in rows:
                await self._drained()
                heard = sorted(self.fed.intersection(row.topics))
                if heard:
                    self.push(event_json(row, heard))
                self._cursor = row.position
            if len(rows) < FEED_PAGE:
                await self.news.wait()

    async def _page(self) -> list[EventRow]:
        while True:
            try:
                return await in_thread(queries.since, set(self.fed), self._cursor, FEED_PAGE)
            except DatabaseError:
                logger.exception("a feed could not be read")
                await asyncio.sleep(1)

    async def _drained(self) -> None:
        # A feed waits for its client: it may fall behind, but it never loses its place.
        while len(self.outbox) >= MAX_OUTBOX // 2:
            await asyncio.sleep(0.05)


def event_json(row: EventRow, heard: list[str]) -> str:
    """The event as a program gets it; only the topics it listens to are named."""
    return json.dumps(
        {
            "type": "event",
            "position": row.position,
            "name": row.name,
            "at": row.at.isoformat(),
            "actor": row.actor,
            "reason": row.reason,
            "payload": row.payload,
            "topics": heard,
        },
        ensure_ascii=False,
    )


def parse(message: Message) -> dict[str, Any]:
    """The object in a text frame. Raises `BadMessage`."""
    text = message.get("text")
    if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) > MAX_MESSAGE:
        raise BadMessage
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage from error
    if not isinstance(found, dict):
        raise BadMessage
    return found


def _topics(message: dict[str, Any]) -> list[str]:
    found = message.get("topics")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadMessage
    unique = list(dict.fromkeys(found))
    if not all(len(one) <= MAX_TOPIC and TOPIC.fullmatch(one) for one in unique):
        raise BadMessage
    return unique


def _since(message: dict[str, Any]) -> int | None:
    since = message.get("since")
    if since is None:
        return None
    if isinstance(since, bool) or not isinstance(since, int) or not 0 <= since < 2**63:
        raise BadMessage
    return since


def _may_listen(identity: Identity, wanted: list[str]) -> dict[str, bool] | None:
    user = valid([identity]).get(identity)
    return None if user is None else topics.allowed(user, wanted, clock.now())


def identify(scope: Scope) -> Identity | None:
    """The person behind a socket: by its ticket if it has one, else by the session cookie."""
    query = parse_qs(scope.get("query_string", b"").decode("latin1"))
    if "ticket" in query:
        identity = redeem(query["ticket"][0])
        return identity if identity and valid([identity]) else None
    session_key = _cookie(scope, settings.SESSION_COOKIE_NAME)
    return from_session(session_key) if session_key else None


def _cookie(scope: Scope, name: str) -> str:
    raw = b"; ".join(value for key, value in scope.get("headers", []) if key == b"cookie")
    try:
        found = SimpleCookie(raw.decode("latin1")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
