"""What happens by itself, and who hears of it."""

from datetime import datetime
from typing import Any

import pytest

from events.dispatcher import dispatch_once
from events.readers import run_readers
from jobs.runner import run_pending
from kernel.clock import now
from notify.models import Notice
from notify.texts import words
from tasks.domain import batches, clocks, hold, one_by_one, review
from tasks.models import Assignment, Batch, Task
from tasks.states import AssignmentState, BatchState, TaskState, Use
from tests.factories import Cast
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

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    """Name and kind of every notice so far, oldest first."""
    while dispatch_once():
        pass
    while run_readers():
        pass
    rows = Notice.objects.select_related("user").order_by("event_id", "user__name")
    return [(notice.user.name, notice.kind) for notice in rows]


def new(before: list[Any]) -> list[tuple[str, str]]:
    return told()[len(before) :]


def sweep(at: datetime) -> dict[str, int]:
    found = world.sweep(at)
    while run_pending():
        pass
    return {name: count for name, count in found.items() if count}


@pytest.mark.both
def test_reviewers_are_reminded_at_50_80_and_95_per_cent_and_then_silence_approves(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    answer = handed_in(batch, cast.ben, start)
    before = told()
    window = 7 * DAY
    for share, reminded in ((49, 0), (50, 50), (51, 50), (79, 50), (80, 80), (94, 80), (95, 95), (99, 95)):
        sweep(start + window * share / 100)
        assert fresh(answer).reminded == reminded, share
    assert new(before) == [("Aya", "review_due"), ("Dai", "review_due")] * 3
    percents = Notice.objects.filter(kind="review_due", user=cast.dai).order_by("pk").values_list("params")
    assert [params["percent"] for (params,) in percents] == [50, 80, 95]
    before = told()
    assert sweep(start + window)["silence"] == 1
    held = fresh(answer)
    assert (held.state, held.use, held.task.state) == (AssignmentState.APPROVED, Use.UNSEEN, TaskState.DONE)
    assert sorted(new(before)) == [("Aya", "unseen"), ("Ben", "approved")]
    check_books(batch)


@pytest.mark.both
def test_a_late_reminder_says_the_highest_share_once(cast: Cast) -> None:
    start = now()
    answer = handed_in(plain_batch(cast), cast.ben, start)
    before = told()
    sweep(start + 6 * DAY)
    assert fresh(answer).reminded == 80
    assert new(before) == [("Aya", "review_due"), ("Dai", "review_due")]


def test_many_waiting_answers_do_not_hide_each_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "CHUNK", 2)
    start, batch = now(), plain_batch(cast, count=5)
    answers = [handed_in(batch, cast.ben, start + number * MINUTE) for number in range(5)]
    for _ in range(3):
        sweep(start + 4 * DAY)
    assert [fresh(answer).reminded for answer in answers] == [50] * 5


