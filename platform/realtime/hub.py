"""The sockets of this process and who of them hears what. Lives on the event loop; takes no locks."""

import asyncio
import json
import logging
import time
from collections.abc import Iterable

from kernel import clock
from kernel.http import in_thread
from realtime import identity, topics
from realtime.socket import Listener

logger = logging.getLogger("tencho.realtime")

# From so many listeners on, their refetches are spread over `spread_ms`.
CROWD = 50
SPREAD_PER_LISTENER_MS = 10
MAX_SPREAD_MS = 5000
RECHECK_EVERY = 8.0
RECHECK_AT_ONCE = 50
# Events after which the people they are addressed to are checked at once.
RECHECK_ON = ("membership.", "api_key.", "pool.", "user.")

Change = tuple[int, str, str]  # position, event name, topic


class Hub:
    """Fans out changes to local sockets and takes topics and sockets away from those who lost them."""

    def __init__(self) -> None:
        self.position = 0
        self.sockets: set[Listener] = set()
        self._by_topic: dict[str, set[Listener]] = {}

    def join(self, socket: Listener) -> None:
        self.sockets.add(socket)

    def leave(self, socket: Listener) -> None:
        self.sockets.discard(socket)
        for topic in list(socket.topics):
            self.unsubscribe(socket, topic)

    def subscribe(self, socket: Listener, topic: str) -> None:
        socket.topics.add(topic)
        self._by_topic.setdefault(topic, set()).add(socket)

    def unsubscribe(self, socket: Listener, topic: str) -> None:
        socket.topics.discard(topic)
        listeners = self._by_topic.get(topic, set())
        listeners.discard(socket)
        if not listeners:
            self._by_topic.pop(topic, None)

    def deliver(self, changes: Iterable[Change]) -> None:
        """Tells listeners what changed: of each event name on each topic only the newest."""
        newest: dict[tuple[str, str], int] = {}
        for position, name, topic in changes:
            newest[topic, name] = position
            self.position = max(self.position, position)
            if name.startswith(RECHECK_ON):
                self._suspect(topic)
        for (topic, name), position in newest.items():
            self._tell(topic, name, position)

    def pass_to(self, position: int) -> None:
        """Everything up to `position` has happened while nobody listened."""
        self.position = max(self.position, position)

    def _tell(self, topic: str, name: str, position: int) -> None:
        listeners = self._by_topic.get(topic)
        if not listeners:
            return
        count = len(listeners)
        spread = min(MAX_SPREAD_MS, count * SPREAD_PER_LISTENER_MS) if count > CROWD else 0
        # One text for all of them.
        text = json.dumps(
            {"type": "changed", "topic": topic, "position": position, "name": name, "spread_ms": spread}
        )
        for socket in listeners:
            socket.hear(topic, text)

    def _suspect(self, topic: str) -> None:
        kind, _dot, number = topic.partition(".")
        if kind == "user" and number.isdigit():
            for socket in self.sockets:
                if socket.identity.user_id == int(number):
                    socket.checked_at = 0.0

    async def recheck_forever(self) -> None:
        """Every socket is asked about at least every ten seconds, a few at a time."""
        while True:
            await asyncio.sleep(1)
            try:
                while await self._recheck_some():
                    pass
            except Exception:
                logger.exception("checking sockets failed")

    async def _recheck_some(self) -> bool:
        before = time.monotonic() - RECHECK_EVERY
        due = [socket for socket in self.sockets if socket.checked_at < before][:RECHECK_AT_ONCE]
        if not due:
            return False
        asked = [(socket.identity, frozenset(socket.topics)) for socket in due]
        answers = await in_thread(still_allowed, asked)
        for socket, answer in zip(due, answers, strict=True):
            socket.checked_at = time.monotonic()
            self._enforce(socket, answer)
        return True

    def _enforce(self, socket: Listener, answer: dict[str, bool] | None) -> None:
        if answer is None:
            socket.close(4401)
            return
        for topic in [topic for topic, may in answer.items() if not may]:
            self.unsubscribe(socket, topic)
            socket.refuse(topic, "not_allowed")

    def close_all(self, code: int) -> None:
        for socket in self.sockets:
            socket.close(code)


def still_allowed(asked: list[tuple[identity.Identity, frozenset[str]]]) -> list[dict[str, bool] | None]:
    """For each socket which of its topics it may keep; None if it has to go."""
    users = identity.valid([one for one, _topics in asked])
    now = clock.now()
    return [topics.allowed(users[one], wanted, now) if one in users else None for one, wanted in asked]
