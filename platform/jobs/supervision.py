"""Noticing that a runner has died, and giving its jobs to another."""

import os
import socket
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta

from django_tasks_db.models import DBTaskResult

from jobs import attempts
from jobs.attempts import Attempt
from jobs.models import JobRun
from kernel import clock
from kernel.db import is_postgres
from kernel.loops import Loop

HEARTBEAT_EVERY = 3.0
DEAD_AFTER = timedelta(seconds=15)
# Two processes of one machine differ in the number; a restarted one with the same number in the mark.
Busy = Mapping[str, uuid.UUID]  # runner → the job it is at
_MARK = uuid.uuid4().hex[:8]


class RunnerDied(Exception):
    """The process running the job ended without finishing it."""


def runner_name(label: str) -> str:
    """host/process/mark/label: who runs a job, readable by `requeue_orphans`."""
    return f"{socket.gethostname()[:60]}/{os.getpid()}/{_MARK}/{label}"


def beat(busy: Busy) -> None:
    """Tells that these runners are alive and still at these jobs."""
    for runner, job_id in busy.items():
        JobRun.objects.filter(pk=job_id, runner=runner).update(heartbeat_at=clock.now())


def reap(busy: Busy) -> int:
    """Takes jobs from runners not heard of for 15 seconds, except those at work here; returns how many."""
    silent = JobRun.objects.exclude(runner="").filter(heartbeat_at__lt=clock.now() - DEAD_AFTER)
    return _abandon([run for run in silent if busy.get(run.runner) != run.job_id])


def requeue_orphans() -> int:
    """On SQLite all processes share one machine: jobs of ended ones are taken over without waiting."""
    if is_postgres():
        return 0
    return _abandon([run for run in JobRun.objects.exclude(runner="") if _is_gone(run.runner)])


def _is_gone(runner: str) -> bool:
    host, number, mark, *_label = runner.split("/")
    if host != socket.gethostname()[:60] or mark == _MARK:
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _abandon(runs: list[JobRun]) -> int:
    results = DBTaskResult.objects.in_bulk([run.job_id for run in runs])
    for run in runs:
        result = results.get(run.job_id)
        if result is None:
            run.delete()
        else:
            attempts.abandon(Attempt(result, run.runner, run.attempts), RunnerDied(run.runner))
    return len(runs)


class Heart(Loop):
    """One per process: beats for its runners and looks for dead ones elsewhere."""

    def __init__(self, busy: Callable[[], Busy]) -> None:
        super().__init__("heart", interval=HEARTBEAT_EVERY)
        self._busy = busy

    def step(self) -> bool:
        busy = self._busy()
        beat(busy)
        reap(busy)
        return False
