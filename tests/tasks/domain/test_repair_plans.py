"""What a repair would do is told in numbers before it is begun: at once, or counted by a job."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import batches, claim, manuals, repair_plans, repair_scope, review
from tasks.domain.repair_scope import Sums
from tasks.errors import IllegalMove, Missing, RoleMissing
from tasks.models import Assignment, Batch, RepairPlan, TemplateVersion
from tests.factories import Cast
from tests.tasks.domain.test_repair import in_every_state, mend, stricter
from tests.tasks.domain.world import hand_in, handed_in, plain_batch, step_of, take

pytestmark = [pytest.mark.both, pytest.mark.django_db]


def own(batch: Batch) -> TemplateVersion:
    return manuals.step_of(batch.pk).template_version


def ask(batch: Batch, cast: Cast, judge: TemplateVersion | None = None) -> RepairPlan:
    return repair_plans.ask(
        batch_id=batch.pk, judge=judge or own(batch), corrected=judge is None, by=cast.aya, now=now()
    )


def strict(cast: Cast) -> TemplateVersion:
    return TemplateVersion.objects.get(pk=stricter(cast))


def texts(batch: Batch, cast: Cast, *answers: str) -> list[Assignment]:
    return [hand_in(take(batch, cast.ben), text).assignment for text in answers]


def test_the_answers_are_judged_by_a_job_and_not_in_the_request(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = plain_batch(cast, count=5, reward=10)
    texts(batch, cast, "短い", "十分に長い", "短い", "十分に長い")
    judge = strict(cast)
    monkeypatch.setattr(repair_plans, "CHUNK", 1)
    with pytest.MonkeyPatch.context() as never:
        never.setattr(repair_scope, "run_checks", None)
        row = ask(batch, cast, judge)
    assert (row.state, row.tasks_total, row.tasks_done) == ("queued", 4, 0)
    assert ask(batch, cast, judge).pk == row.pk
    run_pending()
    row.refresh_from_db()
    assert (row.state, row.tasks_done, row.finished_at is not None) == ("done", 4, True)
    found = repair_scope.plan_of(row)
    assert (found.received, found.paid, found.untouched, found.tasks) == (4, 2, 2, 2)
    assert (found.pay, found.cost) == (20, 20)
    assert not repair_plans.is_stale(row)
    assert ask(batch, cast, judge).pk == row.pk


def test_it_is_counted_anew_once_received_work_has_moved_on(cast: Cast) -> None:
    batch = plain_batch(cast, count=5, reward=10)
    first, second = texts(batch, cast, "短い", "短い")
    judge = strict(cast)
    rows = [ask(batch, cast, judge)]
    run_pending()

    def moved() -> bool:
        rows[-1].refresh_from_db()
        if not repair_plans.is_stale(rows[-1]):
            return False
        rows.append(ask(batch, cast, judge))
        run_pending()
        return rows[-1].pk != rows[-2].pk

    assert not moved()
    review.approve(submission_id=first.submissions.get().pk, by=cast.dai, now=now())
    assert moved()
    review.request_changes(
        submission_id=second.submissions.get().pk, comments={"title": "?"}, by=cast.dai, now=now()
    )
    hand_in(second, "十分に長い")
    assert moved()
    texts(batch, cast, "短い")
    assert moved()
    found = repair_scope.plan_of(RepairPlan.objects.select_related("step").get(pk=rows[-1].pk))
    assert (found.received, found.paid, found.kept, found.untouched) == (3, 1, 1, 1)
    # The old ones are gone.
    assert RepairPlan.objects.count() == 1


def test_one_that_is_being_counted_is_not_begun_twice(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    texts(batch, cast, "短い")
    judge = strict(cast)
    row = ask(batch, cast, judge)
    texts(batch, cast, "短い")
    assert ask(batch, cast, judge).pk == row.pk
    run_pending()
    row.refresh_from_db()
    assert repair_plans.is_stale(row)


def test_a_count_that_was_cut_off_goes_on_behind_its_last_chunk(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair_plans, "CHUNK", 2)
    batch = plain_batch(cast, count=5, reward=10)
    texts(batch, cast, *["短い"] * 5)
    asked = ask(batch, cast, strict(cast))
    begun = repair_plans._begin(asked.pk)
    assert begun is not None
    assert repair_plans._chunk(begun, now())
    run_pending()
    # A second run of the same job, late, adds nothing.
    assert not repair_plans._note(begun, [1], Sums(received=9), now())
    repair_plans.run(plan_id=asked.pk)
    row = RepairPlan.objects.select_related("step").get(pk=asked.pk)
    found = repair_scope.plan_of(row)
    assert (row.state, row.tasks_done, found.received, found.paid, found.pay) == ("done", 5, 5, 5, 50)


def test_one_that_failed_is_asked_for_again(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    texts(batch, cast, "短い")
    judge = strict(cast)
    row = ask(batch, cast, judge)
    repair_plans.give_up(plan_id=row.pk, now=now())
    row.refresh_from_db()
    assert row.state == "failed"
    again = ask(batch, cast, judge)
    assert again.pk != row.pk
    run_pending()
    # The job of the one that is gone ends in peace.
    repair_plans.run(plan_id=row.pk)
    repair_plans.give_up(plan_id=row.pk, now=now())
    again.refresh_from_db()
    assert again.state == "done"


def test_who_may_ask(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    judge = own(batch)
    for who, error in ((cast.dai, RoleMissing), (cast.ben, RoleMissing), (cast.gen, Missing)):
        with pytest.raises(error):
            repair_plans.ask(batch_id=batch.pk, judge=judge, corrected=True, by=who, now=now())
    batches.cancel(batch_id=batch.pk, by=cast.aya, now=now())
    with pytest.raises(IllegalMove):
        ask(batch, cast)


def test_the_plan_of_all_costs_the_same_however_much_was_received(cast: Cast) -> None:
    asked = []
    for count in (1, 4):
        batch = plain_batch(cast, count=count, answers_per_task=2, audience="crowd")
        for _ in range(count):
            handed_in(batch, cast.chie)
        step = manuals.step_of(batch.pk)
        with CaptureQueriesContext(connection) as seen:
            repair_scope.plan(step)
        asked.append(len(seen))
    assert asked[0] == asked[1] <= 4


@pytest.mark.parametrize("answers", [1, 2])
def test_what_the_database_counts_is_what_is_done(cast: Cast, answers: int) -> None:
    """Whatever the answers are like; with a version that refuses everything both ways agree."""
    batch = plain_batch(cast, count=14, audience="crowd", reward=7, answers_per_task=answers)
    in_every_state(batch, cast)
    chance = random.Random(answers)
    for task in batch.tasks.order_by("-position")[:4]:
        for who in (cast.chie, cast.fumi)[:answers]:
            made = hand_in(claim.claim_task(task_id=task.pk, by=who, now=now()))
            if chance.random() < 0.6:
                review.approve(submission_id=made.pk, by=cast.dai, now=now())
    plan = repair_scope.plan(manuals.step_of(batch.pk))
    done = mend(batch, cast)
    set_aside = Assignment.objects.filter(batch=batch, set_aside=True)
    assert plan.received == set_aside.count() == plan.paid + plan.kept
    assert (plan.paid, plan.tasks) == (done.paid, done.reopened)


@pytest.mark.parametrize("answers", [1, 2])
def test_both_ways_of_counting_agree(cast: Cast, answers: int) -> None:
    """A version that refuses every answer takes in all; one answer is by that version already."""
    batch = plain_batch(cast, count=6, audience="crowd", reward=7, answers_per_task=answers)
    for task in batch.tasks.order_by("position")[:3]:
        for who in (cast.chie, cast.fumi)[:answers]:
            made = hand_in(claim.claim_task(task_id=task.pk, by=who, now=now()), "短い")
            review.approve(submission_id=made.pk, by=cast.dai, now=now())
    judge = strict(cast)
    step = step_of(batch)
    if answers == 2:
        # A second approved answer in a slot that also holds one by the newer version.
        one = Assignment.objects.filter(batch=batch).earliest("pk")
        Assignment.objects.filter(task=one.task_id).exclude(pk=one.pk).update(template_version=judge)
        Assignment.objects.filter(task=one.task_id).update(slot=one.slot_id)
    asked = ask(batch, cast, judge)
    run_pending()
    row = RepairPlan.objects.select_related("step").get(pk=asked.pk)
    assert Sums(**row.sums) == repair_scope.sums_of_all(step, judge)
    assert row.sums["slots"] == 3 * answers - (2 if answers == 2 else 0)


def test_a_plan_can_be_asked_of_an_ended_batch(cast: Cast) -> None:
    batch = plain_batch(cast, count=2, reward=10)
    made = hand_in(take(batch, cast.ben), "短い")
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    run_pending()
    review.reject(submission_id=made.pk, reasons=["true"], by=cast.dai, now=now())
    asked = ask(batch, cast, strict(cast))
    run_pending()
    row = RepairPlan.objects.select_related("step").get(pk=asked.pk)
    found = repair_scope.plan_of(row)
    assert (found.rejected, found.paid, found.tasks, found.cost) == (1, 1, 1, 10)
