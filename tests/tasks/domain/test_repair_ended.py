"""The wrong manual is noticed when the batch has ended: it is opened again, for the affected tasks alone."""

from datetime import timedelta
from typing import Any

import pytest

from events.models import Event
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import batches, claim, hold, repair, repair_scope, reports, review, undo
from tasks.errors import IllegalMove, Missing, RoleMissing
from tasks.models import Assignment, Batch, Repair, Slot, Step, Task
from tasks.states import AssignmentState, BatchState, SlotState, TaskState, Use
from tests.factories import Cast
from tests.tasks.domain import world
from tests.tasks.domain.test_repair import MANUAL, NOTE, counted, mend, stricter
from tests.tasks.domain.world import (
    DAY,
    HOUR,
    check_books,
    fresh,
    hand_in,
    handed_in,
    plain_batch,
    step_of,
    take,
)

pytestmark = [pytest.mark.both, pytest.mark.django_db]


def close(batch: Batch, cast: Cast) -> None:
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    run_pending()
    check_books(batch)


def current(batch: Batch) -> Batch:
    return Batch.objects.get(pk=batch.pk)


def approved(batch: Batch, cast: Cast) -> Assignment:
    found = handed_in(batch, cast.chie)
    review.approve(submission_id=found.pk, by=cast.dai, now=now())
    return fresh(found)


def test_a_closed_batch_opens_again_for_what_was_received(cast: Cast) -> None:
    batch = plain_batch(cast, count=8, audience="crowd", reward=100)
    used, waits = approved(batch, cast), handed_in(batch, cast.fumi)
    held = take(batch, cast.chie)
    close(batch, cast)
    assert counted(batch) == {"done": 1, "in_review": 1, "claimed": 1, "cancelled": 5}
    plan = repair_scope.plan(step_of(batch))
    done = mend(batch, cast)
    assert (plan.paid, plan.kept, plan.tasks, plan.held) == (done.paid, 1, done.reopened, 1)
    assert (done.state, done.ended_before, done.paid, done.reopened) == ("done", "closed", 1, 2)
    again = current(batch)
    assert (again.state, again.pause_reason, again.ended_at, again.paused_at) == ("open", "", None, None)
    # What nobody had taken stays withdrawn; work in hand goes on with the corrected manual.
    assert counted(batch) == {"open": 2, "claimed": 1, "cancelled": 5}
    assert fresh(held).template_version == done.after
    assert {fresh(one).set_aside for one in (used, waits)} == {True}
    offered = {take(batch, cast.fumi).task_id, take(batch, cast.fumi).task_id}
    assert offered == {used.task_id, waits.assignment.task_id}
    with pytest.raises(Conflict) as nothing:
        take(batch, cast.fumi)
    assert nothing.value.code == "nothing_left"


def test_a_completed_batch_opens_again_and_is_completed_once_more(cast: Cast) -> None:
    batch = plain_batch(cast, count=2, reward=10)
    for _ in range(2):
        review.approve(submission_id=handed_in(batch, cast.ben).pk, by=cast.dai, now=now())
    assert current(batch).state == BatchState.COMPLETED
    done = mend(batch, cast)
    assert (done.ended_before, done.paid, done.reopened) == ("completed", 0, 2)
    assert current(batch).state == BatchState.OPEN
    for _ in range(2):
        review.approve(submission_id=handed_in(batch, cast.ben).pk, by=cast.dai, now=now())
    assert (current(batch).state, counted(batch)) == (BatchState.COMPLETED, {"done": 2})
    check_books(batch)
    names = list(
        Event.objects.filter(name__startswith="batch.").order_by("pk").values_list("name", flat=True)
    )
    assert [name for name in names if name in ("batch.completed", "batch.reopened")] == [
        "batch.completed",
        "batch.reopened",
        "batch.completed",
    ]


