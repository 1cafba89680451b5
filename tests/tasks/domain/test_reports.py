"""What cannot be done: said by the worker, answered or agreed with by a director, settled by the clock."""

from datetime import timedelta

import pytest

from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import batches, claim, draft, hold, release_answers, reports, review
from tasks.domain.reports import agree, answer_report, report_impossible
from tasks.errors import IllegalMove, Missing, RoleMissing
from tasks.models import Assignment, Batch, Report
from tasks.states import AssignmentState, BatchState, PauseReason, ReportReason, SlotState, TaskState
from tests.factories import Cast, make_freelancer
from tests.tasks.domain import world
from tests.tasks.domain.world import (
    DAY,
    HOUR,
    MINUTE,
    check_books,
    fresh,
    hand_in,
    handed_in,
    plain_batch,
    take,
)

pytestmark = pytest.mark.django_db
NO_PICTURE = ReportReason.WRONG_PICTURE


def reported(batch: Batch, worker: object, reason: str = NO_PICTURE, **more: object) -> Report:
    held = take(batch, worker)  # type: ignore[arg-type]
    return report_impossible(assignment_id=held.pk, reason=reason, by=worker, now=now(), **more)  # type: ignore[arg-type]


def test_a_report_keeps_slot_and_draft_and_stops_the_lease(cast: Cast) -> None:
    batch, at = plain_batch(cast, count=1, audience="crowd"), now()
    held = take(batch, cast.chie, at)
    draft.save_draft(assignment_id=held.pk, answer={"title": "半分"}, fence=0, by=cast.chie, now=at)
    made = report_impossible(
        assignment_id=held.pk, reason=NO_PICTURE, by=cast.chie, now=at, note=" 写真が別の商品です "
    )
    again = fresh(held)
    assert (again.state, again.lease_expires_at) == (AssignmentState.REPORTED, None)
    assert again.report_due_at == at + 2 * DAY
    assert again.draft == {"title": "半分"}
    assert (again.slot.state, again.task.state) == (SlotState.HELD, TaskState.CLAIMED)
    assert (made.reason, made.note, made.closed_at) == (NO_PICTURE, "写真が別の商品です", None)
    world.sweep(at + DAY)
    assert fresh(held).state == AssignmentState.REPORTED
    check_books(batch)


def test_text_typed_after_a_report_is_kept_beside(cast: Cast) -> None:
    made = reported(plain_batch(cast), cast.ben)
    with pytest.raises(IllegalMove):
        draft.save_draft(
            assignment_id=made.assignment_id, answer={"title": "x"}, fence=0, by=cast.ben, now=now()
        )
    assert made.assignment.alternatives.get().answer == {"title": "x"}


def test_an_answer_gives_the_task_back_with_a_whole_lease(cast: Cast) -> None:
    batch, at = plain_batch(cast, count=1), now()
    made = reported(batch, cast.ben)
    later = at + 5 * HOUR
    answer_report(report_id=made.pk, answer=" 2枚目の写真です ", by=cast.aya, now=later)
    held = fresh(made.assignment)
    assert (held.state, held.lease_expires_at, held.report_due_at) == ("claimed", later + HOUR, None)
    made.refresh_from_db()
    assert (made.answer, made.answered_by, made.closed_at) == ("2枚目の写真です", cast.aya, later)
    hand_in(held, at=later)
    assert fresh(held).state == AssignmentState.SUBMITTED
    check_books(batch)


def test_the_new_lease_ends_with_the_batch(cast: Cast) -> None:
    at = now()
    batch = plain_batch(cast, deadline=at + 3 * HOUR)
    made = reported(batch, cast.ben)
    answer_report(report_id=made.pk, answer="a", by=cast.aya, now=at + 150 * MINUTE)
    assert fresh(made.assignment).lease_expires_at == at + 3 * HOUR
    other = reported(batch, cast.ben)
    with pytest.raises(Conflict) as caught:
        answer_report(report_id=other.pk, answer="a", by=cast.aya, now=at + 4 * HOUR)
    assert caught.value.code == "deadline_passed"
    agree(report_id=other.pk, by=cast.aya, now=at + 4 * HOUR)
    assert fresh(other.assignment).state == AssignmentState.SETTLED