def test_silence_reminds_the_director_every_week_until_somebody_accepts(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    answer = handed_in(batch, cast.ben, start)
    sweep(start + 8 * DAY)
    assert fresh(answer).use == Use.UNSEEN
    Assignment.objects.filter(pk=answer.assignment_id).update(decided_at=start + 8 * DAY)
    rung = [day for day in range(9, 40) if sweep(start + day * DAY).get("unseen")]
    assert rung == [15, 22, 29, 36]
    before = told()
    review.accept(submission_id=answer.pk, by=cast.dai, now=start + 37 * DAY)
    assert not sweep(start + 60 * DAY)
    assert new(before) == []


def test_nothing_silently_approved_is_used(cast: Cast) -> None:
    batch = plain_batch(cast, count=1, answers_per_task=3, audience="crowd")
    start = now()
    for who in (cast.chie, cast.fumi):
        handed_in(batch, who, start)
    sweep(start + 8 * DAY)
    assert set(Assignment.objects.filter(batch=batch).values_list("use", flat=True)) == {Use.UNSEEN}
    assert Task.objects.get(batch=batch).state == TaskState.OPEN


def test_a_desk_left_alone_is_given_back(cast: Cast) -> None:
    start = now()
    answer = handed_in(plain_batch(cast), cast.ben, start)
    review.start_review(submission_id=answer.pk, by=cast.dai, now=start)
    assert not sweep(start + 9 * MINUTE)
    assert sweep(start + 10 * MINUTE) == {"desks": 1}
    assert (fresh(answer).state, fresh(answer).reviewer) == (AssignmentState.SUBMITTED, None)


def test_silence_also_ends_what_somebody_is_looking_at(cast: Cast) -> None:
    start = now()
    answer = handed_in(plain_batch(cast), cast.ben, start)
    review.start_review(submission_id=answer.pk, by=cast.dai, now=start + 7 * DAY - MINUTE)
    sweep(start + 7 * DAY)
    assert fresh(answer).state == AssignmentState.APPROVED


def test_a_window_that_ends_gives_reviewers_a_full_window(cast: Cast) -> None:
    start = now()
    answer = handed_in(plain_batch(cast), cast.ben, start)
    review.request_changes(submission_id=answer.pk, comments={"title": "?"}, by=cast.dai, now=start)
    before = told()
    assert sweep(start + 3 * DAY - MINUTE) == {"reminders": 1}
    assert sweep(start + 3 * DAY) == {"windows": 1}
    held = fresh(answer)
    assert (held.state, held.resubmit_by, held.auto_approve_at) == (
        AssignmentState.SUBMITTED,
        None,
        start + 10 * DAY,
    )
    assert new(before) == [("Ben", "window_ending"), ("Ben", "window_ended")]


def test_late_work_is_approved_after_seven_days_if_its_checks_pass(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast, count=2)
    late = []
    for text in ("良い商品名", TOO_LONG_FOR_A_CHECK):
        held = take(batch, cast.ben, start)
        hold.release(assignment_id=held.pk, by=cast.ben, now=start)
        late.append(hand_in(held, text, start))
    sweep(start + 7 * DAY)
    assert [fresh(one).state for one in late] == [AssignmentState.APPROVED, AssignmentState.SURPLUS]
    assert fresh(late[1]).auto_approve_at == start + 14 * DAY
    review.approve(submission_id=late[1].pk, by=cast.dai, now=start + 30 * DAY)
    check_books(batch)


def test_an_expired_hold_is_told_to_its_worker(cast: Cast) -> None:
    start = now()
    take(plain_batch(cast), cast.ben, start)
    before = told()
    assert sweep(start + HOUR) == {"leases": 1}
    assert new(before) == [("Ben", "expired")]


@pytest.mark.both
def test_a_deadline_is_announced_a_day_before_and_closes(cast: Cast) -> None:
    start = now()
    batch = plain_batch(cast, count=3, deadline=start + 3 * DAY)
    answer = handed_in(batch, cast.ben, start)
    before = told()
    assert not sweep(start + DAY)
    assert sweep(start + 2 * DAY) == {"batches": 1}
    assert not sweep(start + 2 * DAY + HOUR)
    assert new(before) == [("Aya", "deadline_near")]
    before = told()
    sweep(start + 3 * DAY)
    batch.refresh_from_db()
    assert (batch.state, batch.ended_at) == (BatchState.CLOSED, start + 3 * DAY)
    assert new(before) == [("Aya", "closed")]
    states = Task.objects.filter(batch=batch).order_by("position").values_list("state", flat=True)
    assert list(states) == ["in_review", "cancelled", "cancelled"]
    before = told()
    review.approve(submission_id=answer.pk, by=cast.dai, now=start + 4 * DAY)
    assert sorted(new(before)) == [("Aya", "completed"), ("Ben", "approved")]
    check_books(batch)


def test_a_batch_paused_for_fourteen_days_is_announced_and_closed(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=start)
    before = told()
    assert not sweep(start + 13 * DAY - MINUTE)
    assert sweep(start + 13 * DAY) == {"batches": 1}
    assert new(before) == [("Aya", "deadline_near")]
    sweep(start + 14 * DAY)
    assert Batch.objects.get(pk=batch.pk).state == BatchState.COMPLETED
    assert sorted(new(before)) == [("Aya", "closed"), ("Aya", "completed"), ("Aya", "deadline_near")]


def test_a_resumed_batch_is_reminded_of_its_deadline_again(cast: Cast) -> None:
    start = now()
    batch = plain_batch(cast, deadline=start + 30 * DAY)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=start)
    assert sweep(start + 13 * DAY) == {"batches": 1}
    batches.resume(batch_id=batch.pk, by=cast.aya, now=start + 13 * DAY)
    assert sweep(start + 29 * DAY + HOUR) == {"batches": 1}


def test_who_closes_a_batch_is_not_told_so(cast: Cast) -> None:
    batch = plain_batch(cast)
    before = told()
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    assert new(before) == []


def test_a_row_that_fails_does_not_stop_the_other_clocks(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start, batch = now(), plain_batch(cast)
    answers = [handed_in(batch, cast.ben, start) for _ in range(2)]
    settle = review.settle

    def fail_first(assignment: Assignment, *args: Any, **more: Any) -> None:
        if assignment.pk == answers[0].assignment_id:
            raise RuntimeError("poison")
        settle(assignment, *args, **more)

    monkeypatch.setattr(review, "settle", fail_first)
    with caplog.at_level("ERROR", one_by_one.logger.name):
        sweep(start + 8 * DAY)
    assert [fresh(answer).state for answer in answers] == [
        AssignmentState.SUBMITTED,
        AssignmentState.APPROVED,
    ]
    assert "a clock failed" in caplog.text
    monkeypatch.undo()
    sweep(start + 8 * DAY)
    assert fresh(answers[0]).state == AssignmentState.APPROVED


def test_a_quiet_sweep_does_nothing(cast: Cast) -> None:
    plain_batch(cast)
    assert not sweep(now())


def test_every_notice_has_words(cast: Cast) -> None:
    start, batch = now(), plain_batch(cast, deadline=now() + 20 * DAY)
    answer = handed_in(batch, cast.ben, start)
    review.request_changes(submission_id=answer.pk, comments={"title": "?"}, by=cast.dai, now=start)
    for day in (1, 4, 10, 12, 19, 21, 30):
        sweep(start + day * DAY)
    kinds = {kind for _who, kind in told()}
    assert kinds >= {"import_landed", "changes_requested", "window_ended", "review_due", "approved", "unseen"}
    for notice in Notice.objects.all():
        text = words(notice.kind, notice.params)
        assert text != notice.kind
        assert "%(" not in text
        assert notice.path.startswith("/")
