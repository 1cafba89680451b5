"""Gives committed events their place in the order. Any process may; one at a time does.

Ids are drawn before commit, so a lower id may become visible later. Positions are drawn from what is
already committed, under a lock: whoever has read up to a position never misses anything behind it.
"""

from django.db import transaction
from django.db.backends.utils import CursorWrapper

from kernel import hot
from kernel.db import is_postgres

BATCH = 500
_LOCK = 0x7E5C0001

_ANY = "SELECT 1 FROM events_eventaudience WHERE position IS NULL LIMIT 1"
_PENDING = """
    SELECT DISTINCT event_id FROM events_eventaudience WHERE position IS NULL ORDER BY event_id LIMIT %s
"""
_PLACE = f"""
    WITH pending AS ({_PENDING}),
    placed AS (
        SELECT event_id, row_number() OVER (ORDER BY event_id)
            + (SELECT COALESCE(MAX(position), 0) FROM events_position) AS position
        FROM pending
    ),
    written AS (INSERT INTO events_position (position, event_id) SELECT position, event_id FROM placed),
    told AS (
        UPDATE events_eventaudience AS audience SET position = placed.position
        FROM placed WHERE audience.event_id = placed.event_id
    )
    SELECT COUNT(*) FROM placed
"""


def dispatch_once() -> int:
    """Places up to 500 events and returns how many; 0 when there are none or another process is at it."""
    # Looked at without the lock: an idle dispatcher must not take SQLite's only write lock.
    with hot.cursor() as cursor:
        cursor.execute(_ANY)
        if cursor.fetchone() is None:
            return 0
    with transaction.atomic(), hot.cursor() as cursor:
        return _place_on_postgres(cursor) if is_postgres() else _place_on_sqlite(cursor)


def _place_on_postgres(cursor: CursorWrapper) -> int:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
    if not cursor.fetchone()[0]:
        return 0
    # A statement of its own: its snapshot must be younger than the lock.
    cursor.execute(_PLACE, [BATCH])
    return int(cursor.fetchone()[0])


def _place_on_sqlite(cursor: CursorWrapper) -> int:
    cursor.execute(_PENDING, [BATCH])
    pending_ids = [row[0] for row in cursor.fetchall()]
    cursor.execute("SELECT COALESCE(MAX(position), 0) FROM events_position")
    first = cursor.fetchone()[0] + 1
    placed = list(enumerate(pending_ids, start=first))
    cursor.executemany("INSERT INTO events_position (position, event_id) VALUES (%s, %s)", placed)
    cursor.executemany("UPDATE events_eventaudience SET position = %s WHERE event_id = %s", placed)
    return len(placed)
