"""Writing to the log. Plain SQL: this is part of every claim and every saved draft.

No models are imported, so that any room's modules may import `record` while apps are loading.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from events import registry
from events.signal import pending
from kernel import clock, hot
from kernel.db import is_postgres, require_atomic

TOPIC = re.compile(r"[a-z][a-z_]*(\.[a-z0-9_]+)+")
MAX_TOPIC = 80

_INSERT_EVENT = "INSERT INTO events_event (name, at, actor_id, reason, payload) VALUES (%s, %s, %s, %s, %s)"
# One statement, one round trip: the event and its audience.
_INSERT_BOTH = """
    WITH event AS (
        INSERT INTO events_event (name, at, actor_id, reason, payload)
        VALUES (%s, %s, %s, %s, %s::jsonb) RETURNING id
    )
    INSERT INTO events_eventaudience (event_id, topic)
    SELECT event.id, topic FROM event, unnest(%s::text[]) AS topic RETURNING event_id
"""


def record(name: str, *, topics: Iterable[str], actor: int | None, reason: str = "", **payload: Any) -> int:
    """Writes one event into the caller's transaction and returns its id.

    `topics` (at least one) are who may hear of it, `actor` is the user's id or None for the clock,
    the payload holds ids and codes only. Raises `TransactionManagementError` outside a transaction,
    `UnknownEvent`, `UnknownKey` or `ValueError`: all of them mistakes in the program.
    """
    require_atomic("recording an event")
    registry.check(name, payload)
    audience = _audience(name, topics)
    row = [name, clock.now(), actor, reason, json.dumps(payload, ensure_ascii=False)]
    event_id = _write_on_postgres(row, audience) if is_postgres() else _write_on_sqlite(row, audience)
    # Only a nudge: when it is lost, the dispatcher looks by itself a moment later.
    transaction.on_commit(pending.set)
    return event_id


def _audience(name: str, topics: Iterable[str]) -> list[str]:
    audience = sorted(set(topics))
    if not audience:
        raise ValueError(f"event {name} has no topics: nobody could hear of it")
    for topic in audience:
        if len(topic) > MAX_TOPIC or not TOPIC.fullmatch(topic):
            raise ValueError(f"{topic!r} is not a topic")
    return audience


def _write_on_postgres(row: list[Any], audience: list[str]) -> int:
    with hot.cursor() as cursor:
        cursor.execute(_INSERT_BOTH, [*row, audience])
        return int(cursor.fetchone()[0])


def _write_on_sqlite(row: list[Any], audience: list[str]) -> int:
    row[1] = connection.ops.adapt_datetimefield_value(row[1])
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_EVENT, row)
        event_id = int(cursor.lastrowid)
        cursor.executemany(
            "INSERT INTO events_eventaudience (event_id, topic) VALUES (%s, %s)",
            [(event_id, topic) for topic in audience],
        )
    return event_id
