"""Running jobs: threads of the embedded server, or of `manage.py run_jobs`."""

import logging
import uuid
from collections.abc import Collection

from jobs import attempts
from jobs.attempts import Attempt
from jobs.define import Stopped, is_stopping
from jobs.signal import enqueued
from jobs.slots import periodic_threads
from jobs.supervision import Heart, requeue_orphans, runner_name
from kernel.loops import Loop

logger = logging.getLogger("tencho.jobs")
POLL = 0.5


def run_attempt(attempt: Attempt) -> None:
    """Runs a taken job to its end and writes down how it ended. Raises nothing of the job's own."""
    arguments = attempt.result.args_kwargs
    try:
        value = attempt.result.task.call(*arguments["args"], **arguments["kwargs"])
        attempts.succeed(attempt, value)
    except Stopped:
        attempts.put_back(attempt)
    except Exception as error:
        logger.exception("job %s failed, attempt %s", attempt.result.task_path, attempt.number)
        attempts.fail(attempt, error)


def run_pending(limit: int = 100, queues: Collection[str] = ()) -> int:
    """Runs up to `limit` jobs that are due, in this thread; returns how many."""
    for count in range(limit):
        attempt = attempts.take(runner_name("here"), queues)
        if attempt is None:
            return count
        run_attempt(attempt)
    return limit


class JobThread(Loop):
    """Takes and runs one job after the other."""

    def __init__(self, label: str, queues: Collection[str] = ()) -> None:
        super().__init__(label, interval=POLL, wake=enqueued)
        self.runner = runner_name(label)
        # The job at hand: its heart beats only as long as this thread is really at it.
        self.current: uuid.UUID | None = None
        self._queues = queues

    def run(self) -> None:
        is_stopping.set(lambda: self.stopped)
        super().run()

    def step(self) -> bool:
        attempt = attempts.take(self.runner, self._queues)
        if attempt is None:
            return False
        self.current = attempt.result.pk
        try:
            run_attempt(attempt)
        finally:
            self.current = None
        return True


class JobRunner:
    """All threads that jobs need in one process."""

    def __init__(self, threads: int = 1, queues: Collection[str] = ()) -> None:
        self._jobs = [JobThread(f"jobs-{number}", queues) for number in range(threads)]
        self._threads: list[Loop] = [Heart(self._busy), *periodic_threads(), *self._jobs]

    def start(self) -> None:
        requeue_orphans()
        for thread in self._threads:
            thread.start()

    def _busy(self) -> dict[str, uuid.UUID]:
        taken = [(thread.runner, thread.current) for thread in self._jobs]
        return {runner: job_id for runner, job_id in taken if job_id is not None}

    def stop(self, timeout: float = 10.0) -> None:
        """Ends after the chunk at hand; a job that takes longer than `timeout` seconds is reaped later."""
        for thread in self._threads[1:]:
            thread.stop()
        for thread in self._threads[1:]:
            thread.join(timeout)
        # The heart goes on beating while a job comes to its end.
        self._threads[0].stop()
        self._threads[0].join(timeout)
