"""Reading the log by position."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from events.models import EventAudience, Position
from kernel import hot


@dataclass(frozen=True)
class EventRow:
    """One event at its place in the order. `topics` are all of its audience: never show them unfiltered."""

    position: int
    id: int
    name: str
    at: datetime
    actor: int | None
    reason: str
    payload: dict[str, Any]
    topics: tuple[str, ...]


def head() -> int:
    """The newest position; 0 in an empty log."""
    return int(Position.objects.aggregate(head=Max("position"))["head"] or 0)


def since(topics: Collection[str], position: int, limit: int) -> list[EventRow]:
    """The first `limit` events behind `position` that one of `topics` may hear of, oldest first."""
    heard = EventAudience.objects.filter(topic__in=topics, position__gt=position)
    places = heard.order_by("position").values_list("position", flat=True).distinct()[:limit]
    return _rows([place for place in places if place is not None])


def after(position: int, limit: int) -> list[EventRow]:
    """The first `limit` events behind `position`, whoever may hear of them, oldest first."""
    # Dense positions make a range as good as a limit, and cheaper.
    return _rows(range(position + 1, position + limit + 1))


_CHANGES = """
    SELECT p.position, e.name, a.topic FROM events_position p
    JOIN events_event e ON e.id = p.event_id JOIN events_eventaudience a ON a.event_id = e.id
    WHERE p.position BETWEEN %s AND %s ORDER BY p.position
"""


def changes(position: int, limit: int) -> list[tuple[int, str, str]]:
    """(position, event name, topic) of the first `limit` events behind `position`, in one query."""
    with hot.cursor() as cursor:
        cursor.execute(_CHANGES, [position + 1, position + limit])
        rows: list[tuple[int, str, str]] = cursor.fetchall()
    return rows


def last_position(topics: Iterable[str]) -> int:
    """The newest position any of `topics` has heard of, 0 for none: one index probe per topic."""
    wanted = sorted(set(topics))
    if not wanted:
        return 0
    probe = "SELECT MAX(position) AS p FROM events_eventaudience WHERE topic = %s"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MAX(p) FROM ({' UNION ALL '.join([probe] * len(wanted))}) probes", wanted)
        return int(cursor.fetchone()[0] or 0)


def _rows(places: Collection[int]) -> list[EventRow]:
    if not places:
        return []
    wanted = (
        {"position__range": (places[0], places[-1])}
        if isinstance(places, range)
        else {"position__in": places}
    )
    found = Position.objects.filter(**wanted).select_related("event").order_by("position")
    placed = list(found)
    topics: dict[int, list[str]] = {}
    audience = EventAudience.objects.filter(event_id__in=[place.event_id for place in placed])
    for event_id, topic in audience.values_list("event_id", "topic"):
        topics.setdefault(event_id, []).append(topic)
    return [_row(place, topics.get(place.event_id, [])) for place in placed]


def _row(place: Position, topics: list[str]) -> EventRow:
    event = place.event
    return EventRow(
        position=place.position,
        id=event.pk,
        name=event.name,
        at=event.at,
        actor=event.actor_id,
        reason=event.reason,
        payload=event.payload,
        topics=tuple(sorted(topics)),
    )
