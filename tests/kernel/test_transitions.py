"""Machines under races, refreshes and changes of many rows, on both databases."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from kernel.transitions import mermaid, move_many
from tests.kernel.machines import Door
from tests.threads import in_threads

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _table(transactional_db: None) -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Door)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Door)


def test_of_two_racing_transitions_the_second_raises() -> None:
    first = Door.objects.create()
    second = Door.objects.get(pk=first.pk)
    first.shut()
    second.lock()
    in_threads(lambda: first.save(update_fields=["state"]))
    with pytest.raises(ConcurrentTransition), transaction.atomic():
        second.save(update_fields=["state"])
    assert Door.objects.get(pk=first.pk).state == "shut"


def test_state_cannot_be_set_by_hand() -> None:
    door = Door.objects.create()
    with pytest.raises(AttributeError):
        door.state = "locked"


def test_protection_holds_while_another_thread_refreshes() -> None:
    """The library lifts the protection for all threads; here the window must not exist."""
    door = Door.objects.create()
    pk, stop, broken = door.pk, threading.Event(), []

    def try_to_break() -> None:
        other = Door(weight=2)
        while not stop.is_set():
            try:
                other.state = "locked"
                broken.append(True)
            except AttributeError:
                pass

    thread = threading.Thread(target=try_to_break)
    thread.start()
    for _ in range(200):
        door.refresh_from_db()
    stop.set()
    thread.join(10)
    assert not broken
    assert Door.objects.get(pk=pk).state == "open"


def test_protection_survives_a_refresh_of_a_row_that_is_gone() -> None:
    door = Door.objects.create()
    Door.objects.all().delete()
    with pytest.raises(Door.DoesNotExist):
        door.refresh_from_db()
    assert door.state == "open"
    with pytest.raises(AttributeError):
        door.state = "locked"


def test_refresh_reads_the_state_of_the_row() -> None:
    door = Door.objects.create()
    other = Door.objects.get(pk=door.pk)
    other.lock()
    other.save()
    door.refresh_from_db()
    assert door.state == "locked"
    with pytest.raises(TransitionNotAllowed):
        door.lock()
    door.unlock()
    door.save()
    assert Door.objects.get(pk=door.pk).state == "open"


def test_refresh_of_another_column_keeps_a_transition_that_is_not_saved_yet() -> None:
    door = Door.objects.create()
    door.shut()
    door.refresh_from_db(fields=["note"])
    assert door.state == "shut"
    door.save(update_fields=["state"])
    assert Door.objects.get(pk=door.pk).state == "shut"


def test_a_deferred_state_is_loaded() -> None:
    Door.objects.create()
    with CaptureQueriesContext(connection) as queries:
        door = Door.objects.defer("state").get()
    assert len(queries) == 1
    assert door.state == "open"
    door = Door.objects.only("note").get()
    door.note = "seen"
    door.save(update_fields=["note"])
    door.lock()
    door.save()
    assert Door.objects.get().state == "locked"


def test_a_transition_is_saved_with_its_state() -> None:
    door = Door.objects.create()
    door.shut()
    with pytest.raises(ValueError, match="update_fields"):
        door.save(update_fields=["note"])
    door.save(update_fields=["note", "state"])
    door.note = "x"
    door.save(update_fields=["note"])


def test_move_many_moves_sources_only_in_chunks() -> None:
    for _ in range(7):
        Door.objects.create()
    kept = Door.objects.create()
    kept.remove()
    kept.save()
    chunks: list[list[int]] = []
    moved = move_many(
        Door.objects.all(), "lock", record_chunk=chunks.append, set_fields={"note": "night"}, chunk=3
    )
    assert moved == 7
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    ids = [pk for chunk in chunks for pk in chunk]
    assert ids == sorted(ids)
    assert set(Door.objects.values_list("state", "note")) == {("locked", "night"), ("gone", "")}
    assert move_many(Door.objects.all(), "lock", record_chunk=chunks.append) == 0


def test_move_many_keeps_the_chunks_before_a_failure() -> None:
    for _ in range(4):
        Door.objects.create()
    chunks: list[list[int]] = []

    def record_chunk(ids: list[int]) -> None:
        if chunks:
            raise RuntimeError
        chunks.append(ids)

    with pytest.raises(RuntimeError):
        move_many(Door.objects.all(), "shut", record_chunk=record_chunk, chunk=2)
    assert list(Door.objects.order_by("pk").values_list("state", flat=True)) == [
        "shut",
        "shut",
        "open",
        "open",
    ]


def test_move_many_refuses_what_it_cannot_check() -> None:
    with pytest.raises(ValueError, match="conditions"):
        move_many(Door.objects.all(), "carry", record_chunk=lambda ids: None)
    with pytest.raises(ValueError, match="target"):
        move_many(Door.objects.all(), "unlock", record_chunk=lambda ids: None)
    light = Door.objects.filter(weight__lt=10)
    assert move_many(light, "carry", record_chunk=lambda ids: None, conditions_hold=True) == 0


def test_move_many_from_any_other_state_ends() -> None:
    Door.objects.create()
    assert move_many(Door.objects.all(), "remove", record_chunk=lambda ids: None) == 1
    assert move_many(Door.objects.all(), "remove", record_chunk=lambda ids: None) == 0


@pytest.mark.postgres
@pytest.mark.parametrize(("wait", "expected"), [(False, 1), (True, 2)])
def test_move_many_and_a_row_somebody_holds(wait: bool, expected: int) -> None:
    held, _free = Door.objects.create(), Door.objects.create()
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Door.objects.select_for_update().get(pk=held.pk)
            locked.set()
            done.wait(1 if wait else 20)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert locked.wait(20)
    assert move_many(Door.objects.all(), "lock", record_chunk=lambda ids: None, wait=wait) == expected
    done.set()
    thread.join(20)


def test_the_picture_is_complete_and_always_the_same() -> None:
    assert mermaid(Door) == mermaid(Door)
    assert mermaid(Door).splitlines() == [
        "stateDiagram-v2",
        "    [*] --> open",
        "    open --> shut: shut",
        "    open --> locked: lock",
        "    open --> gone: remove",
        "    shut --> open: reopen",
        "    shut --> locked: lock",
        "    shut --> gone: carry",
        "    shut --> gone: remove",
        "    locked --> open: unlock",
        "    locked --> shut: unlock",
        "    locked --> gone: remove",
        "    gone --> [*]",
    ]
