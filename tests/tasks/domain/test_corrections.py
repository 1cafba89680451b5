"""A reviewer corrects a small thing and approves: what is used, who has to look, and what stays as it was."""

from typing import Any

import pytest

from accounts.states import Role
from kernel.clock import now
from kernel.errors import Conflict, Invalid, NotAllowed, TenchoError
from tasks.domain import corrections, hold, release_answers, releases, review, templates, undo
from tasks.domain.corrections import correct_and_approve, correction_of, final_answer
from tasks.domain.queries import visible_uploads
from tasks.errors import IllegalMove, Missing, RoleMissing
from tasks.models import Batch, Correction, Review, Submission, Template
from tasks.states import AssignmentState, Decision, SlotState, TaskState, Use
from tests.factories import Cast, make_batch, make_member, make_upload
from tests.tasks.domain.world import (
    CONTENT,
    DAY,
    MINUTE,
    check_books,
    fresh,
    hand_in,
    handed_in,
    plain_batch,
    take,
)

pytestmark = pytest.mark.django_db
BETTER = {"title": "もっと良い商品名"}


def priced_batch(cast: Cast, **terms: Any) -> Batch:
    """Like `plain_batch`, with a price, a picture and a field that wants a second person."""
    label = {"ja": "項目", "en": "Field"}
    more = {
        "price": {"type": "string", "x-column": "price", "x-label": label},
        "photo": {"type": "string", "format": "x-image", "x-label": label},
        "uses": {"type": "array", "items": {"type": "string", "enum": ["gift", "home"]}, "x-label": label},
        "count": {"type": "integer", "x-label": label},
    }
    properties = {**CONTENT["form"]["properties"], **more}
    form = {**CONTENT["form"], "properties": properties, "x-order": list(properties)}
    once = {"id": "once", "kind": "unique_in_batch", "field": "title", "label": label}
    content = {**CONTENT, "form": form, "checks": [*CONTENT["checks"], once]}
    template = Template.objects.create(company=cast.company, key="priced", title_ja="値段", title_en="Priced")
    templates.publish_version(template=template, content=content, by=None)
    return make_batch(cast, count=2, template="priced", **terms)


def test_the_correction_is_used_and_the_submission_stays(cast: Cast) -> None:
    batch = plain_batch(cast)
    answer = handed_in(batch, cast.ben)
    made = correct_and_approve(
        submission_id=answer.pk, answer={**BETTER, "note": " "}, by=cast.dai, now=now(), note="品名だけ"
    )
    held = fresh(answer)
    assert (held.state, held.use, held.reward) == (AssignmentState.APPROVED, Use.USED, 150)
    assert held.task.state == TaskState.DONE
    assert (made.decision, made.note) == (Decision.APPROVED, "品名だけ")
    again = Submission.objects.select_related("correction").get(pk=answer.pk)
    assert again.answer == {"title": "良い商品名"}
    assert final_answer(again) == BETTER
    kept = correction_of(again)
    assert kept is not None
    assert (kept.fields, kept.corrected_by, kept.note) == (["title"], cast.dai, "品名だけ")
    assert not kept.second_person
    check_books(batch)


def test_an_uncorrected_answer_is_used_as_it_came(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    assert final_answer(answer) == answer.answer
    assert correction_of(answer) is None


@pytest.mark.parametrize("same", [{"title": "良い商品名"}, {"title": "良い商品名", "note": "  "}])
def test_a_correction_of_nothing_is_refused(cast: Cast, same: dict[str, str]) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    with pytest.raises(Invalid) as caught:
        correct_and_approve(submission_id=answer.pk, answer=same, by=cast.dai, now=now())
    assert caught.value.code == "nothing_corrected"
    assert fresh(answer).state == AssignmentState.SUBMITTED


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"title": "最安の商品"}, "check_banned", "title"),
        ({"title": ""}, "required", "title"),
        ({"title": "x", "shoe": "1"}, "unknown_field", "shoe"),
        ({"title": 5}, "not_text", "title"),
        ({"title": "a\x00b"}, "nul", "title"),
    ],
)
def test_what_the_form_or_a_check_refuses_is_named(
    cast: Cast, wrong: dict[str, Any], code: str, field: str
) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    with pytest.raises(Invalid) as caught:
        correct_and_approve(submission_id=answer.pk, answer=wrong, by=cast.dai, now=now())
    assert (field, code) in [(one.field, one.code) for one in caught.value.fields]
    assert fresh(answer).state == AssignmentState.SUBMITTED
    assert not Correction.objects.exists()
    assert not Review.objects.exists()


