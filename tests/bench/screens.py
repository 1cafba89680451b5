"""Pages and lists at the large size against the small one: the answer must cost the same."""

import time
from dataclasses import dataclass

from tests.bench.catalogue import Catalogue
from tests.bench.client import Connection, bearer, expect, signed_in
from tests.bench.report import Figure, Report, percentile
from tests.bench.scale import Scale

TARGET = 1.3
WARM_UP = 5


@dataclass(frozen=True)
class Screen:
    what: str
    path: str
    headers: dict[str, str]


def _screens(found: Catalogue) -> list[Screen]:
    desk, worker = signed_in(found.director_session), signed_in(found.worker_session)
    return [
        Screen("board, page", f"/batches/{found.batch_id}/", desk),
        Screen("board, API", f"/api/v1/batches/{found.batch_id}", bearer(found.director_key)),
        Screen("tasks, API", f"/api/v1/batches/{found.batch_id}/tasks", bearer(found.director_key)),
        Screen("work list, page", "/work/", worker),
        Screen("work list, API", "/api/v1/work", bearer(found.secrets[-1])),
        Screen("review queue, page", "/review/", desk),
        Screen("review queue, API", "/api/v1/reviews", bearer(found.director_key)),
    ]


async def measure(report: Report, scale: Scale, found: Catalogue, *, small: int, large: int) -> None:
    """`small` and `large`: ports of servers on the two databases, asked in turn."""
    for screen in _screens(found):
        connections = [Connection(port, screen.headers) for port in (large, small)]
        seconds: list[list[float]] = [[], []]
        for turn in range(WARM_UP + scale.screen_requests):
            for connection, times in zip(connections, seconds, strict=True):
                took = await _once(connection, screen.path)
                if turn >= WARM_UP:
                    times.append(took)
        for connection in connections:
            connection.close()
        ours, theirs = (percentile(times, 0.5) for times in seconds)
        report.add(
            Figure(
                what=f"{screen.what}, {scale.tasks // 1000}k / {scale.small_tasks // 1000}k tasks",
                product=f"p50 {ours * 1000:.1f} ms",
                peer=f"p50 {theirs * 1000:.1f} ms",
                ratio=f"{ours / theirs:.2f}",
                target=f"<= {TARGET}",
                met=ours / theirs <= TARGET,
            )
        )


async def _once(connection: Connection, path: str) -> float:
    began = time.monotonic()
    expect(await connection.get(path), 200)
    return time.monotonic() - began