def test_agreeing_settles_the_slot_and_pays_the_share(cast: Cast) -> None:
    batch, at = plain_batch(cast, count=1, audience="crowd"), now()
    made = reported(batch, cast.chie)
    agree(report_id=made.pk, by=cast.aya, now=at)
    held = Assignment.objects.select_related("step", "slot", "task").get(pk=made.assignment_id)
    assert (held.state, held.use, held.decided_at) == (AssignmentState.SETTLED, "", at)
    assert (held.slot.state, held.task.state) == (SlotState.SETTLED, TaskState.DONE)
    assert reports.paid_share(held) == 30
    assert not release_answers.used(batch.pk).exists()
    batch.refresh_from_db()
    assert batch.state == BatchState.COMPLETED
    check_books(batch)


def test_the_clock_agrees_where_nobody_answers(cast: Cast) -> None:
    batch, at = plain_batch(cast, count=1), now()
    made = reported(batch, cast.ben)
    batches.close(batch_id=batch.pk, by=cast.aya, now=at)
    world.sweep(at + 2 * DAY + MINUTE)
    made.refresh_from_db()
    assert fresh(made.assignment).state == AssignmentState.SETTLED
    assert (made.answered_by, made.closed_at) == (None, at + 2 * DAY + MINUTE)
    batch.refresh_from_db()
    assert batch.state == BatchState.COMPLETED


def test_an_answered_task_can_be_reported_once_more(cast: Cast) -> None:
    made = reported(plain_batch(cast), cast.ben)
    answer_report(report_id=made.pk, answer="a", by=cast.aya, now=now())
    second = report_impossible(
        assignment_id=made.assignment_id, reason="other", by=cast.ben, now=now(), note="b"
    )
    agree(report_id=second.pk, by=cast.aya, now=now())
    assert Report.objects.filter(assignment=made.assignment_id).count() == 2


@pytest.mark.parametrize(("reason", "note", "field"), [("boring", "", "reason"), ("other", " ", "note")])
def test_a_report_has_a_known_reason(cast: Cast, reason: str, note: str, field: str) -> None:
    held = take(plain_batch(cast), cast.ben)
    with pytest.raises(Invalid) as caught:
        report_impossible(assignment_id=held.pk, reason=reason, note=note, by=cast.ben, now=now())
    assert [one.field for one in caught.value.fields] == [field]
    assert fresh(held).state == AssignmentState.CLAIMED


def test_who_may_report_and_who_may_answer(cast: Cast) -> None:
    batch = plain_batch(cast, audience="crowd")
    held = take(batch, cast.chie)
    for stranger in (cast.fumi, cast.aya, cast.gen):
        with pytest.raises(Missing):
            report_impossible(assignment_id=held.pk, reason=NO_PICTURE, by=stranger, now=now())
    made = report_impossible(assignment_id=held.pk, reason=NO_PICTURE, by=cast.chie, now=now())
    for who, error in (
        (cast.gen, Missing),
        (cast.fumi, Missing),
        (cast.dai, RoleMissing),
        (cast.chie, Missing),
    ):
        with pytest.raises(error):
            agree(report_id=made.pk, by=who, now=now())
        with pytest.raises(error):
            answer_report(report_id=made.pk, answer="a", by=who, now=now())
    with pytest.raises(Invalid):
        answer_report(report_id=made.pk, answer=" ", by=cast.aya, now=now())
    agree(report_id=made.pk, by=cast.aya, now=now())
    with pytest.raises(Conflict):
        agree(report_id=made.pk, by=cast.aya, now=now())


