"""One attempt at a job: taking it, finishing it, giving it back. Every change is fenced by its runner."""

import logging
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from jobs.define import Job
from jobs.models import JobRun
from kernel import clock

logger = logging.getLogger("tencho.jobs")
MAX_ERROR = 10_000
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class Attempt:
    """A job taken by `runner`. `number` counts from 1."""

    result: DBTaskResult  # type: ignore[type-arg]  # generic only while its library is type-checked
    runner: str
    number: int


def take(runner: str, queues: Collection[str] = ()) -> Attempt | None:
    """The next job that is due, now taken by `runner`; None when there is none. No queues means all."""
    ready = DBTaskResult.objects.ready()
    if queues:
        ready = ready.filter(queue_name__in=queues)
    # Looked at without a lock: an idle runner must not take SQLite's only write lock.
    if not ready.exists():
        return None
    with transaction.atomic():
        result = ready.select_for_update(skip_locked=True).first()
        if result is None:
            return None
        result.claim(runner)
        now = clock.now()
        run, created = JobRun.objects.select_for_update().get_or_create(
            job_id=result.pk, defaults={"runner": runner, "heartbeat_at": now, "attempts": 1}
        )
        if not created:
            run.runner, run.heartbeat_at, run.attempts = runner, now, run.attempts + 1
            run.save()
        return Attempt(result, runner, run.attempts)


def succeed(attempt: Attempt, value: object) -> bool:
    """Marks the job done; False if it was meanwhile given to another runner."""
    with transaction.atomic():
        if not _owned(attempt):
            return False
        attempt.result.set_successful(value)
        JobRun.objects.filter(pk=attempt.result.pk).delete()
        return True


def put_back(attempt: Attempt) -> None:
    """Makes the job ready at once without counting the attempt: its runner is shutting down."""
    with transaction.atomic():
        if _owned(attempt):
            _make_ready(attempt.result, clock.now())
            JobRun.objects.filter(pk=attempt.result.pk).update(runner="", attempts=F("attempts") - 1)


def fail(attempt: Attempt, error: BaseException) -> None:
    """Counts the attempt: the job is tried again after 2, 4, 8, … seconds, or failed for good."""
    with transaction.atomic():
        if _owned(attempt):
            _next_or_failed(attempt, error, delay=timedelta(seconds=2**attempt.number))


def abandon(attempt: Attempt, error: BaseException) -> None:
    """Like `fail` for a job whose runner died; nothing is gained by waiting any longer."""
    with transaction.atomic():
        if _owned(attempt):
            _next_or_failed(attempt, error, delay=timedelta())


def _owned(attempt: Attempt) -> bool:
    """Whether the job still belongs to this attempt: after a long pause it may be another runner's."""
    mine = JobRun.objects.filter(pk=attempt.result.pk, runner=attempt.runner, attempts=attempt.number)
    return mine.select_for_update().exists()


def _next_or_failed(attempt: Attempt, error: BaseException, *, delay: timedelta) -> None:
    text = "".join(traceback.format_exception(error))[-MAX_ERROR:]
    JobRun.objects.filter(pk=attempt.result.pk).update(runner="", last_error=text)
    task = _task(attempt.result)
    if attempt.number < (task.max_attempts if task else MAX_ATTEMPTS):
        _make_ready(attempt.result, clock.now() + delay)
        return
    if task is not None and task.on_failed is not None:
        _tell(task.on_failed, attempt)
    attempt.result.set_failed(error)


def _tell(on_failed: Callable[..., None], attempt: Attempt) -> None:
    arguments = attempt.result.args_kwargs
    try:
        with transaction.atomic():
            on_failed(*arguments["args"], **arguments["kwargs"])
    except Exception:
        logger.exception("on_failed of job %s failed", attempt.result.task_path)


def _task(result: DBTaskResult) -> Job[..., object] | None:  # type: ignore[type-arg]
    """The job's function; None when this version of the program does not have it (another may)."""
    try:
        task = result.task
    except ImportError:
        return None
    return task if isinstance(task, Job) else None


def _make_ready(result: DBTaskResult, at: datetime) -> None:  # type: ignore[type-arg]
    result.status, result.run_after = TaskResultStatus.READY, at
    result.save(update_fields=["status", "run_after"])
