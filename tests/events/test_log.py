"""Writing to the log, and giving positions to what was written."""

import threading
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from events import queries, record, register, registry
from events.dispatcher import dispatch_once
from events.models import Event, EventAudience, Position
from events.registry import UnknownEvent, UnknownKey
from tests.threads import in_threads

register("test.happened", {"thing", "things"})

pytestmark = pytest.mark.both


def happen(*topics: str, **payload: Any) -> int:
    with transaction.atomic():
        return record("test.happened", topics=topics or ["test.1"], actor=7, **payload)


def dispatch_all() -> int:
    count = 0
    while placed := dispatch_once():
        count += placed
    return count


@pytest.mark.django_db
def test_record_keeps_event_and_audience() -> None:
    event_id = record(
        "test.happened", topics=["test.2", "test.1", "test.2"], actor=7, reason="late", thing=3, after="open"
    )
    event = Event.objects.get(pk=event_id)
    assert (event.name, event.actor_id, event.reason) == ("test.happened", 7, "late")
    assert event.payload == {"thing": 3, "after": "open"}
    assert sorted(event.audience.values_list("topic", flat=True)) == ["test.1", "test.2"]


@pytest.mark.django_db(transaction=True)
def test_record_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError):
        record("test.happened", topics=["test.1"], actor=None)


@pytest.mark.django_db(transaction=True)
def test_record_vanishes_with_its_transaction() -> None:
    with transaction.atomic():
        record("test.happened", topics=["test.1"], actor=None)
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not EventAudience.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "topics", "payload", "error"),
    [
        ("test.unheard_of", ["test.1"], {}, UnknownEvent),
        ("test.happened", ["test.1"], {"secret": 1}, UnknownKey),
        ("test.happened", [], {}, ValueError),
        ("test.happened", ["Test.1"], {}, ValueError),
        ("test.happened", ["test"], {}, ValueError),
        ("test.happened", ["test." + "1" * 80], {}, ValueError),
    ],
)
def test_record_refuses_mistakes(
    name: str, topics: list[str], payload: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        record(name, topics=topics, actor=None, **payload)


def test_register_refuses_a_second_schema() -> None:
    register("test.happened", {"thing", "things"})
    with pytest.raises(ValueError, match="registered twice"):
        register("test.happened", {"other"})
    assert {"before", "after"} <= registry.EVENTS["test.happened"]


@pytest.mark.django_db(transaction=True)
def test_dispatch_gives_dense_positions_in_id_order() -> None:
    ids = [happen(f"test.{number % 3}", thing=number) for number in range(7)]
    assert dispatch_all() == 7
    assert list(Position.objects.order_by("position").values_list("position", "event_id")) == list(
        enumerate(ids, start=1)
    )
    assert dispatch_once() == 0
    assert queries.head() == 7
    assert queries.last_position(["test.0"]) == 7
    assert queries.last_position(["test.1", "test.2"]) == 6
    assert queries.last_position(["test.99"]) == 0
    assert queries.last_position([]) == 0


@pytest.mark.django_db(transaction=True)
def test_since_shows_each_event_once_and_only_to_its_audience() -> None:
    happen("test.1", "test.2", thing=1)
    happen("test.3", thing=2)
    happen("test.2", thing=3)
    assert queries.since({"test.1", "test.2"}, 0, 10) == []
    dispatch_all()
    rows = queries.since({"test.1", "test.2"}, 0, 10)
    assert [(row.position, row.payload["thing"], row.topics) for row in rows] == [
        (1, 1, ("test.1", "test.2")),
        (3, 3, ("test.2",)),
    ]
    assert [row.position for row in queries.since({"test.1", "test.2"}, 1, 10)] == [3]
    assert [row.position for row in queries.since({"test.1", "test.2"}, 0, 1)] == [1]
    assert [row.position for row in queries.after(1, 10)] == [2, 3]
    assert queries.changes(1, 10) == [(2, "test.happened", "test.3"), (3, "test.happened", "test.2")]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_late_commit_of_a_lower_id_gets_a_later_position() -> None:
    written, may_commit = threading.Event(), threading.Event()
    lower: list[int] = []

    def slow() -> None:
        with transaction.atomic():
            lower.append(record("test.happened", topics=["test.1"], actor=None, thing=1))
            written.set()
            assert may_commit.wait(20)

    def quick() -> None:
        assert written.wait(20)
        higher = happen("test.1", thing=2)
        assert higher > lower[0]
        assert dispatch_once() == 1
        seen = queries.since({"test.1"}, 0, 10)
        assert [row.payload["thing"] for row in seen] == [2]
        may_commit.set()

    in_threads(slow, quick)
    assert dispatch_once() == 1
    # Whoever had read up to the first one gets the late one next.
    assert [row.payload["thing"] for row in queries.since({"test.1"}, 1, 10)] == [1]


@pytest.mark.django_db(transaction=True)
def test_racing_writers_and_dispatchers_lose_and_double_nothing() -> None:
    """A reader that only ever moves on from its last position sees every committed event exactly once."""
    writers_left = threading.Semaphore(0)
    seen: list[int] = []

    def write(writer: int) -> None:
        for number in range(15):
            happen("test.1", f"test.w{writer}", thing=writer * 100 + number)
        writers_left.release()

    def dispatch() -> None:
        while len(seen) < 60:
            dispatch_once()

    def read() -> None:
        position = 0
        while len(seen) < 60:
            for row in queries.since({"test.1"}, position, 5):
                position = row.position
                seen.append(row.payload["thing"])

    in_threads(*(partial(write, writer) for writer in range(4)), dispatch, dispatch, read)
    assert len(seen) == len(set(seen)) == 60
    assert list(Position.objects.order_by("position").values_list("position", flat=True)) == list(
        range(1, 61)
    )
