"""How much one run does. Counts and seconds are bounded, so a slow machine makes it no longer."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """`tasks` is the large size that is compared with `small_tasks`. Times are in seconds."""

    tasks: int
    small_tasks: int
    clients: tuple[int, ...]
    rounds: int
    round_seconds: float
    screen_requests: int
    import_rows: int
    sockets: int
    topics: int
    changes: int
    changes_per_second: float
    starts: int


FULL = Scale(
    tasks=100_000,
    small_tasks=1_000,
    clients=(32, 200),
    rounds=4,
    round_seconds=5.0,
    screen_requests=40,
    import_rows=20_000,
    sockets=1_000,
    topics=200,
    changes=80,
    changes_per_second=4.0,
    starts=3,
)
QUICK = Scale(
    tasks=20_000,
    small_tasks=1_000,
    clients=(32,),
    rounds=2,
    round_seconds=2.5,
    screen_requests=15,
    import_rows=5_000,
    sockets=200,
    topics=40,
    changes=20,
    changes_per_second=4.0,
    starts=1,
)


def chosen() -> Scale:
    return QUICK if os.environ.get("BENCH_QUICK", "") not in ("", "0") else FULL
