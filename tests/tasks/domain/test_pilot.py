"""A pilot: the first tasks go ahead, the rest waits for a person's word."""

from datetime import timedelta
from typing import Any

import pytest

from events.models import Event
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid, NotAllowed
from tasks.domain import batches, claim, clocks, counts, pilot, review, waiting
from tasks.errors import Missing, RoleMissing
from tasks.models import Batch, Slot, Step, Task
from tasks.states import BatchState, SlotState, TaskState
from tests.factories import Cast
from tests.tasks.domain.world import check_books, handed_in, plain_batch, step_of, take
from tests.threads import in_threads

pytestmark = [pytest.mark.both, pytest.mark.django_db]


def states(batch: Batch) -> dict[str, int]:
    check_books(batch)
    return {state: n for state, n in counts.of_batch(batch.pk).items() if n}


def approve(batch: Batch, cast: Cast) -> None:
    review.approve(submission_id=handed_in(batch, cast.ben).pk, by=cast.dai, now=now())


def test_only_the_first_tasks_can_be_taken(cast: Cast) -> None:
    batch = plain_batch(cast, count=6, pilot_tasks=2, answers_per_task=2, audience="crowd")
    assert states(batch) == {TaskState.OPEN: 2, TaskState.WAITING: 4}
    taken = [take(batch, who) for who in (cast.chie, cast.chie, cast.fumi, cast.fumi)]
    assert sorted({held.task.position for held in taken}) == [1, 2]
    with pytest.raises(Conflict) as refused:
        take(batch, cast.chie)
    assert refused.value.code == "rest_waits"
    last = Task.objects.filter(batch=batch).latest("position")
    with pytest.raises(Conflict) as refused:
        claim.claim_task(task_id=last.pk, by=cast.chie, now=now())
    assert refused.value.code == "slot_taken"


def test_the_word_of_a_director_offers_the_rest(cast: Cast) -> None:
    batch = plain_batch(cast, count=5, pilot_tasks=2)
    for _ in range(2):
        approve(batch, cast)
    assert Batch.objects.get(pk=batch.pk).state == BatchState.OPEN
    pilot.go_on(batch_id=batch.pk, by=cast.aya, now=now())
    assert states(batch) == {TaskState.OPEN: 3, TaskState.DONE: 2}
    with pytest.raises(Conflict) as refused:
        pilot.go_on(batch_id=batch.pk, by=cast.aya, now=now())
    assert refused.value.code == "no_pilot"
    for _ in range(3):
        approve(batch, cast)
    assert Batch.objects.get(pk=batch.pk).state == BatchState.COMPLETED


def test_only_a_director_of_the_store_goes_on(cast: Cast) -> None:
    batch = plain_batch(cast, count=3, pilot_tasks=1)
    for who, error in ((cast.dai, RoleMissing), (cast.gen, Missing), (cast.chie, Missing)):
        with pytest.raises(error):
            pilot.go_on(batch_id=batch.pk, by=who, now=now())
    assert states(batch) == {TaskState.OPEN: 1, TaskState.WAITING: 2}


def test_the_directors_are_told_once_that_all_is_decided(cast: Cast) -> None:
    batch = plain_batch(cast, count=4, pilot_tasks=2)
    told = Event.objects.filter(name="batch.pilot_decided")
    approve(batch, cast)
    clocks.sweep(now=now())
    assert not told.exists()
    approve(batch, cast)
    clocks.sweep(now=now())
    clocks.sweep(now=now())
    assert [event.payload["batch"] for event in told] == [batch.pk]


def test_the_result_of_a_pilot(cast: Cast) -> None:
    batch = plain_batch(cast, count=9, pilot_tasks=4)
    approve(batch, cast)
    rejected = handed_in(batch, cast.ben)
    review.reject(submission_id=rejected.pk, reasons=["true"], by=cast.dai, now=now())
    back = handed_in(batch, cast.ben, at=now())
    review.request_changes(submission_id=back.pk, comments={"title": "?"}, by=cast.dai, now=now())
    found = pilot.result_of(step_of(batch))
    assert found is not None
    assert (found.tasks, found.decided, found.waiting) == (4, 1, 5)
    assert (found.approved, found.returned, found.rejected, found.reported) == (1, 1, 1, 0)
    assert (found.minutes, found.failing) == (1, [])


@pytest.mark.parametrize("verb", ["close", "cancel"])
def test_what_waits_is_withdrawn_with_the_rest(cast: Cast, verb: str) -> None:
    batch = plain_batch(cast, count=4, pilot_tasks=1)
    getattr(batches, verb)(batch_id=batch.pk, by=cast.aya, now=now())
    run_pending()
    assert states(batch) == {TaskState.CANCELLED: 4}