def test_a_value_that_another_task_has_is_refused(cast: Cast) -> None:
    batch = priced_batch(cast)
    first, second = handed_in(batch, cast.ben), hand_in(take(batch, cast.ben), "別の商品名")
    with pytest.raises(Invalid) as caught:
        correct_and_approve(submission_id=second.pk, answer=first.answer, by=cast.dai, now=now())
    assert [(one.field, one.code) for one in caught.value.fields] == [("title", "check_unique_in_batch")]
    correct_and_approve(submission_id=second.pk, answer=BETTER, by=cast.dai, now=now())
    with pytest.raises(Invalid):
        correct_and_approve(submission_id=first.pk, answer=BETTER, by=cast.dai, now=now())


@pytest.mark.parametrize("field", ["price", "contact"])
def test_a_price_or_a_marked_field_waits_for_a_second_person(cast: Cast, field: str) -> None:
    batch = priced_batch(cast)
    answer = handed_in(batch, cast.ben)
    correct_and_approve(
        submission_id=answer.pk, answer={"title": "良い商品名", field: "980"}, by=cast.dai, now=now()
    )
    assert (fresh(answer).state, fresh(answer).use) == (AssignmentState.APPROVED, Use.UNSEEN)
    assert not release_answers.used(batch.pk).exists()
    with pytest.raises(NotAllowed) as caught:
        review.accept(submission_id=answer.pk, by=cast.dai, now=now())
    assert caught.value.code == "second_person_needed"
    review.accept(submission_id=answer.pk, by=cast.aya, now=now())
    assert fresh(answer).use == Use.USED
    check_books(batch)


def test_other_fields_of_such_a_form_need_nobody_else(cast: Cast) -> None:
    answer = handed_in(priced_batch(cast), cast.ben)
    correct_and_approve(submission_id=answer.pk, answer={**BETTER, "count": 3}, by=cast.dai, now=now())
    assert fresh(answer).use == Use.USED


def test_who_could_be_the_second_person(cast: Cast) -> None:
    held = take(plain_batch(cast), cast.ben)
    assert corrections.second_people(held, cast.dai.pk, now()) == [cast.aya.pk]
    assert corrections.second_people(held, cast.aya.pk, now()) == [cast.dai.pk]
    make_member(cast.ben, cast.store, Role.REVIEWER)
    assert corrections.second_people(held, cast.aya.pk, now()) == [cast.dai.pk]


def test_a_picture_may_be_put_in_by_the_reviewer_and_is_seen_by_the_worker(cast: Cast) -> None:
    answer = handed_in(priced_batch(cast, audience="crowd"), cast.chie)
    mine, foreign = make_upload(cast.dai), make_upload(cast.fumi)
    with pytest.raises(Invalid):
        correct_and_approve(
            submission_id=answer.pk,
            answer={**answer.answer, "photo": str(foreign.pk)},
            by=cast.dai,
            now=now(),
        )
    assert mine not in visible_uploads(cast.chie, now())
    correct_and_approve(
        submission_id=answer.pk, answer={**answer.answer, "photo": str(mine.pk)}, by=cast.dai, now=now()
    )
    assert mine in visible_uploads(cast.chie, now())
    assert mine not in visible_uploads(cast.fumi, now())


