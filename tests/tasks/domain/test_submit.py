"""Handing in: once, again after changes, late, and with what the machine found."""

from typing import Any

import pytest

from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import batches, draft, hold, review
from tasks.domain.submit import submit
from tasks.errors import IllegalMove, Missing
from tasks.models import Assignment, Submission
from tasks.models.submission import SubmissionIsFrozen
from tasks.states import AssignmentState, SlotState, TaskState
from tests.factories import Cast, good_answer, make_batch
from tests.factories import hand_in as hand_in_copy
from tests.tasks.domain.world import DAY, TOO_LONG_FOR_A_CHECK, check_books, fresh, hand_in, plain_batch, take

pytestmark = pytest.mark.django_db


def test_an_answer_is_delivered_and_its_clock_starts(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    answer = hand_in(take(batch, cast.ben), "良い商品名", at=start)
    held = fresh(answer)
    assert answer.answer == {"title": "良い商品名"}
    assert (answer.number, answer.late) == (1, False)
    assert (held.state, held.slot.state, held.task.state) == (
        AssignmentState.SUBMITTED,
        SlotState.DELIVERED,
        TaskState.IN_REVIEW,
    )
    assert held.auto_approve_at == start + 7 * DAY
    assert (held.lease_expires_at, held.draft, held.fence) == (None, answer.answer, 1)
    check_books(batch)


def test_a_submission_never_changes(cast: Cast) -> None:
    answer = hand_in(take(plain_batch(cast), cast.ben))
    answer.answer = {}
    with pytest.raises(SubmissionIsFrozen):
        answer.save()


def test_handing_in_twice_makes_one_submission(cast: Cast) -> None:
    held = take(plain_batch(cast), cast.ben)
    first = hand_in(held)
    for fence in (0, 1):
        again = submit(
            assignment_id=held.pk, answer={"title": "良い商品名"}, fence=fence, by=cast.ben, now=now()
        )
        assert again == first
    assert Submission.objects.count() == 1


def test_another_answer_after_the_first_is_refused_and_kept(cast: Cast) -> None:
    held = take(plain_batch(cast), cast.ben)
    hand_in(held)
    with pytest.raises(IllegalMove):
        submit(assignment_id=held.pk, answer={"title": "別の商品名"}, fence=1, by=cast.ben, now=now())
    assert held.alternatives.get().answer == {"title": "別の商品名"}


def test_only_the_holder_hands_in(cast: Cast) -> None:
    held = take(plain_batch(cast), cast.ben)
    for other in (cast.aya, cast.dai, cast.chie):
        with pytest.raises(Missing):
            submit(assignment_id=held.pk, answer={"title": "x"}, fence=0, by=other, now=now())


def test_an_outdated_answer_is_kept_beside_the_draft(cast: Cast) -> None:
    held = take(plain_batch(cast), cast.ben)
    draft.save_draft(assignment_id=held.pk, answer={"title": "新"}, fence=0, by=cast.ben, now=now())
    with pytest.raises(draft.DraftOutdated):
        submit(assignment_id=held.pk, answer={"title": "旧"}, fence=0, by=cast.ben, now=now())
    assert fresh(held).state == AssignmentState.CLAIMED
    assert held.alternatives.get().answer == {"title": "旧"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [({}, "required"), ({"title": " "}, "required"), ({"title": "最安の品"}, "check_banned")],
)
def test_a_refused_answer_stays_as_draft(cast: Cast, answer: dict[str, str], code: str) -> None:
    batch = plain_batch(cast)
    held = take(batch, cast.ben)
    answer = {**answer, "note": "kept"}
    with pytest.raises(Invalid) as refused:
        submit(assignment_id=held.pk, answer=answer, fence=0, by=cast.ben, now=now())
    assert [(one.field, one.code) for one in refused.value.fields] == [("title", code)]
    assert refused.value.details["fence"] == fresh(held).fence == 1
    assert fresh(held).draft["note"] == "kept"
    assert fresh(held).state == AssignmentState.CLAIMED
    check_books(batch)


def test_a_check_that_only_warns_is_written_down(cast: Cast) -> None:
    answer = hand_in(take(plain_batch(cast), cast.ben), TOO_LONG_FOR_A_CHECK)
    found = {one["id"]: one["passed"] for one in answer.checks}
    # The last is what the shop itself takes at most.
    assert found == {"short": False, "words": True, "column-1-length": True}


def test_a_resubmission_has_the_next_number_and_a_full_clock(cast: Cast) -> None:
    batch = plain_batch(cast)
    first = hand_in(take(batch, cast.ben))
    review.request_changes(submission_id=first.pk, comments={"title": "?"}, by=cast.dai, now=now())
    start = now() + DAY
    second = hand_in(fresh(first), "もっと良い商品名", at=start)
    held = fresh(second)
    assert (second.number, held.state, held.resubmit_by) == (2, AssignmentState.SUBMITTED, None)
    assert (held.auto_approve_at, held.reminded) == (start + 7 * DAY, 0)
    check_books(batch)


def released(cast: Cast, **terms: Any) -> Assignment:
    held = take(plain_batch(cast, audience="crowd", **terms), cast.chie)
    return hold.release(assignment_id=held.pk, by=cast.chie, now=now())


def test_late_work_is_kept_as_surplus(cast: Cast) -> None:
    held = released(cast)
    answer = hand_in(held)
    assert answer.late
    assert (fresh(held).state, fresh(held).slot.state) == (AssignmentState.SURPLUS, SlotState.OPEN)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    assert (fresh(held).slot.state, fresh(held).use) == (SlotState.SETTLED, "used")


@pytest.mark.parametrize("end", [batches.close, batches.cancel])
def test_late_work_is_taken_until_seven_days_after_the_end(cast: Cast, end: object) -> None:
    first, second = released(cast), released(cast)
    ended = now()
    for held in (first, second):
        end(batch_id=held.batch_id, by=cast.aya, now=ended)  # type: ignore[operator]  # a function of the domain
    hand_in(first, at=ended + 7 * DAY)
    with pytest.raises(IllegalMove):
        hand_in(second, "遅すぎる", at=ended + 7 * DAY + DAY)
    assert fresh(second).draft == {"title": "遅すぎる"}


def test_late_work_waits_for_nobody_who_took_the_task_again(cast: Cast) -> None:
    held = released(cast, count=1)
    again = take(held.batch, cast.chie)
    assert again.task_id == held.task_id
    with pytest.raises(Conflict) as refused:
        hand_in(held, "前の受注で")
    assert refused.value.code == "already_on_task"
    assert fresh(held).draft == {"title": "前の受注で"}
    hand_in(again)
    check_books(held.batch)


def test_equal_titles_are_noticed_across_tasks_and_not_within_one(cast: Cast) -> None:
    batch = make_batch(cast, count=2)
    first = hand_in_copy(take(batch, cast.ben), good_answer(1))
    review.request_changes(submission_id=first.pk, comments={"title": "?"}, by=cast.dai, now=now())
    again = hand_in_copy(fresh(first), {**good_answer(1), "tags": "器,皿,陶器"})
    assert failed(first) == failed(again) == set()
    second = hand_in_copy(take(batch, cast.ben), {**good_answer(2), "title": good_answer(1)["title"].upper()})
    assert failed(second) == {"title-unique"}


def failed(answer: Submission) -> set[str]:
    return {one["id"] for one in answer.checks if not one["passed"]}
