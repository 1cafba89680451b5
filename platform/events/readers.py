"""Handlers of other rooms' events, each with its own cursor, so that none delays another.

A handler runs inside a transaction together with the move of its cursor, may see an event again after a
crash elsewhere, and therefore has to be idempotent. It only writes to the database: mail is sent by a job.
"""

import logging
import time
import traceback
from collections.abc import Callable
from datetime import timedelta

from django.db import OperationalError, transaction
from django.db.models import Q

from events import queries
from events.models import ParkedEvent, ReaderCursor
from events.queries import EventRow
from events.signal import dispatched
from kernel import clock
from kernel.loops import Loop

logger = logging.getLogger("tencho.events")
Handler = Callable[[EventRow], None]

BATCH = 50
# A transaction of a reader is no longer than this: others wait for SQLite's only write lock.
MAX_SECONDS = 0.2
MAX_TRIES = 5

_readers: dict[str, Handler] = {}


def reader(name: str) -> Callable[[Handler], Handler]:
    """Registers a handler that hears of every event, in order, starting with the oldest of all."""

    def register(handler: Handler) -> Handler:
        if _readers.setdefault(name, handler) is not handler:
            raise ValueError(f"reader {name} is registered twice")
        return handler

    return register


def run_readers() -> int:
    """Lets every reader handle one batch; returns how many events were handled or parked."""
    return sum(_run_reader(name, handler) for name, handler in _readers.items())


def _run_reader(name: str, handler: Handler) -> int:
    if not _has_news(name):
        return 0
    with transaction.atomic():
        due = Q(retry_at=None) | Q(retry_at__lte=clock.now())
        cursor = ReaderCursor.objects.select_for_update(skip_locked=True).filter(due, name=name).first()
        return _read_batch(cursor, handler) if cursor else 0


def _has_news(name: str) -> bool:
    cursor, _ = ReaderCursor.objects.get_or_create(name=name)
    return queries.head() > cursor.position


def _read_batch(cursor: ReaderCursor, handler: Handler) -> int:
    ends = time.monotonic() + MAX_SECONDS
    start = cursor.position
    for event in queries.after(cursor.position, BATCH):
        if not _handle(cursor, handler, event):
            break
        cursor.position, cursor.tries, cursor.retry_at = event.position, 0, None
        if time.monotonic() > ends:
            break
    cursor.save()
    return cursor.position - start


def _handle(cursor: ReaderCursor, handler: Handler, event: EventRow) -> bool:
    """Whether the reader is done with the event: it was handled, or it failed for the last time."""
    try:
        with transaction.atomic():
            handler(event)
    except OperationalError:
        # The database, not the event: the whole batch is repeated.
        raise
    except Exception:
        logger.exception("reader %s failed at event %s (%s)", cursor.name, event.position, event.name)
        return _failed(cursor, event, traceback.format_exc())
    return True


def _failed(cursor: ReaderCursor, event: EventRow, error: str) -> bool:
    cursor.tries += 1
    if cursor.tries < MAX_TRIES:
        cursor.retry_at = clock.now() + timedelta(seconds=2**cursor.tries)
        return False
    ParkedEvent.objects.create(
        reader=cursor.name, position=event.position, event_id=event.id, error=error, parked_at=clock.now()
    )
    return True


class ReaderThread(Loop):
    """Runs the readers wherever jobs are run."""

    def __init__(self) -> None:
        super().__init__("readers", interval=0.5, wake=dispatched)

    def step(self) -> bool:
        return run_readers() > 0
