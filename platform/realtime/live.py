"""The live machinery of one process: dispatcher, doorbell, hub, and the WebSocket application."""

import asyncio
import logging
import time
from collections.abc import Callable

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import DatabaseError
from redis.exceptions import RedisError

from events import queries
from events.dispatcher import BATCH, dispatch_once
from events.signal import dispatched, pending
from kernel.db import is_postgres
from kernel.http import Receive, Scope, Send, in_thread
from kernel.loops import Loop
from realtime.hub import Change, Hub
from realtime.socket import RESTARTING, SIGNED_OUT, LiveSocket, identify

logger = logging.getLogger("tencho.realtime")

DOORBELL = "doorbell"
LOOK_EVERY = 1.0
# Commits that follow each other this closely are told in one go.
BREATH = 0.05


class LiveThread(Loop):
    """Places new events, then reads what is new for the sockets here: one thread, one connection."""

    def __init__(
        self,
        ring: Callable[[], None],
        deliver: Callable[[list[Change]], None],
        is_listening: Callable[[], bool],
        pass_: Callable[[int], None],
    ) -> None:
        super().__init__("live", interval=0.15 if is_postgres() else 0.5, wake=pending)
        self._ring, self._deliver = ring, deliver
        self._is_listening, self._pass = is_listening, pass_
        self._position = 0
        self._looked_at = 0.0
        self._rung = False

    def start_from(self, position: int) -> None:
        """Starts telling what comes behind `position`."""
        self._position = position
        self.start()

    def rung(self) -> None:
        """Another process placed events."""
        self._rung = True
        self.wake.set()

    def step(self) -> bool:
        placed = dispatch_once()
        if placed:
            dispatched.set()
            self._ring()
        if placed or self._rung or time.monotonic() - self._looked_at > LOOK_EVERY:
            self._rung = False
            self._look()
        if placed:
            time.sleep(BREATH)
        return placed == BATCH

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        if not self._is_listening():
            head = queries.head()
            # Asked again: whoever came before the head was read must hear what is behind them. Whoever
            # comes later looks at everything after subscribing.
            if not self._is_listening():
                self._position = max(self._position, head)
                self._pass(self._position)
                return
        while found := queries.changes(self._position, BATCH):
            self._position = found[-1][0]
            self._deliver(found)


class Live:
    """Started once per process, on its event loop; the WebSocket application of that process."""

    def __init__(self) -> None:
        self.hub = Hub()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: LiveThread | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()

    def ensure_started(self) -> None:
        """To be called on the event loop; does nothing the second time."""
        if self._loop is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._thread = LiveThread(self._ring, self._deliver, lambda: bool(self.hub.sockets), self._pass)
        self._tasks = [
            self._loop.create_task(self._start()),
            self._loop.create_task(self.hub.recheck_forever()),
        ]
        if self._is_shared():
            self._tasks.append(self._loop.create_task(self._answer_the_door()))

    async def _start(self) -> None:
        # Sockets wait for a position to start from.
        while True:
            try:
                self.hub.position = await in_thread(queries.head)
                break
            except DatabaseError:
                logger.exception("the log cannot be read")
                await asyncio.sleep(1)
        assert self._thread is not None
        self._thread.start_from(self.hub.position)
        self._ready.set()

    def stop(self) -> None:
        """Ends the thread; sockets are told to come back."""
        self.hub.close_all(RESTARTING)
        for task in self._tasks:
            task.cancel()
        if self._thread is not None and self._thread.is_alive():
            self._thread.stop()
            self._thread.join(5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The WebSocket application behind `/ws/live/`."""
        self.ensure_started()
        if (await receive())["type"] != "websocket.connect":
            return
        await self._ready.wait()
        identity = await in_thread(identify, scope)
        # Refused only after accepting: a browser shows any earlier refusal as 1006.
        await send({"type": "websocket.accept"})
        if identity is None:
            await send({"type": "websocket.close", "code": SIGNED_OUT})
            return
        await LiveSocket(identity, self.hub, receive, send).run()

    def _deliver(self, changes: list[Change]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.hub.deliver, changes)

    def _pass(self, position: int) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.hub.pass_to, position)

    def _ring(self) -> None:
        if self._loop is not None and self._is_shared() and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._ring_the_bell(), self._loop)

    @staticmethod
    def _is_shared() -> bool:
        """Whether other processes can be reached; the layer in memory ends at this one."""
        layer = get_channel_layer()
        return layer is not None and not isinstance(layer, InMemoryChannelLayer)

    async def _ring_the_bell(self) -> None:
        try:
            await get_channel_layer().group_send(DOORBELL, {"type": "ring"})
        except (RedisError, OSError) as error:
            # Others look by themselves every second.
            logger.warning("the doorbell does not ring: %s", error)

    async def _answer_the_door(self) -> None:
        """One subscription per process; a message only says that there is something to read."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(DOORBELL, channel)
                while True:
                    await layer.receive(channel)
                    if self._thread is not None:
                        self._thread.rung()
            except (RedisError, OSError) as error:
                logger.warning("the doorbell cannot be heard: %s", error)
                await asyncio.sleep(1)