def test_a_deadline_that_is_over_needs_a_new_one(cast: Cast) -> None:
    deadline = now() + 2 * HOUR
    batch = plain_batch(cast, count=3, deadline=deadline)
    handed_in(batch, cast.ben)
    later = deadline + HOUR
    world.sweep(later)
    run_pending()
    assert current(batch).state == BatchState.CLOSED
    start: dict[str, Any] = {
        "batch_id": batch.pk, "scope": "all", "note": NOTE, "by": cast.aya, "now": later, **MANUAL
    }  # fmt: skip
    for wrong, code in ((None, "required"), (later, "out_of_range"), (later - DAY, "out_of_range")):
        with pytest.raises(Invalid) as refused:
            repair.start(**start, deadline=wrong)
        assert [(one.field, one.code) for one in refused.value.fields] == [("deadline", code)]
    assert current(batch).state == BatchState.CLOSED
    repair.start(**start, deadline=later + 3 * DAY)
    run_pending()
    world.sweep(later + 2 * DAY)
    again = current(batch)
    assert (again.state, again.deadline) == (BatchState.OPEN, later + 3 * DAY)
    assert take(batch, cast.ben, later + 2 * DAY).task_id
    world.sweep(later + 3 * DAY)
    run_pending()
    assert current(batch).state in (BatchState.CLOSED, BatchState.COMPLETED)
    assert Event.objects.filter(name="batch.closed", reason="deadline").count() == 2
    check_books(batch)


def test_a_running_batch_can_get_more_time_but_not_less(cast: Cast) -> None:
    deadline = now() + DAY
    batch = plain_batch(cast, count=3, deadline=deadline)
    held = take(batch, cast.ben)
    with pytest.raises(Invalid) as refused:
        mend(batch, cast, deadline=deadline - HOUR, **MANUAL)
    assert [one.code for one in refused.value.fields] == ["earlier"]
    with pytest.raises(Invalid):
        mend(plain_batch(cast), cast, deadline=deadline, **MANUAL)
    mend(batch, cast, deadline=deadline + DAY, **MANUAL)
    assert current(batch).deadline == deadline + DAY
    lease = fresh(held).lease_expires_at
    assert lease is not None
    assert lease <= deadline + DAY


def test_a_lifted_rejection_brings_its_cancelled_task_back(cast: Cast) -> None:
    batch = plain_batch(cast, count=4, audience="crowd", reward=100)
    before, after = handed_in(batch, cast.chie), handed_in(batch, cast.fumi)
    # Rejected while it ran: the task was offered again, and withdrawn when the batch closed.
    review.reject(submission_id=before.pk, reasons=["true"], by=cast.dai, now=now())
    close(batch, cast)
    review.reject(submission_id=after.pk, reasons=["true"], by=cast.dai, now=now())
    assert counted(batch) == {"cancelled": 4}
    assert current(batch).state == BatchState.COMPLETED or world.sweep(now())
    plan = repair_scope.plan(step_of(batch))
    done = mend(batch, cast)
    assert (plan.rejected, plan.paid, plan.tasks, plan.cost) == (2, done.paid, done.reopened, 200)
    assert (done.paid, done.reopened) == (2, 2)
    assert counted(batch) == {"open": 2, "cancelled": 2}
    open_tasks = set(Task.objects.filter(batch=batch, state="open").values_list("pk", flat=True))
    assert open_tasks == {before.assignment.task_id, after.assignment.task_id}


def test_the_clocks_of_work_in_hand_stand_still_meanwhile(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    handed_in(batch, cast.ben)
    held = take(batch, cast.ben)
    reported = take(batch, cast.ben)
    reports.report_impossible(assignment_id=reported.pk, reason="manual_unclear", by=cast.ben, now=now())
    close(batch, cast)
    repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), **MANUAL)
    assert fresh(held).lease_expires_at is None
    assert current(batch).state == BatchState.PAUSED
    with pytest.raises(Conflict) as refused:
        take(batch, cast.ben)
    assert refused.value.code == "batch_paused"
    # Neither the sweep nor a job of the end comes between.
    world.sweep(now() + 20 * DAY)
    assert current(batch).state == BatchState.PAUSED
    run_pending()
    left = fresh(held).lease_expires_at
    assert left is not None
    assert abs(left - (held.lease_expires_at or left)) < timedelta(minutes=1)
    assert fresh(reported).state == AssignmentState.CLAIMED
    check_books(batch)


