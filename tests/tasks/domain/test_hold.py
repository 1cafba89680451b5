"""Keeping a hold: heartbeat, extend, release, expiry, and the clock that stands still in a pause."""

import pytest

from kernel.clock import now
from kernel.errors import Conflict
from tasks.domain import batches, hold
from tasks.errors import IllegalMove, Missing
from tasks.models import Assignment
from tasks.states import AssignmentState, SlotState, TaskState
from tests.factories import Cast
from tests.tasks.domain.world import DAY, HOUR, MINUTE, check_books, fresh, hand_in, plain_batch, take

pytestmark = pytest.mark.django_db

KEEP = [hold.heartbeat, hold.extend, hold.release]


@pytest.mark.parametrize("verb", KEEP)
def test_only_the_holder_keeps_or_gives_back(cast: Cast, verb: object) -> None:
    held = take(plain_batch(cast), cast.ben)
    for other in (cast.aya, cast.dai, cast.emi, cast.gen):
        with pytest.raises(Missing):
            verb(assignment_id=held.pk, by=other, now=now())  # type: ignore[operator]


@pytest.mark.parametrize("verb", KEEP)
def test_what_was_handed_in_is_neither_kept_nor_given_back(cast: Cast, verb: object) -> None:
    held = take(plain_batch(cast), cast.ben)
    hand_in(held)
    with pytest.raises(IllegalMove):
        verb(assignment_id=held.pk, by=cast.ben, now=now())  # type: ignore[operator]


def test_a_heartbeat_renews_the_lease_from_now(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    held = take(batch, cast.ben, start)
    assert held.lease_expires_at == start + HOUR
    hold.heartbeat(assignment_id=held.pk, by=cast.ben, now=start + 20 * MINUTE)
    assert fresh(held).lease_expires_at == start + 80 * MINUTE


def test_extend_adds_a_lease_up_to_four_from_now(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    held = take(batch, cast.ben, start)
    ends = []
    for _ in range(6):
        hold.extend(assignment_id=held.pk, by=cast.ben, now=start)
        ends.append(fresh(held).lease_expires_at)
    assert ends == [start + hours * HOUR for hours in (2, 3, 4, 4, 4, 4)]


def test_no_lease_is_longer_than_the_deadline(cast: Cast) -> None:
    start = now()
    batch = plain_batch(cast, deadline=start + 90 * MINUTE)
    held = take(batch, cast.ben, start + HOUR)
    assert held.lease_expires_at == start + 90 * MINUTE
    for verb in (hold.heartbeat, hold.extend):
        verb(assignment_id=held.pk, by=cast.ben, now=start + 80 * MINUTE)
        assert fresh(held).lease_expires_at == start + 90 * MINUTE


def test_release_offers_the_slot_again_and_keeps_the_draft(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    held = take(batch, cast.ben)
    hold.release(assignment_id=held.pk, by=cast.ben, now=now())
    held = fresh(held)
    assert (held.state, held.slot.state, held.task.state) == (
        AssignmentState.RELEASED,
        SlotState.OPEN,
        TaskState.OPEN,
    )
    assert held.ended_at is not None
    assert take(batch, cast.ben).task_id == held.task_id
    check_books(batch)


def test_a_lease_that_has_run_out_ends_the_hold(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    held = take(batch, cast.ben, start)
    assert hold.expire_due(now=start + 59 * MINUTE) == 0
    assert hold.expire_due(now=start + HOUR) == 1
    assert (fresh(held).state, fresh(held).task.state) == (AssignmentState.EXPIRED, TaskState.OPEN)
    assert hold.expire_due(now=start + 2 * HOUR) == 0
    check_books(batch)


@pytest.mark.parametrize("end", [batches.close, batches.cancel])
def test_a_slot_given_back_after_the_end_is_cancelled(cast: Cast, end: object) -> None:
    batch = plain_batch(cast, count=2)
    first, second = take(batch, cast.ben), take(batch, cast.ben)
    end(batch_id=batch.pk, by=cast.aya, now=now())  # type: ignore[operator]
    hold.release(assignment_id=first.pk, by=cast.ben, now=now())
    hold.expire_due(now=now() + DAY)
    assert {fresh(first).task.state, fresh(second).task.state} == {TaskState.CANCELLED}
    check_books(batch)


def test_the_clock_of_a_hold_stands_still_in_a_pause(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    held = take(batch, cast.ben, start)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=start + 20 * MINUTE)
    assert (fresh(held).lease_expires_at, fresh(held).lease_remaining) == (None, 40 * MINUTE)
    assert hold.expire_due(now=start + DAY) == 0
    hold.heartbeat(assignment_id=held.pk, by=cast.ben, now=start + DAY)
    with pytest.raises(Conflict) as refused:
        hold.extend(assignment_id=held.pk, by=cast.ben, now=start + DAY)
    assert refused.value.code == "batch_paused"
    batches.resume(batch_id=batch.pk, by=cast.aya, now=start + 2 * DAY)
    held = fresh(held)
    assert (held.lease_expires_at, held.lease_remaining) == (start + 2 * DAY + 40 * MINUTE, None)


def test_a_hold_can_be_handed_in_or_given_back_in_a_pause(cast: Cast) -> None:
    batch = plain_batch(cast)
    first, second = take(batch, cast.ben), take(batch, cast.ben)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=now())
    hand_in(first)
    hold.release(assignment_id=second.pk, by=cast.ben, now=now())
    assert fresh(first).state == AssignmentState.SUBMITTED
    assert fresh(second).slot.state == SlotState.OPEN
    batches.resume(batch_id=batch.pk, by=cast.aya, now=now())
    assert fresh(first).lease_expires_at is None
    check_books(batch)


def test_a_hold_taken_in_the_moment_of_the_pause_stops_when_its_clock_is_looked_at(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    held = take(batch, cast.ben, start)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=start)
    # What the race leaves: a running clock in a paused batch.
    Assignment.objects.filter(pk=held.pk).update(lease_expires_at=start + HOUR, lease_remaining=None)
    hold.expire_due(now=start + DAY)
    assert fresh(held).state == AssignmentState.CLAIMED
    assert (fresh(held).lease_expires_at, fresh(held).lease_remaining) == (None, HOUR)


def test_closing_a_paused_batch_lets_the_clocks_run_on(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    held = take(batch, cast.ben, start)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=start)
    batches.close(batch_id=batch.pk, by=cast.aya, now=start + DAY)
    assert fresh(held).lease_expires_at == start + DAY + HOUR
