"""From a commit to fresh content in another browser: many sockets, each refetching as live.js does."""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect

from events.models import Position
from tests.bench.catalogue import Catalogue
from tests.bench.client import Connection, Reply, bearer, expect, signed_in
from tests.bench.report import Figure, Report, percentile
from tests.bench.scale import Scale

TARGET = 0.5
# As in frontend/static/live.js.
SOON = 0.05
COALESCE = 0.3
CONNECTING_AT_ONCE = 20
# A host that the servers allow.
ORIGIN = "http://127.0.0.1"


@dataclass
class Watcher:
    """One open page: a socket that listens to one batch, and the region it refetches."""

    batch_id: int
    port: int
    connection: Connection
    etag: str = ""
    told: int = 0
    fetched: float = 0.0
    # Moment at which everything up to a position was on the screen.
    seen: list[tuple[int, float]] = field(default_factory=list)
    socket: ClientConnection | None = None
    listening: "asyncio.Task[None] | None" = None
    timer: "asyncio.Task[None] | None" = None

    async def open(self, session: str) -> None:
        self.socket = await connect(
            f"ws://127.0.0.1:{self.port}/ws/live/",
            additional_headers={"Cookie": f"sessionid={session}", "Origin": ORIGIN},
            open_timeout=60,
            ping_interval=None,
        )
        await self.socket.send(
            json.dumps({"type": "subscribe", "topics": [f"batch.{self.batch_id}"], "since": None})
        )
        async for text in self.socket:
            if json.loads(text)["type"] == "subscribed":
                break
        await self._fetch()
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.socket is not None
        async for text in self.socket:
            message = json.loads(text)
            if message["type"] == "changed":
                self.told = max(self.told, message["position"])
                if self.timer is None:
                    self.timer = asyncio.create_task(self._refetch())

    async def _refetch(self) -> None:
        await asyncio.sleep(max(SOON, self.fetched + COALESCE - time.monotonic()))
        self.timer = None
        self.fetched = time.monotonic()
        covers = self.told
        await self._fetch()
        self.seen.append((covers, time.time()))

    async def _fetch(self) -> None:
        path = f"/batches/{self.batch_id}/board/"
        reply = expect(await self.connection.get(path, self.etag), 200, 304)
        self.etag = reply.etag

    async def close(self) -> None:
        if self.listening is not None:
            self.listening.cancel()
        if self.socket is not None:
            await self.socket.close()


async def measure(
    report: Report, scale: Scale, found: Catalogue, *, ports: Sequence[int], batch_ids: Sequence[int]
) -> None:
    """Claims on random batches at a steady rate; p95 over every watcher of a batch that changed."""
    # Browsers of one process share a few connections here: a thousand idle ones would measure this client.
    shared = {port: [_Shared(port, found.director_session) for _ in range(8)] for port in ports}
    watchers = []
    for number in range(scale.sockets):
        port = ports[number % len(ports)]
        batch_id = batch_ids[number % len(batch_ids)]
        watchers.append(Watcher(batch_id, port, shared[port][number % 8]))
    began = time.monotonic()
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    await asyncio.gather(*(_open(one, gate, found.director_session) for one in watchers))
    report.note(f"fan-out: {len(watchers)} sockets opened in {time.monotonic() - began:.1f} s")
    await asyncio.sleep(1)
    changed = await _change(scale, found, ports, batch_ids)
    await asyncio.sleep(3)
    await asyncio.gather(*(one.close() for one in watchers))
    for connections in shared.values():
        for connection in connections:
            connection.close()
    _report(report, scale, await asyncio.to_thread(_latencies, changed, watchers))


class _Shared(Connection):
    """A connection that many watchers use one after the other."""

    def __init__(self, port: int, session: str) -> None:
        super().__init__(port, {**signed_in(session), "X-Region": "1"})
        self._turn = asyncio.Lock()

    async def _ask(self, request: bytes) -> Reply:
        async with self._turn:
            return await super()._ask(request)


async def _open(one: Watcher, gate: asyncio.Semaphore, session: str) -> None:
    async with gate:
        await one.open(session)


async def _change(
    scale: Scale, found: Catalogue, ports: Sequence[int], batch_ids: Sequence[int]
) -> list[tuple[int, int]]:
    """(batch, assignment) of every claim made."""
    chooser = random.Random(20)  # the same batches in every run
    made = []
    connection = [Connection(port, bearer(found.secrets[0])) for port in ports]
    for number in range(scale.changes):
        batch_id = chooser.choice(batch_ids)
        due = time.monotonic() + 1 / scale.changes_per_second
        reply = await connection[number % len(ports)].post(f"/api/v1/batches/{batch_id}/claim")
        if reply.status == 201:
            made.append((batch_id, reply.json()["id"]))
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    for one in connection:
        one.close()
    return made


def _latencies(changed: Sequence[tuple[int, int]], watchers: Sequence[Watcher]) -> tuple[list[float], int]:
    """Seconds from each event's own time to the first screen that shows it, and how many never did."""
    places = Position.objects.filter(event__name="assignment.claimed").select_related("event")
    at = {place.event.payload["assignment"]: (place.position, place.event.at.timestamp()) for place in places}
    seconds, missed = [], 0
    for batch_id, assignment in changed:
        position, committed = at[assignment]
        for watcher in (one for one in watchers if one.batch_id == batch_id):
            shown = [moment for covers, moment in watcher.seen if covers >= position]
            if shown:
                seconds.append(shown[0] - committed)
            else:
                missed += 1
    return seconds, missed


def _report(report: Report, scale: Scale, found: tuple[list[float], int]) -> None:
    seconds, missed = found
    slow = percentile(seconds, 0.95)
    report.add(
        Figure(
            what=f"fan-out to {scale.sockets} sockets on {scale.topics} topics",
            product=f"p95 {slow:.2f} s, p50 {percentile(seconds, 0.5):.2f} s, {missed} missed",
            peer="of it 0.05 s waiting for more changes",
            ratio="",
            target="p95 < 0.5 s",
            met=slow < TARGET and not missed,
        )
    )
