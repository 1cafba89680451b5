"""Two people, or a person and a clock, at the same moment, on two real connections."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import TenchoError
from tasks.domain import batches, clocks, draft, hold, reports, review
from tasks.domain.claim import claim_next, claim_task
from tasks.domain.corrections import correct_and_approve
from tasks.domain.submit import submit
from tasks.models import Assignment, Batch, Correction, Slot, Submission, Task
from tasks.rules import REJECTIONS_ALWAYS_ALLOWED
from tasks.states import FINAL_TASK, Use
from tests.factories import Cast, make_cast
from tests.tasks.domain import world
from tests.tasks.domain.world import DAY, HOUR, check_books, fresh, hand_in, handed_in, plain_batch, take
from tests.threads import in_threads

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]

ROUNDS = range(4)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Runs all together; per act the code of its refusal, "" if it went through. Other errors are raised."""
    together = threading.Barrier(len(acts))
    codes = [""] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        connection.ensure_connection()
        together.wait(30)
        try:
            act()
        except TenchoError as error:
            codes[number] = error.code

    in_threads(*(partial(run, number, act) for number, act in enumerate(acts)))
    return codes


def finish(batch: Batch) -> None:
    """Ends the offer and lets time pass: whatever the race left must come to an end."""
    check_books(batch)
    if Batch.objects.get(pk=batch.pk).state in ("open", "paused"):
        batches.close(batch_id=batch.pk, by=batch.created_by, now=now())
    for days in range(0, 40, 5):
        world.sweep(now() + days * DAY)
        run_pending()
    world.sweep(now() + 41 * DAY)
    check_books(batch)
    assert not Task.objects.filter(batch=batch).exclude(state__in=FINAL_TASK).exists()


@pytest.mark.parametrize(
    ("verb", "codes"),
    [
        ("pause", {"", "batch_paused"}),
        ("close", {"", "batch_not_open", "nothing_left"}),
        ("cancel", {"", "batch_not_open", "nothing_left"}),
    ],
)
def test_claims_against_the_directors_word(cast: Cast, verb: str, codes: set[str]) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=6, audience="crowd")
        found = at_once(
            *[partial(claim_next, batch_id=batch.pk, by=cast.chie, now=now())] * 2,
            partial(claim_next, batch_id=batch.pk, by=cast.fumi, now=now()),
            partial(getattr(batches, verb), batch_id=batch.pk, by=cast.aya, now=now()),
            run_pending,
        )
        assert set(found) <= codes
        assert found[3] == ""
        finish(batch)


@pytest.mark.parametrize("verb", ["close", "cancel"])
def test_a_slot_given_back_while_its_batch_ends_does_not_stay_open(cast: Cast, verb: str) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=2)
        held, late = take(batch, cast.ben), take(batch, cast.ben)
        Assignment.objects.filter(pk=late.pk).update(lease_expires_at=now() - HOUR)
        at_once(
            partial(hold.release, assignment_id=held.pk, by=cast.ben, now=now()),
            partial(hold.expire_due, now=now()),
            partial(getattr(batches, verb), batch_id=batch.pk, by=cast.aya, now=now()),
            run_pending,
        )
        run_pending()
        world.sweep(now())
        assert not Slot.objects.filter(step__batch=batch, state__in=["open", "held"]).exists()
        finish(batch)