def test_where_nothing_has_to_be_done_again_it_ends_as_before(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    review.approve(submission_id=hand_in(take(batch, cast.ben), "十分に長い").pk, by=cast.dai, now=now())
    close(batch, cast)
    assert current(batch).state == BatchState.COMPLETED
    done = mend(batch, cast, scope="failing", version_id=stricter(cast))
    assert (done.state, done.reopened) == ("done", 0)
    assert current(batch).state == BatchState.COMPLETED
    assert counted(batch) == {"done": 1, "cancelled": 1}


def test_a_pilot_that_was_closed_is_over(cast: Cast) -> None:
    batch = plain_batch(cast, count=5, pilot_tasks=2)
    handed_in(batch, cast.ben)
    close(batch, cast)
    mend(batch, cast)
    assert step_of(batch).pilot_ended_at is not None
    assert counted(batch) == {"open": 1, "cancelled": 4}
    assert take(batch, cast.ben).pk


def test_what_ended_otherwise_is_refused(cast: Cast) -> None:
    good: dict[str, Any] = {"scope": "all", "note": NOTE, "now": now(), **MANUAL}
    cancelled = plain_batch(cast, count=1)
    batches.cancel(batch_id=cancelled.pk, by=cast.aya, now=now())
    with pytest.raises(IllegalMove):
        repair.start(batch_id=cancelled.pk, by=cast.aya, **good)
    empty = plain_batch(cast, count=1)
    close(empty, cast)
    with pytest.raises(Conflict) as nothing:
        repair.start(batch_id=empty.pk, by=cast.aya, **good)
    assert nothing.value.code == "nothing_received"
    ending = plain_batch(cast, count=2)
    handed_in(ending, cast.ben)
    batches.close(batch_id=ending.pk, by=cast.aya, now=now())
    with pytest.raises(Conflict) as busy:
        repair.start(batch_id=ending.pk, by=cast.aya, **good)
    assert busy.value.code == "batch_ending"
    run_pending()
    for who, error in ((cast.dai, RoleMissing), (cast.gen, Missing)):
        with pytest.raises(error):
            repair.start(batch_id=ending.pk, by=who, **good)
    assert current(ending).state == BatchState.CLOSED
    assert not Repair.objects.exists()


def test_one_that_broke_off_is_begun_again_and_ends_open(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    handed_in(batch, cast.ben)
    close(batch, cast)
    first = repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), **MANUAL)
    repair.give_up(repair_id=first.pk, now=now())
    run_pending()
    assert (current(batch).state, current(batch).pause_reason) == (BatchState.PAUSED, "manual")
    second = mend(batch, cast, version_id=first.after_id)
    assert (second.paused_before, second.ended_before, second.reopened) == ("", "closed", 1)
    assert current(batch).state == BatchState.OPEN


def test_a_running_batch_goes_on_after_a_second_try(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    handed_in(batch, cast.ben)
    version = None
    for _ in range(2):
        how = MANUAL if version is None else {"version_id": version}
        made = repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), **how)
        repair.give_up(repair_id=made.pk, now=now())
        version = made.after_id
    assert mend(batch, cast, version_id=version).paid == 1
    assert current(batch).state == BatchState.OPEN


def test_late_answers_and_undone_approvals_around_the_end_keep_the_books(cast: Cast) -> None:
    batch = plain_batch(cast, count=5, audience="crowd", reward=100)
    late, kept = take(batch, cast.chie), take(batch, cast.fumi)
    hold.release(assignment_id=late.pk, by=cast.chie, now=now())
    answer = handed_in(batch, cast.chie)
    close(batch, cast)
    surplus = hand_in(late)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    undo.undo_approval(submission_id=answer.pk, by=cast.dai, now=now())
    review.approve(submission_id=surplus.pk, by=cast.dai, now=now())
    review.accept(submission_id=surplus.pk, by=cast.dai, now=now())
    check_books(batch)
    done = mend(batch, cast)
    # The late answer was used, so its withdrawn task is one of those that are done again.
    assert fresh(surplus).use == Use.UNUSED
    assert Slot.objects.get(pk=late.slot_id).state == SlotState.OPEN
    assert (done.paid, done.reopened) == (1, 2)
    assert counted(batch) == {TaskState.OPEN: 2, TaskState.CLAIMED: 1, TaskState.CANCELLED: 2}
    hand_in(fresh(kept))
    assert claim.free_slots(Step.objects.select_related("batch").get(batch=batch), cast.chie).count() == 2
    check_books(batch)
