"""Many people taking work at once over real connections: every slot once, nobody refused wrongly."""

import threading
from collections import Counter
from collections.abc import Sequence

import pytest
from django.db import connection

from accounts.models import User
from kernel.clock import now
from kernel.db import is_postgres
from kernel.errors import Conflict
from tasks.domain.claim import claim_next, free_slots
from tasks.models import Assignment, Batch, Slot, Task
from tasks.states import SlotState, TaskState
from tests.factories import Cast, make_cast, make_freelancer
from tests.tasks.domain.world import check_books, plain_batch, step_of
from tests.threads import in_threads

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]

CONNECTIONS = 8


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def crowd(cast: Cast, count: int) -> list[User]:
    return [make_freelancer(f"worker-{number}", cast.company) for number in range(count)]


def claim_until_refused(batch: Batch, people: Sequence[User], refused: Counter[str]) -> None:
    """One connection: its people take turns until each has been refused."""
    step, waiting = step_of(batch), list(people)
    while waiting:
        for person in list(waiting):
            try:
                claim_next(batch_id=batch.pk, by=person, now=now())
            except Conflict as conflict:
                refused[conflict.code] += 1
                waiting.remove(person)
                # Nothing is given back here, so what is free now was free at the refusal.
                false_alarm = conflict.code == "nothing_left" and free_slots(step, person).exists()
                assert not false_alarm


@pytest.mark.slow
@pytest.mark.parametrize(("tasks", "answers", "cap"), [(1000, 1, None), (334, 3, None), (200, 5, 8)])
def test_every_slot_is_taken_once(cast: Cast, tasks: int, answers: int, cap: int | None) -> None:
    people = crowd(cast, 200 if is_postgres() else 32)
    if not is_postgres() and cap:
        cap = 40
    batch = plain_batch(cast, count=tasks, answers_per_task=answers, audience="crowd", per_worker_cap=cap)
    refused: Counter[str] = Counter()
    shares = [people[number::CONNECTIONS] for number in range(CONNECTIONS)]
    in_threads(
        *(lambda share=share: claim_until_refused(batch, share, refused) for share in shares), seconds=110
    )

    assert not Slot.objects.filter(step__batch=batch, state=SlotState.OPEN).exists()
    held = list(Assignment.objects.filter(batch=batch).values_list("slot_id", "worker_id", "task_id"))
    assert len(held) == len({slot for slot, _worker, _task in held}) == tasks * answers
    assert len({(worker, task) for _slot, worker, task in held}) == len(held)
    if cap:
        assert max(Counter(worker for _slot, worker, _task in held).values()) <= cap
    assert set(refused) <= {"nothing_left", "cap_reached"}
    assert set(Task.objects.filter(batch=batch).values_list("state", flat=True)) == {TaskState.CLAIMED}
    check_books(batch)


def test_nine_who_ask_once_for_nine_slots_all_get_one(cast: Cast) -> None:
    people = crowd(cast, 9)
    for _round in range(8 if is_postgres() else 3):
        batch = plain_batch(cast, count=3, answers_per_task=3, audience="crowd")
        together = threading.Barrier(9)

        def ask(person: User, batch: Batch = batch, together: threading.Barrier = together) -> None:
            connection.ensure_connection()
            together.wait(30)
            claim_next(batch_id=batch.pk, by=person, now=now())

        in_threads(*(lambda person=person, ask=ask: ask(person) for person in people))
        assert Assignment.objects.filter(batch=batch).values("slot").distinct().count() == 9
        check_books(batch)


def test_a_double_click_takes_one_task_at_a_time_within_the_cap(cast: Cast) -> None:
    batch = plain_batch(cast, count=5, answers_per_task=2, audience="crowd", per_worker_cap=2)
    refused: Counter[str] = Counter()
    in_threads(*[lambda: claim_until_refused(batch, [cast.chie], refused)] * 4)
    tasks = Assignment.objects.filter(batch=batch).values_list("task_id", flat=True)
    assert len(tasks) == len(set(tasks)) == 2
    assert refused == {"cap_reached": 4}
    check_books(batch)