def test_a_slot_left_open_by_such_a_race_is_swept(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The release saw the batch open; the batch and its job were done before it committed."""
    batch = plain_batch(cast, count=1)
    held = take(batch, cast.ben)
    monkeypatch.setattr(hold, "takes_work_back", lambda _batch: True)
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    run_pending()
    hold.release(assignment_id=held.pk, by=cast.ben, now=now())
    assert fresh(held).slot.state == "open"
    world.sweep(now())
    assert fresh(held).batch.state == "completed"


def test_two_who_choose_the_same_task(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=1, audience="crowd")
        task = Task.objects.get(batch=batch)
        found = at_once(
            *(partial(claim_task, task_id=task.pk, by=who, now=now()) for who in (cast.chie, cast.fumi))
        )
        assert sorted(found) == ["", "slot_taken"]
        check_books(batch)


def test_a_claim_against_a_release(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=1, audience="crowd")
        held = take(batch, cast.chie)
        found = at_once(
            partial(hold.release, assignment_id=held.pk, by=cast.chie, now=now()),
            partial(claim_next, batch_id=batch.pk, by=cast.fumi, now=now()),
        )
        assert found[0] == ""
        assert found[1] in ("", "nothing_left")
        free = Slot.objects.get(step__batch=batch).state == "open"
        assert free == (found[1] == "nothing_left")
        finish(batch)


def test_one_person_hands_in_late_and_takes_the_task_again(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=1)
        held = take(batch, cast.ben)
        hold.release(assignment_id=held.pk, by=cast.ben, now=now())
        found = at_once(
            partial(hand_in, held),
            partial(claim_next, batch_id=batch.pk, by=cast.ben, now=now()),
        )
        assert sorted(found) in (["", "already_on_task"], ["", "nothing_left"])
        finish(batch)


def test_handing_in_against_the_end_of_the_lease(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=1)
        held = take(batch, cast.ben)
        Assignment.objects.filter(pk=held.pk).update(lease_expires_at=now() - HOUR)
        found = at_once(partial(hand_in, held), partial(hold.expire_due, now=now()))
        assert found == ["", ""]
        assert Submission.objects.filter(assignment=held).count() == 1
        assert fresh(held).state in ("submitted", "surplus")
        finish(batch)


def test_handing_in_twice_at_once_makes_one_submission(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=1)
        held = take(batch, cast.ben)

        def once(held: Assignment = held) -> None:
            submit(assignment_id=held.pk, answer={"title": "題"}, fence=0, by=cast.ben, now=now())

        assert at_once(once, once, once) == ["", "", ""]
        assert Submission.objects.filter(assignment=held).count() == 1
        check_books(batch)


def test_two_windows_typing_at_once_lose_nothing(cast: Cast) -> None:
    for _round in ROUNDS:
        held = take(plain_batch(cast), cast.ben)

        def type_(text: str, held: Assignment = held) -> None:
            draft.save_draft(assignment_id=held.pk, answer={"title": text}, fence=0, by=cast.ben, now=now())

        found = at_once(*(partial(type_, text) for text in ("a", "b", "c")))
        assert sorted(found) == ["", "draft_outdated", "draft_outdated"]
        texts = {one.answer["title"] for one in held.alternatives.all()} | {fresh(held).draft["title"]}
        assert texts == {"a", "b", "c"}


MORE: dict[str, dict[str, Any]] = {
    "request_changes": {"comments": {"title": "?"}},
    "reject": {"reasons": ["true"]},
}


@pytest.mark.parametrize("first", ["approve", "reject", "request_changes", "start_review"])
@pytest.mark.parametrize("second", ["approve", "reject", "request_changes"])
def test_two_reviewers_decide_at_once(cast: Cast, first: str, second: str) -> None:
    batch = plain_batch(cast, count=2)
    for _round in range(2):
        answer = handed_in(batch, cast.ben)

        def decide(verb: str, who: object, pk: int = answer.pk) -> None:
            getattr(review, verb)(submission_id=pk, by=who, now=now(), **MORE.get(verb, {}))

        found = at_once(partial(decide, first, cast.dai), partial(decide, second, cast.aya))
        assert "" in found
        if first != "start_review":
            assert len([code for code in found if code]) == 1
        assert set(found) <= {"", "illegal_transition", "reviewed_by_other", "overtaken"}
        assert answer.reviews.count() == len([1 for code in found if not code]) - (
            first == "start_review" and not found[0]
        )
        check_books(batch)
    finish(batch)


def test_a_decision_against_silence(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=1)
        answer = handed_in(batch, cast.ben)
        Assignment.objects.filter(pk=answer.assignment_id).update(auto_approve_at=now() - HOUR)
        found = at_once(
            partial(review.approve, submission_id=answer.pk, by=cast.dai, now=now()),
            partial(clocks.sweep, now=now()),
        )
        assert found[0] in ("", "illegal_transition")
        assert fresh(answer).use == (Use.UNSEEN if found[0] else Use.USED)
        assert answer.reviews.count() == 1
        check_books(batch)


def test_two_choose_the_answer_to_use(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=1, answers_per_task=2, audience="crowd")
        answers = [handed_in(batch, who) for who in (cast.chie, cast.fumi)]
        for answer in answers:
            review.approve(submission_id=answer.pk, by=cast.dai, now=now())
        found = at_once(
            *(
                partial(review.accept, submission_id=answer.pk, by=who, now=now())
                for answer, who in zip(answers, (cast.aya, cast.dai), strict=True)
            )
        )
        assert set(found) <= {"", "overtaken"}
        assert Assignment.objects.filter(batch=batch, use=Use.USED).count() == 1
        check_books(batch)


def test_one_answer_accepted_twice_at_once(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    answer = handed_in(batch, cast.ben)
    world.sweep(now() + 8 * DAY)
    found = at_once(
        *(partial(review.accept, submission_id=answer.pk, by=who, now=now()) for who in (cast.aya, cast.dai))
    )
    assert sorted(found) == ["", "illegal_transition"]
    assert answer.reviews.filter(decision="accepted").count() == 1


def test_the_last_rejection_is_given_once(cast: Cast) -> None:
    batch = plain_batch(cast, count=6, audience="crowd")
    answers = [handed_in(batch, cast.chie) for _ in range(5)]
    for answer in answers[: REJECTIONS_ALWAYS_ALLOWED - 1]:
        review.reject(submission_id=answer.pk, reasons=["true"], by=cast.dai, now=now())
    found = at_once(
        *(
            partial(review.reject, submission_id=answer.pk, reasons=["true"], by=who, now=now())
            for answer, who in zip(answers[-2:], (cast.aya, cast.dai), strict=True)
        )
    )
    assert sorted(found) == ["", "rejection_cap"]
    check_books(batch)


def test_the_last_two_answers_of_a_batch_at_once_complete_it(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast, count=2)
        answers = [handed_in(batch, cast.ben) for _ in range(2)]
        found = at_once(
            *(
                partial(review.approve, submission_id=answer.pk, by=who, now=now())
                for answer, who in zip(answers, (cast.aya, cast.dai), strict=True)
            )
        )
        assert found == ["", ""]
        world.sweep(now())
        assert Batch.objects.get(pk=batch.pk).state == "completed"
        check_books(batch)


def test_the_same_verb_of_a_batch_twice_at_once(cast: Cast) -> None:
    batch = plain_batch(cast, publish=False)
    for verb in ("publish", "pause", "resume", "close"):
        found = at_once(*[partial(getattr(batches, verb), batch_id=batch.pk, by=cast.aya, now=now())] * 3)
        assert sorted(found) == ["", "illegal_transition", "illegal_transition"], verb
    check_books(batch)


def test_all_slots_of_a_task_move_at_once(cast: Cast) -> None:
    """Each would compute the task's state from the others' old states without the task's lock."""
    for _round in ROUNDS:
        batch = plain_batch(cast, count=1, answers_per_task=2, audience="crowd")
        first, second = take(batch, cast.chie), take(batch, cast.fumi)
        assert at_once(partial(hand_in, first), partial(hand_in, second)) == ["", ""]
        assert Task.objects.get(batch=batch).state == "in_review"
        check_books(batch)
        last = [Submission.objects.get(assignment=held) for held in (first, second)]
        found = at_once(
            partial(review.approve, submission_id=last[0].pk, by=cast.aya, now=now()),
            partial(review.reject, submission_id=last[1].pk, reasons=["true"], by=cast.dai, now=now()),
        )
        assert found == ["", ""]
        assert Task.objects.get(batch=batch).state == "open"
        check_books(batch)


def test_two_sweeps_at_once_ring_each_clock_once(cast: Cast) -> None:
    batch = plain_batch(cast, count=4)
    held = [take(batch, cast.ben) for _ in range(4)]
    for one in held[:2]:
        hand_in(one)
    later = now() + 8 * DAY
    at_once(*[partial(clocks.sweep, now=later)] * 3)
    world.sweep(later)
    assert [fresh(one).state for one in held] == ["approved", "approved", "expired", "expired"]
    assert Submission.objects.filter(reviews__decision="silence").count() == 2
    check_books(batch)


def test_a_correction_against_anothers_approval(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast)
        answer = handed_in(batch, cast.ben)
        codes = at_once(
            partial(
                correct_and_approve, submission_id=answer.pk, answer={"title": "別の"}, by=cast.dai, now=now()
            ),
            partial(review.approve, submission_id=answer.pk, by=cast.aya, now=now()),
        )
        assert sorted(codes) == ["", "illegal_transition"]
        assert Correction.objects.filter(submission=answer).exists() == (codes[0] == "")
        assert answer.reviews.count() == 1
        finish(batch)


def test_a_report_against_the_end_of_the_lease(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast)
        held = take(batch, cast.ben)
        later = now() + 2 * HOUR
        codes = at_once(
            partial(
                reports.report_impossible,
                assignment_id=held.pk,
                reason="source_missing",
                by=cast.ben,
                now=later,
            ),
            partial(hold.expire_due, now=later),
        )
        state = fresh(held).state
        assert (state, codes[0]) in (("reported", ""), ("expired", "illegal_transition"))
        finish(batch)


def test_freeing_against_handing_in(cast: Cast) -> None:
    for _round in ROUNDS:
        batch = plain_batch(cast)
        held = take(batch, cast.ben)
        codes = at_once(
            partial(hold.free, assignment_id=held.pk, reason="a", by=cast.aya, now=now()),
            partial(hand_in, held),
        )
        state = fresh(held).state
        # Who is freed first hands in late: nothing that was typed is lost.
        assert (state, codes[0]) in (("submitted", "illegal_transition"), ("surplus", ""))
        assert codes[1] == ""
        finish(batch)


def test_five_reports_at_once_pause_the_batch_once(cast: Cast) -> None:
    batch = plain_batch(cast, count=8, audience="crowd")
    held = [take(batch, cast.chie) for _ in range(5)]
    at_once(
        *[
            partial(
                reports.report_impossible,
                assignment_id=one.pk,
                reason="wrong_picture",
                by=cast.chie,
                now=now(),
            )
            for one in held
        ]
    )
    batch.refresh_from_db()
    assert (batch.state, batch.pause_reason) == ("paused", "impossible")
    assert {fresh(one).state for one in held} == {"reported"}
    check_books(batch)
