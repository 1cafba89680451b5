"""Threads that do a small piece of work again and again, for as long as the process lives."""

import logging
import threading

from django.db import close_old_connections, connections

logger = logging.getLogger("tencho.loops")
MAX_BACKOFF = 5.0


class Loop(threading.Thread):
    """Calls `step` until `stop`; waits for `wake` or `interval` seconds when there was nothing to do.

    An error is logged, the thread's connections are dropped, and the loop goes on after a growing pause:
    a database that restarts must not end it.
    """

    def __init__(self, name: str, *, interval: float, wake: threading.Event | None = None) -> None:
        super().__init__(name=name, daemon=True)
        self.interval = interval
        self.wake = wake or threading.Event()
        self._stopped = threading.Event()

    def step(self) -> bool:
        """One short piece of work; True when there is more to do at once."""
        raise NotImplementedError

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """Asks the loop to end after the piece of work at hand; `join` waits for it."""
        self._stopped.set()
        self.wake.set()

    def run(self) -> None:
        failures = 0
        while not self.stopped:
            try:
                close_old_connections()
                # Cleared before looking: a call that arrives meanwhile is not lost.
                self.wake.clear()
                more = self.step()
                failures = 0
            except Exception:
                logger.exception("%s failed", self.name)
                connections.close_all()
                failures += 1
                more = False
            if not more and not self.stopped:
                self._rest(failures)
        connections.close_all()

    def _rest(self, failures: int) -> None:
        if failures:
            self._stopped.wait(min(MAX_BACKOFF, 0.1 * 2**failures))
        else:
            self.wake.wait(self.interval)
