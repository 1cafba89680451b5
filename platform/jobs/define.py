"""How rooms declare jobs. No models: `<room>/jobs.py` may be imported while apps are loading."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

from django.db import transaction
from django_tasks.base import Task, TaskResult

from jobs.signal import enqueued

P = ParamSpec("P")
T = TypeVar("T")


class Stopped(Exception):
    """The runner is being shut down; the job starts over later and no attempt is counted."""


# Not slotted: a slotted dataclass is made twice, and `super()` would mean the first one.
@dataclass(frozen=True, kw_only=True)
class Job(Task[P, T]):
    """A task that is tried again. At-least-once: its function must be idempotent."""

    max_attempts: int = 5
    on_failed: Callable[..., None] | None = None

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]:
        """Queues the job in the caller's transaction: it exists if and only if that commits."""
        result = super().enqueue(*args, **kwargs)
        transaction.on_commit(enqueued.set)
        return result


def job(
    *, queue: str = "default", max_attempts: int = 5, on_failed: Callable[..., None] | None = None
) -> Callable[[Callable[P, T]], Job[P, T]]:
    """Makes a module-level function a job; call `.enqueue(…)` with values JSON knows.

    A failure is tried again after 2, 4, 8, … seconds until `max_attempts` have been made; then
    `on_failed` is called with the job's arguments, in the transaction that marks it failed.
    """

    def wrap(function: Callable[P, T]) -> Job[P, T]:
        return Job(func=function, queue_name=queue, max_attempts=max_attempts, on_failed=on_failed)

    return wrap


@dataclass(frozen=True)
class Periodic:
    name: str
    every: timedelta
    function: Callable[[], Any]
    alone: bool = False


PERIODIC: dict[str, Periodic] = {}


def periodic(*, every: timedelta, alone: bool = False) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Runs a function without arguments every so often, once however many runners there are.

    A missed run is not made up for: the function looks at what is due, not at when it last ran. `alone`: on a
    thread of its own, for what waits for machines elsewhere. A run that takes longer than `every` may overlap
    with the next one in another process.
    """

    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        name = f"{function.__module__}.{function.__qualname__}"
        PERIODIC[name] = Periodic(name, every, function, alone)
        return function

    return register


is_stopping: ContextVar[Callable[[], bool]] = ContextVar("is_stopping", default=lambda: False)


def stopping() -> None:
    """To be called between the chunks of a long job. Raises `Stopped` when the runner is shutting down."""
    if is_stopping.get()():
        raise Stopped()
