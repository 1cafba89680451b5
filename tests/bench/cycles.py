"""Claim + submit, as a page or program does it: `submit?next=1` answers with the next assignment."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.client import Connection, Reply, bearer, expect
from tests.bench.report import Figure, Report, median_ratio, percentile
from tests.bench.scale import Scale
from tests.bench.shopfile import good_answer

TARGET = 0.6


@dataclass
class Client:
    """One worker on one connection. The assignment in hand is kept from round to round."""

    connection: Connection
    batch_id: int
    assignment: int = 0
    fence: int = 0

    async def work(self, until: float, tally: "Tally") -> None:
        path = f"/api/v1/batches/{self.batch_id}/claim"
        if not self.assignment:
            self._take(expect(await self.connection.post(path), 201).json())
        while (began := time.monotonic()) < until:
            reply = await self._submit()
            if reply.status not in (200, 201):
                tally.refused.append(f"{reply.status} {reply.body[:200]!r}")
                self._take(expect(await self.connection.post(path), 201).json())
                continue
            self._take(reply.json()["next"])
            ended = time.monotonic()
            if ended <= until:
                tally.seconds.append(ended - began)

    async def _submit(self) -> Reply:
        answer = {"answer": good_answer(str(self.assignment)), "fence": self.fence}
        return await self.connection.post(f"/api/v1/assignments/{self.assignment}/submit?next=1", answer)

    def _take(self, given: dict[str, int]) -> None:
        self.assignment, self.fence = given["id"], given["fence"]


@dataclass
class Tally:
    """One round: how long each finished cycle took, and what was refused."""

    length: float
    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.length


@dataclass(frozen=True)
class Side:
    """The product or the floor with its clients."""

    clients: list[Client]

    @classmethod
    def on(cls, ports: Sequence[int], secrets: Sequence[str], batch_id: int) -> "Side":
        return cls(
            [
                Client(Connection(ports[number % len(ports)], bearer(secret)), batch_id)
                for number, secret in enumerate(secrets)
            ]
        )

    async def round(self, seconds: float) -> Tally:
        tally = Tally(seconds)
        until = time.monotonic() + seconds
        await asyncio.gather(*(client.work(until, tally) for client in self.clients))
        return tally

    def close(self) -> None:
        for client in self.clients:
            client.connection.close()


async def measure(
    report: Report,
    scale: Scale,
    *,
    products: Sequence[int],
    floors: Sequence[int],
    secrets: Sequence[str],
    batch_id: int,
) -> None:
    """One line for each number of clients. Both take turns, after a round that does not count."""
    for number in scale.clients:
        product = Side.on(products, secrets[:number], batch_id)
        floor = Side.on(floors, secrets[:number], batch_id)
        found: list[tuple[Tally, Tally]] = []
        for turn in range(scale.rounds + 1):
            seconds = scale.round_seconds if turn else 1.5
            pair = (await product.round(seconds), await floor.round(seconds))
            if turn:
                found.append(pair)
        product.close()
        floor.close()
        _report(report, number, found)


def _report(report: Report, clients: int, found: Sequence[tuple[Tally, Tally]]) -> None:
    ours, theirs = [one for one, _ in found], [other for _, other in found]
    ratio = median_ratio([one.rate for one in ours], [one.rate for one in theirs])
    report.add(
        Figure(
            what=f"claim + submit, {clients} clients",
            product=_words(ours),
            peer=_words(theirs),
            ratio=f"{ratio:.2f}",
            target=f">= {TARGET}",
            met=ratio >= TARGET and not any(one.refused for one in ours),
        )
    )
    for one in (refused for tally in [*ours, *theirs] for refused in tally.refused[:3]):
        report.note(f"refused: {one}")


def _words(rounds: Sequence[Tally]) -> str:
    rates = [one.rate for one in rounds]
    seconds = [second for one in rounds for second in one.seconds]
    slow = percentile(seconds, 0.95) * 1000 if seconds else 0.0
    return f"{percentile(rates, 0.5):.0f}/s, p95 {slow:.0f} ms"
