"""Deciding: who may, when, what becomes of the answer, its slot, its task."""

from typing import Any

import pytest

from accounts.states import Role
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import batches, hold, review
from tasks.errors import IllegalMove, Missing, RoleMissing
from tasks.models import Assignment, Review
from tasks.rules import REJECTIONS_ALWAYS_ALLOWED
from tasks.states import AssignmentState, SlotState, TaskState, Use
from tests.factories import Cast, make_member
from tests.tasks.domain import world
from tests.tasks.domain.world import (
    DAY,
    HOUR,
    MINUTE,
    TOO_LONG_FOR_A_CHECK,
    check_books,
    fresh,
    hand_in,
    handed_in,
    plain_batch,
    take,
)

MORE: dict[str, dict[str, Any]] = {
    "request_changes": {"comments": {"title": "?"}},
    "reject": {"reasons": ["true"]},
}
VERBS = ["start_review", "stop_review", "approve", "request_changes", "reject", "accept"]

pytestmark = pytest.mark.django_db


def test_approve_uses_the_only_answer_of_a_task(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    answer = handed_in(batch, cast.ben)
    made = review.approve(submission_id=answer.pk, by=cast.dai, now=now(), note="thanks")
    held = fresh(answer)
    assert (held.state, held.use) == (AssignmentState.APPROVED, Use.USED)
    assert held.auto_approve_at is None
    assert held.task.state == TaskState.DONE
    assert (made.reviewer, made.own_work, made.note) == (cast.dai, False, "thanks")
    batch.refresh_from_db()
    assert batch.state == "completed"
    check_books(batch)


def test_approve_of_several_answers_leaves_the_choice_to_accept(cast: Cast) -> None:
    batch = plain_batch(cast, count=1, answers_per_task=2, audience="crowd")
    first, second = handed_in(batch, cast.chie), handed_in(batch, cast.fumi)
    review.approve(submission_id=first.pk, by=cast.dai, now=now())
    review.approve(submission_id=second.pk, by=cast.dai, now=now())
    assert {fresh(first).use, fresh(second).use} == {Use.UNUSED}
    review.accept(submission_id=first.pk, by=cast.aya, now=now())
    assert (fresh(first).use, fresh(second).use) == (Use.USED, Use.UNUSED)
    review.accept(submission_id=second.pk, by=cast.aya, now=now())
    assert (fresh(first).use, fresh(second).use) == (Use.UNUSED, Use.USED)
    with pytest.raises(IllegalMove):
        review.accept(submission_id=second.pk, by=cast.aya, now=now())
    check_books(batch)


@pytest.mark.parametrize(
    "verb", ["start_review", "stop_review", "approve", "request_changes", "reject", "accept"]
)
def test_only_the_desk_of_the_store_decides(cast: Cast, verb: str) -> None:
    answer = handed_in(plain_batch(cast, audience="crowd"), cast.chie)
    more = MORE.get(verb, {})
    decide = getattr(review, verb)
    for stranger in (cast.ben, cast.emi, cast.gen):
        with pytest.raises(Missing):
            decide(submission_id=answer.pk, by=stranger, now=now(), **more)
    with pytest.raises(RoleMissing):
        decide(submission_id=answer.pk, by=cast.chie, now=now(), **more)
    with pytest.raises(Missing):
        decide(submission_id=10**15, by=cast.dai, now=now(), **more)
    assert fresh(answer).state == AssignmentState.SUBMITTED


@pytest.mark.parametrize("verb", ["approve", "request_changes", "reject", "start_review"])
def test_a_decided_answer_is_not_decided_again(cast: Cast, verb: str) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    more = MORE.get(verb, {})
    with pytest.raises(IllegalMove):
        getattr(review, verb)(submission_id=answer.pk, by=cast.dai, now=now(), **more)
    assert Review.objects.filter(submission=answer).count() == 1


def test_an_older_submission_is_not_decided(cast: Cast) -> None:
    batch = plain_batch(cast)
    first = handed_in(batch, cast.ben)
    review.request_changes(submission_id=first.pk, comments={"title": "longer"}, by=cast.dai, now=now())
    second = hand_in(fresh(first), "もっと良い商品名")
    assert second.number == 2
    with pytest.raises(Conflict) as refused:
        review.approve(submission_id=first.pk, by=cast.dai, now=now())
    assert refused.value.code == "not_last_submission"
    review.approve(submission_id=second.pk, by=cast.dai, now=now())
    check_books(batch)


def test_nobody_reviews_their_own_work_but_the_director_of_a_shop_for_one(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.aya)
    for decide in (review.approve, review.start_review):
        with pytest.raises(review.OwnWork):
            decide(submission_id=answer.pk, by=cast.aya, now=now())
    cast.dai.memberships.update(until=now() - DAY)
    made = review.approve(submission_id=answer.pk, by=cast.aya, now=now())
    assert made.own_work


def test_a_reviewer_who_also_works_waits_for_somebody_else(cast: Cast) -> None:
    make_member(cast.dai, cast.store, Role.STAFF)
    answer = handed_in(plain_batch(cast), cast.dai)
    cast.aya.memberships.update(until=now() - DAY)
    with pytest.raises(review.OwnWork):
        review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    assert fresh(answer).state == AssignmentState.SUBMITTED


def test_a_review_is_leased_to_one_reviewer_for_ten_minutes(cast: Cast) -> None:
    answer, start = handed_in(plain_batch(cast), cast.ben), now()
    held = review.start_review(submission_id=answer.pk, by=cast.dai, now=start)
    assert (held.state, held.review_lease_until) == (AssignmentState.IN_REVIEW, start + review.REVIEW_LEASE)
    for decide in (review.start_review, review.approve):
        with pytest.raises(review.ReviewedByOther) as refused:
            decide(submission_id=answer.pk, by=cast.aya, now=start + MINUTE)
        assert refused.value.details["reviewer"] == "Dai"
    again = review.start_review(submission_id=answer.pk, by=cast.dai, now=start + MINUTE)
    assert again.review_lease_until == start + MINUTE + review.REVIEW_LEASE
    taken_over = review.start_review(submission_id=answer.pk, by=cast.aya, now=start + HOUR)
    assert taken_over.reviewer == cast.aya
    review.approve(submission_id=answer.pk, by=cast.aya, now=start + HOUR)


def test_stop_review_gives_back_only_ones_own_desk(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    review.start_review(submission_id=answer.pk, by=cast.dai, now=now())
    review.stop_review(submission_id=answer.pk, by=cast.aya, now=now())
    assert fresh(answer).state == AssignmentState.IN_REVIEW
    review.stop_review(submission_id=answer.pk, by=cast.dai, now=now())
    held = fresh(answer)
    assert (held.state, held.reviewer, held.review_lease_until) == (AssignmentState.SUBMITTED, None, None)


def test_changes_are_asked_for_at_most_twice(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    for round_ in (1, 2):
        start = now()
        made = review.request_changes(
            submission_id=answer.pk, comments={"title": " more ", "note": " "}, by=cast.dai, now=start
        )
        held = fresh(answer)
        assert (held.state, held.rounds) == (AssignmentState.CHANGES_REQUESTED, round_)
        assert held.resubmit_by == start + 3 * DAY
        assert held.auto_approve_at is None
        assert made.comments == {"title": "more"}
        answer = hand_in(held, f"第{round_}版")
    with pytest.raises(Conflict) as refused:
        review.request_changes(submission_id=answer.pk, comments={"title": "more"}, by=cast.dai, now=now())
    assert refused.value.code == "rounds_used_up"
    assert Assignment.objects.get(pk=answer.assignment_id).slot.state == SlotState.DELIVERED


@pytest.mark.parametrize(("comments", "note"), [({}, ""), ({"title": "  "}, " "), ({"price": "?"}, "note")])
def test_a_request_says_what_to_change_at_fields_that_exist(
    cast: Cast, comments: dict[str, str], note: str
) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    with pytest.raises(Invalid) as refused:
        review.request_changes(submission_id=answer.pk, comments=comments, note=note, by=cast.dai, now=now())
    assert refused.value.code == "comments_invalid"
    assert fresh(answer).rounds == 0


@pytest.mark.parametrize("verb", ["approve", "reject", "request_changes"])
def test_after_a_window_nobody_used_the_last_answer_is_decided_as_it_stands(cast: Cast, verb: str) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    review.request_changes(submission_id=answer.pk, comments={"title": "more"}, by=cast.dai, now=now())
    world.sweep(now() + 4 * DAY)
    getattr(review, verb)(submission_id=answer.pk, by=cast.dai, now=now() + 4 * DAY, **MORE.get(verb, {}))
    assert Review.objects.filter(submission=answer).count() == 2


def test_a_window_and_silence_after_it(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    review.request_changes(submission_id=answer.pk, comments={"title": "more"}, by=cast.dai, now=now())
    world.sweep(now() + 4 * DAY)
    world.sweep(now() + 12 * DAY)
    held = fresh(answer)
    assert (held.state, held.use) == (AssignmentState.APPROVED, Use.UNSEEN)


def test_a_rejection_cites_the_brief_and_offers_the_slot_again(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    answer = handed_in(batch, cast.ben)
    for reasons in ([], ["ugly"], ["true", "ugly"]):
        with pytest.raises(Invalid) as refused:
            review.reject(submission_id=answer.pk, reasons=reasons, by=cast.dai, now=now())
        assert refused.value.code == "reasons_invalid"
    made = review.reject(submission_id=answer.pk, reasons=["true", "true"], by=cast.dai, now=now())
    assert made.reasons == ["true"]
    held = fresh(answer)
    assert (held.state, held.slot.state, held.task.state) == (
        AssignmentState.REJECTED,
        SlotState.OPEN,
        TaskState.OPEN,
    )
    with pytest.raises(Conflict) as nothing:
        take(batch, cast.ben)
    assert nothing.value.code == "nothing_left"
    take(batch, cast.aya)
    check_books(batch)


def test_a_failed_check_can_be_cited(cast: Cast) -> None:
    answer = hand_in(take(plain_batch(cast), cast.ben), TOO_LONG_FOR_A_CHECK)
    assert list(review.citable(fresh(answer), answer)) == ["true", "short"]
    review.reject(submission_id=answer.pk, reasons=["short"], by=cast.dai, now=now())


def test_rejections_are_capped(cast: Cast) -> None:
    batch = plain_batch(cast, count=6, audience="crowd")
    answers = [handed_in(batch, cast.chie) for _ in range(5)]
    for answer in answers[:REJECTIONS_ALWAYS_ALLOWED]:
        review.reject(submission_id=answer.pk, reasons=["true"], by=cast.dai, now=now())
    with pytest.raises(review.RejectionCap):
        review.reject(submission_id=answers[-1].pk, reasons=["true"], by=cast.dai, now=now())
    assert fresh(answers[-1]).state == AssignmentState.SUBMITTED


def test_a_rejection_in_an_ended_batch_cancels_the_slot(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    answer = handed_in(batch, cast.ben)
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    review.reject(submission_id=answer.pk, reasons=["true"], by=cast.dai, now=now())
    held = fresh(answer)
    assert (held.slot.state, held.task.state, held.batch.state) == ("cancelled", "cancelled", "completed")


def late_answer(cast: Cast) -> tuple[Any, Any]:
    """An approved answer whose slot was taken again, and the hold that has it now."""
    batch = plain_batch(cast, count=1, audience="crowd")
    first = take(batch, cast.chie)
    hold.release(assignment_id=first.pk, by=cast.chie, now=now())
    second = take(batch, cast.fumi)
    late = hand_in(first)
    review.approve(submission_id=late.pk, by=cast.dai, now=now())
    assert fresh(late).use == Use.UNUSED
    return late, second


def test_a_late_answer_is_not_accepted_over_somebody_at_work(cast: Cast) -> None:
    late, second = late_answer(cast)
    with pytest.raises(Conflict) as refused:
        review.accept(submission_id=late.pk, by=cast.dai, now=now())
    assert refused.value.code == "slot_in_work"
    answer = hand_in(second)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    review.accept(submission_id=late.pk, by=cast.dai, now=now())
    assert (fresh(late).use, fresh(answer).use) == (Use.USED, Use.UNUSED)


def test_accepting_a_late_answer_fills_a_slot_given_back(cast: Cast) -> None:
    late, second = late_answer(cast)
    hold.release(assignment_id=second.pk, by=cast.fumi, now=now())
    review.accept(submission_id=late.pk, by=cast.dai, now=now())
    held = fresh(late)
    assert (held.slot.state, held.task.state, held.batch.state) == ("settled", "done", "completed")
    check_books(held.batch)


def test_accepting_one_answer_puts_aside_what_silence_approved(cast: Cast) -> None:
    batch = plain_batch(cast, count=1, answers_per_task=2, audience="crowd")
    first, second = handed_in(batch, cast.chie), handed_in(batch, cast.fumi)
    world.sweep(now() + 8 * DAY)
    assert {fresh(first).use, fresh(second).use} == {Use.UNSEEN}
    review.accept(submission_id=second.pk, by=cast.dai, now=now())
    assert (fresh(first).use, fresh(second).use) == (Use.UNUSED, Use.USED)


def test_an_undecided_answer_is_not_accepted(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    with pytest.raises(IllegalMove):
        review.accept(submission_id=answer.pk, by=cast.dai, now=now())
