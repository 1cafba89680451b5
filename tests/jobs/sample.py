"""Jobs that tests enqueue; a module of its own, because a runner in another process imports it by name."""

import time
from pathlib import Path

from jobs import job, stopping

given_up: list[tuple[object, ...]] = []
ran: list[object] = []


@job()
def note(value: int) -> None:
    ran.append(value)


@job(max_attempts=3, on_failed=lambda *args: given_up.append(args))
def stumble(value: int) -> None:
    ran.append(value)
    raise RuntimeError("stumbled")


def also_stumble(value: int) -> None:
    raise RuntimeError("the last word fails too")


@job(max_attempts=1, on_failed=also_stumble)
def stumble_twice(value: int) -> None:
    raise RuntimeError("stumbled")


@job()
def work_in_chunks(path: str) -> None:
    """Writes one line per start and waits until it is told to stop; the second start ends by itself."""
    file = Path(path)
    with file.open("a", encoding="utf-8") as lines:
        lines.write("started\n")
    if file.read_text(encoding="utf-8").count("started") > 1:
        return
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        stopping()
        time.sleep(0.01)