def test_a_batch_no_larger_than_its_pilot_has_none(cast: Cast) -> None:
    batch = plain_batch(cast, count=2, pilot_tasks=2)
    assert states(batch) == {TaskState.OPEN: 2}
    assert pilot.result_of(step_of(batch)) is None
    approve(batch, cast)
    approve(batch, cast)
    assert Batch.objects.get(pk=batch.pk).state == BatchState.COMPLETED


@pytest.mark.parametrize("size", [0, 1001])
def test_a_pilot_has_a_sensible_size(cast: Cast, size: int) -> None:
    with pytest.raises(Invalid) as refused:
        plain_batch(cast, count=1, pilot_tasks=size)
    assert refused.value.fields[0].field == "pilot_tasks"


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "CHUNK", 4)


@pytest.mark.usefixtures("small_chunks")
def test_a_large_pilot_is_set_up_while_the_batch_is_paused(cast: Cast) -> None:
    batch = plain_batch(cast, count=11, pilot_tasks=2)
    assert (batch.state, batch.pause_reason) == (BatchState.PAUSED, "pilot")
    with pytest.raises(Conflict) as refused:
        take(batch, cast.ben)
    assert refused.value.code == "batch_paused"
    for act in (batches.resume, pilot.go_on):
        with pytest.raises(Conflict) as refused:
            act(batch_id=batch.pk, by=cast.aya, now=now())
        assert refused.value.code in ("pilot_preparing", "no_pilot")
    run_pending()
    assert Batch.objects.get(pk=batch.pk).state == BatchState.OPEN
    assert states(batch) == {TaskState.OPEN: 2, TaskState.WAITING: 9}
    pilot.go_on(batch_id=batch.pk, by=cast.aya, now=now())
    assert states(batch) == {TaskState.OPEN: 6, TaskState.WAITING: 5}
    run_pending()
    assert states(batch) == {TaskState.OPEN: 11}


@pytest.mark.usefixtures("small_chunks")
def test_a_job_that_was_cut_off_goes_on(cast: Cast) -> None:
    batch = plain_batch(cast, count=11, pilot_tasks=2)
    assert pilot._wait_chunk(batch.pk, now())
    assert states(batch)[TaskState.WAITING] == 4
    pilot.set_up(batch_id=batch.pk, now=now())
    pilot.set_up(batch_id=batch.pk, now=now())
    assert states(batch) == {TaskState.OPEN: 2, TaskState.WAITING: 9}


def test_waiting_slots_follow_their_tasks(cast: Cast) -> None:
    batch = plain_batch(cast, count=3, pilot_tasks=1, answers_per_task=3)
    slots = Slot.objects.filter(step=step_of(batch))
    assert slots.filter(state=SlotState.WAITING).count() == 6
    assert Step.objects.get(batch=batch).pilot_ended_at is None


@pytest.mark.django_db(transaction=True)
def test_two_directors_go_on_once(cast: Cast) -> None:
    batch = plain_batch(cast, count=6, pilot_tasks=2)

    codes: list[str] = []

    def act() -> None:
        try:
            pilot.go_on(batch_id=batch.pk, by=cast.aya, now=now())
        except Conflict as refused:
            codes.append(refused.code)
        else:
            codes.append("offered")

    in_threads(act, act)
    assert sorted(codes) == ["no_pilot", "offered"]
    assert states(batch) == {TaskState.OPEN: 6}


def test_a_paused_batch_may_go_on_with_its_pilot(cast: Cast) -> None:
    batch = plain_batch(cast, count=3, pilot_tasks=1)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=now())
    pilot.go_on(batch_id=batch.pk, by=cast.aya, now=now())
    assert states(batch) == {TaskState.OPEN: 3}
    assert not clocks.sweep(now=now() + timedelta(days=1))["pilots"]


def test_the_terms_of_a_draft_take_a_pilot(cast: Cast) -> None:
    draft = plain_batch(cast, count=3, publish=False)
    changes: dict[str, Any] = {"pilot_tasks": 2}
    batches.change_batch(batch_id=draft.pk, changes=changes, by=cast.aya, now=now())
    batches.publish(batch_id=draft.pk, by=cast.aya, now=now())
    assert states(draft) == {TaskState.OPEN: 2, TaskState.WAITING: 1}
    with pytest.raises((Conflict, NotAllowed)):
        batches.change_batch(batch_id=draft.pk, changes={"pilot_tasks": None}, by=cast.aya, now=now())
