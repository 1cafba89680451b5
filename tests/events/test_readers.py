"""Handlers read every event in order, at their own pace."""

from datetime import timedelta

import pytest
from django.db import transaction

from events import readers, record, register
from events.dispatcher import dispatch_once
from events.models import ParkedEvent, ReaderCursor
from events.queries import EventRow
from events.readers import reader, run_readers
from kernel import clock

register("test.read", {"thing"})

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_other_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_readers", {})


def happen(*things: int) -> None:
    for thing in things:
        with transaction.atomic():
            record("test.read", topics=["test.1"], actor=None, thing=thing)
    while dispatch_once():
        pass


def drain() -> None:
    while run_readers():
        pass


def let_time_pass() -> None:
    ReaderCursor.objects.filter(retry_at__isnull=False).update(retry_at=clock.now() - timedelta(seconds=1))


def test_a_reader_hears_everything_once_and_in_order() -> None:
    heard: list[int] = []
    reader("test")(lambda event: heard.append(event.payload["thing"]))
    happen(*range(60))
    drain()
    happen(60)
    drain()
    assert heard == list(range(61))


def test_a_poison_event_is_parked_and_delays_nobody_else() -> None:
    heard: list[int] = []
    calm: list[int] = []

    def handle(event: EventRow) -> None:
        if event.payload["thing"] == 2:
            ReaderCursor.objects.create(name="written by a failing handler")
            raise RuntimeError("poison")
        heard.append(event.payload["thing"])

    reader("poisoned")(handle)
    reader("calm")(lambda event: calm.append(event.payload["thing"]))
    happen(1, 2, 3)
    drain()
    assert calm == [1, 2, 3]
    assert heard == [1]
    for _ in range(4):
        drain()
        assert heard == [1]
        let_time_pass()
        run_readers()
    drain()
    assert heard == [1, 3]
    parked = ParkedEvent.objects.get()
    assert (parked.reader, parked.position) == ("poisoned", 2)
    assert "poison" in parked.error
    assert not ReaderCursor.objects.filter(name="written by a failing handler").exists()


def test_a_reader_is_registered_once() -> None:
    reader("test")(lambda event: None)
    with pytest.raises(ValueError, match="twice"):
        reader("test")(lambda event: None)
