"""Threads in tests: what they raise is raised again, and what they opened is closed."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db import connections

from kernel.http import pool


def in_threads(*functions: Callable[[], Any], seconds: float = 60) -> None:
    """Runs all at once, each on a thread and connection of its own; raises the first error of any."""
    errors: list[BaseException] = []

    def run(function: Callable[[], Any]) -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001  # raised again below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(function,), daemon=True) for function in functions]
    _finish(threads, seconds)
    if errors:
        raise errors[0]


def _finish(threads: Sequence[threading.Thread], seconds: float) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
        assert not thread.is_alive(), "a thread of this test does not end"


def release_http_threads() -> None:
    """Ends the bounded threads with their connections, so that the test's database can go."""
    count = settings.HTTP_THREADS
    together = threading.Barrier(count)

    def close() -> None:
        together.wait(20)
        connections.close_all()

    for done in [pool().submit(close) for _ in range(count)]:
        done.result(30)
    pool().shutdown()
    pool.cache_clear()