def test_who_may_correct(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    for who, error in ((cast.ben, RoleMissing), (cast.chie, Missing), (cast.gen, Missing)):
        with pytest.raises(error):
            correct_and_approve(submission_id=answer.pk, answer=BETTER, by=who, now=now())
    own = handed_in(plain_batch(cast), cast.aya)
    with pytest.raises(review.OwnWork):
        correct_and_approve(submission_id=own.pk, answer=BETTER, by=cast.aya, now=now())


def test_only_what_is_undecided_can_be_corrected(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    with pytest.raises(IllegalMove):
        correct_and_approve(submission_id=answer.pk, answer=BETTER, by=cast.dai, now=now())


def test_a_leased_answer_is_its_reviewers(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    review.start_review(submission_id=answer.pk, by=cast.aya, now=now())
    with pytest.raises(review.ReviewedByOther):
        correct_and_approve(submission_id=answer.pk, answer=BETTER, by=cast.dai, now=now())


# Taking an approval back


def test_undo_puts_the_answer_back_on_ones_desk(cast: Cast) -> None:
    batch, at = plain_batch(cast), now()
    answer = handed_in(batch, cast.ben, at)
    before = fresh(answer).auto_approve_at
    review.approve(submission_id=answer.pk, by=cast.dai, now=at)
    made = undo.undo_approval(submission_id=answer.pk, by=cast.dai, now=at + MINUTE)
    held = fresh(answer)
    assert (held.state, held.use, held.reviewer) == (AssignmentState.IN_REVIEW, Use.NONE, cast.dai)
    assert (held.slot.state, held.task.state) == (SlotState.DELIVERED, TaskState.IN_REVIEW)
    assert (held.auto_approve_at, held.decided_at) == (before, None)
    assert made.decision == Decision.UNDONE
    check_books(batch)
    review.request_changes(submission_id=answer.pk, comments={"title": "?"}, by=cast.dai, now=at + MINUTE)
    review.approve(submission_id=hand_in(fresh(answer), "別の商品名").pk, by=cast.dai, now=at)
    assert fresh(answer).use == Use.USED


def test_undo_takes_the_correction_along(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast), cast.ben)
    correct_and_approve(submission_id=answer.pk, answer=BETTER, by=cast.dai, now=now())
    undo.undo_approval(submission_id=answer.pk, by=cast.dai, now=now())
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    assert final_answer(Submission.objects.get(pk=answer.pk)) == answer.answer
    assert list(answer.reviews.order_by("pk").values_list("decision", flat=True)) == ["undone", "approved"]


def undone(cast: Cast, answer: Submission, **more: Any) -> str:
    """The code with which undoing is refused."""
    with pytest.raises(TenchoError) as caught:
        undo.undo_approval(submission_id=answer.pk, **{"by": cast.dai, "now": now(), **more})
    return caught.value.code


def test_when_an_approval_stands(cast: Cast) -> None:
    batch = plain_batch(cast)
    answer = handed_in(batch, cast.ben)
    assert undone(cast, answer) == "illegal_transition"
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    assert undone(cast, answer, by=cast.aya) == "not_own_approval"
    assert undone(cast, answer, by=cast.ben) == "role_missing"
    assert undone(cast, answer, now=now() + 2 * MINUTE) == "undo_too_late"
    releases.request_release(batch_id=batch.pk, format="csv", by=cast.aya, now=now())
    assert undone(cast, answer) == "already_released"
    with pytest.raises(Missing):
        undo.undo_approval(submission_id=answer.pk, by=cast.gen, now=now())
    with pytest.raises(Missing):
        undo.undo_approval(submission_id=answer.pk + 99, by=cast.dai, now=now())


def test_the_last_answer_of_a_batch_stands(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast, count=1), cast.ben)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    assert undone(cast, answer) == "batch_completed"


def test_what_somebody_accepted_stands(cast: Cast) -> None:
    batch = plain_batch(cast, answers_per_task=2, audience="crowd")
    first, second = handed_in(batch, cast.chie), handed_in(batch, cast.fumi)
    for answer in (first, second):
        review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    review.accept(submission_id=first.pk, by=cast.aya, now=now())
    assert undone(cast, first) == undone(cast, second) == "already_chosen"


def test_a_late_answer_goes_back_to_wait_as_late(cast: Cast) -> None:
    batch, at = plain_batch(cast, audience="crowd"), now()
    held = take(batch, cast.chie, at)
    hold.release(assignment_id=held.pk, by=cast.chie, now=at)
    answer = hand_in(held, at=at)
    review.approve(submission_id=answer.pk, by=cast.dai, now=at)
    assert fresh(answer).slot.state == SlotState.SETTLED
    undo.undo_approval(submission_id=answer.pk, by=cast.dai, now=at)
    again = fresh(answer)
    assert (again.state, again.slot.state, again.task.state) == ("surplus", SlotState.OPEN, TaskState.OPEN)
    assert again.auto_approve_at == at + 7 * DAY
    check_books(batch)


def test_a_late_answer_beside_a_used_one_leaves_the_slot(cast: Cast) -> None:
    batch, at = plain_batch(cast, count=2, audience="crowd"), now()
    held = take(batch, cast.chie, at)
    hold.release(assignment_id=held.pk, by=cast.chie, now=at)
    timely = handed_in(batch, cast.fumi, at)
    assert fresh(timely).task_id == held.task_id
    review.approve(submission_id=timely.pk, by=cast.dai, now=at)
    late = hand_in(held, "別の商品名", at)
    review.approve(submission_id=late.pk, by=cast.dai, now=at)
    undo.undo_approval(submission_id=late.pk, by=cast.dai, now=at)
    assert (fresh(late).state, fresh(late).slot.state) == ("surplus", SlotState.SETTLED)
    with pytest.raises(Conflict):
        undo.undo_approval(submission_id=late.pk, by=cast.dai, now=at)
    check_books(batch)