def test_only_a_held_task_can_be_reported(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    with pytest.raises(IllegalMove):
        report_impossible(assignment_id=answer.assignment_id, reason=NO_PICTURE, by=cast.ben, now=now())


def test_five_alike_pause_the_batch_and_it_can_go_on(cast: Cast) -> None:
    batch, at = plain_batch(cast, count=9, audience="crowd"), now()
    at_work = take(batch, cast.fumi, at)
    made = [reported(batch, cast.chie) for _ in range(4)]
    reported(batch, cast.chie, "source_missing")
    batch.refresh_from_db()
    assert batch.state == BatchState.OPEN
    made.append(reported(batch, make_freelancer("Hana", cast.company)))
    batch.refresh_from_db()
    assert (batch.state, batch.pause_reason) == (BatchState.PAUSED, PauseReason.IMPOSSIBLE)
    assert fresh(at_work).lease_remaining is not None
    # Answered while paused: the lease stands still with the others.
    answer_report(report_id=made[0].pk, answer="a", by=cast.aya, now=at)
    assert fresh(made[0].assignment).lease_remaining == timedelta(hours=1)
    agree(report_id=made[1].pk, by=cast.aya, now=at)
    batches.resume(batch_id=batch.pk, by=cast.aya, now=at + DAY)
    assert fresh(made[0].assignment).lease_expires_at == at + DAY + HOUR
    check_books(batch)


def test_a_director_who_goes_on_knows_of_the_first_five(cast: Cast) -> None:
    batch = plain_batch(cast, count=9, audience="crowd")
    for _ in range(5):
        reported(batch, cast.chie)
    batches.resume(batch_id=batch.pk, by=cast.aya, now=now())
    reported(batch, cast.chie)
    batch.refresh_from_db()
    assert batch.state == BatchState.OPEN


def test_reported_and_settled_tasks_count_for_the_cap(cast: Cast) -> None:
    batch = plain_batch(cast, audience="crowd", per_worker_cap=1)
    made = reported(batch, cast.chie)
    for _ in range(2):
        with pytest.raises(Conflict) as caught:
            take(batch, cast.chie)
        assert caught.value.code == "cap_reached"
        if not made.closed_at:
            made = agree(report_id=made.pk, by=cast.aya, now=now())


# Freeing a held task


def test_a_freed_task_is_on_offer_and_its_holder_keeps_the_draft(cast: Cast) -> None:
    batch, at = plain_batch(cast, count=2, audience="crowd"), now()
    held = take(batch, cast.chie, at)
    draft.save_draft(assignment_id=held.pk, answer={"title": "半分"}, fence=0, by=cast.chie, now=at)
    hold.free(assignment_id=held.pk, reason=" 急ぎです ", by=cast.aya, now=at)
    again = fresh(held)
    assert (again.state, again.slot.state) == (AssignmentState.RELEASED, SlotState.OPEN)
    assert (again.freed_by, again.freed_reason, again.draft) == (cast.aya, "急ぎです", {"title": "半分"})
    back = claim.claim_task(task_id=held.task_id, by=cast.chie, now=at)
    assert (back.draft, back.started_by) == ({"title": "半分"}, None)
    hold.free(assignment_id=back.pk, reason="a", by=cast.aya, now=at)
    late = hand_in(held, at=at)
    assert late.late
    review.approve(submission_id=late.pk, by=cast.dai, now=at)
    check_books(batch)


def test_who_may_free_and_what(cast: Cast) -> None:
    batch = plain_batch(cast, audience="crowd")
    held = take(batch, cast.chie)
    for who, error in (
        (cast.gen, Missing),
        (cast.fumi, Missing),
        (cast.dai, RoleMissing),
        (cast.chie, Missing),
    ):
        with pytest.raises(error):
            hold.free(assignment_id=held.pk, reason="a", by=who, now=now())
    for reason in (" ", "長" * 1001):
        with pytest.raises(Invalid):
            hold.free(assignment_id=held.pk, reason=reason, by=cast.aya, now=now())
    answer = hand_in(held)
    with pytest.raises(IllegalMove):
        hold.free(assignment_id=answer.assignment_id, reason="a", by=cast.aya, now=now())
