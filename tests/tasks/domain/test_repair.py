"""The manual was wrong: all received work is paid, the affected tasks open again, records are unharmed."""

from datetime import timedelta
from typing import Any

import pytest

from events.dispatcher import dispatch_once
from events.models import Event
from events.readers import run_readers
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid, TenchoError
from notify.models import Notice
from tasks import rules
from tasks.domain import (
    batches,
    claim,
    clocks,
    counts,
    hold,
    manuals,
    pilot,
    repair,
    repair_plans,
    repair_scope,
    reports,
    review,
    submit,
    templates,
)
from tasks.domain.repair_scope import Plan
from tasks.errors import IllegalMove, Missing, RoleMissing
from tasks.models import (
    Assignment,
    Batch,
    Repair,
    Review,
    Slot,
    Submission,
    TakenValue,
    Task,
    Template,
    TemplateVersion,
)
from tasks.states import AssignmentState, BatchState, Decision, TaskState, Use
from tests.factories import Cast, make_batch
from tests.tasks.domain import world
from tests.tasks.domain.world import (
    CONTENT,
    DAY,
    check_books,
    fresh,
    hand_in,
    handed_in,
    plain_batch,
    step_of,
    take,
)  # fmt: skip

pytestmark = [pytest.mark.both, pytest.mark.django_db]
NOTE = "商品名にブランド名を入れてください。"
MANUAL: dict[str, Any] = {"manual_ja": "ブランド名を入れる", "manual_en": "Name the brand"}


def mend(batch: Batch, cast: Cast, *, scope: str = "all", **how: Any) -> Repair:
    made = repair.start(batch_id=batch.pk, scope=scope, note=NOTE, by=cast.aya, now=now(), **(how or MANUAL))
    run_pending()
    check_books(batch)
    return Repair.objects.get(pk=made.pk)


def stricter(cast: Cast) -> int:
    """A newer version of the plain template whose checks want 5 characters."""
    checks = [*CONTENT["checks"], {"id": "long", "kind": "length", "field": "title", "min": 5,
               "label": {"ja": "長さ", "en": "Length"}}]  # fmt: skip
    template = Template.objects.get(company=cast.company, key="plain")
    return templates.publish_version(template=template, content={**CONTENT, "checks": checks}, by=None).pk


def counted_plan(batch: Batch, cast: Cast, judge: TemplateVersion, *, corrected: bool = False) -> Plan:
    """The numbers of a repair of what the checks refuse, as the job finds them."""
    asked = repair_plans.ask(batch_id=batch.pk, judge=judge, corrected=corrected, by=cast.aya, now=now())
    run_pending()
    row = repair_plans.of(step_of(batch), judge, corrected=corrected)
    assert row is not None
    assert (row.pk, row.state, row.tasks_done) == (asked.pk, "done", row.tasks_total)
    return repair_scope.plan_of(row)


def counted(batch: Batch) -> dict[str, int]:
    return {state: n for state, n in counts.of_batch(batch.pk).items() if n}


def in_every_state(batch: Batch, cast: Cast) -> dict[str, Assignment]:
    """One answer in each state that a repair meets."""
    at = now()
    made: dict[str, Any] = {"approved": handed_in(batch, cast.chie)}
    review.approve(submission_id=made["approved"].pk, by=cast.dai, now=at)
    made["unseen"] = handed_in(batch, cast.chie, at=at - 8 * DAY)
    world.sweep(at)
    made["submitted"] = handed_in(batch, cast.chie)
    made["in_review"] = handed_in(batch, cast.chie)
    review.start_review(submission_id=made["in_review"].pk, by=cast.dai, now=at)
    made["returned"] = handed_in(batch, cast.chie)
    review.request_changes(submission_id=made["returned"].pk, comments={"title": "?"}, by=cast.dai, now=at)
    late = take(batch, cast.chie)
    hold.release(assignment_id=late.pk, by=cast.chie, now=at)
    made["surplus"] = hand_in(late)
    made["rejected"] = handed_in(batch, cast.fumi)
    review.reject(submission_id=made["rejected"].pk, reasons=["true"], by=cast.dai, now=at)
    made["claimed"] = take(batch, cast.chie)
    made["released"] = take(batch, cast.chie)
    hold.release(assignment_id=made["released"].pk, by=cast.chie, now=at)
    return {name: fresh(one) for name, one in made.items()}


def test_300_with_a_wrong_manual_the_pilot_catches_it_in_one_run(cast: Cast) -> None:
    batch = plain_batch(cast, count=300, audience="crowd", reward=100, pilot_tasks=10)
    for number in range(10):
        found = handed_in(batch, (cast.chie, cast.fumi)[number % 2])
        if number < 6:
            review.approve(submission_id=found.pk, by=cast.dai, now=now())
        elif number < 8:
            review.reject(submission_id=found.pk, reasons=["true"], by=cast.dai, now=now())
    assert not claim.free_slots(step_of(batch), cast.chie).exclude(task__position__lte=10).exists()
    done = mend(batch, cast)
    assert (done.state, done.paid, done.reopened) == ("done", 4, 8)
    assert counted(batch) == {TaskState.OPEN: 10, TaskState.WAITING: 290}
    paid = Assignment.objects.filter(batch=batch, state="approved", use=Use.UNUSED)
    assert sum(paid.values_list("reward", flat=True)) == 10 * 100
    assert not Assignment.objects.filter(batch=batch, state="rejected").exists()
    # The second run, with the right manual, is decided, and the rest goes ahead.
    for _ in range(10):
        review.approve(submission_id=handed_in(batch, cast.chie).pk, by=cast.dai, now=now())
    assert clocks.sweep(now=now())["pilots"] == 1
    pilot.go_on(batch_id=batch.pk, by=cast.aya, now=now())
    assert counted(batch) == {TaskState.OPEN: 290, TaskState.DONE: 10}


def test_300_without_a_pilot_are_repaired_by_one_action(cast: Cast) -> None:
    batch = plain_batch(cast, count=300, audience="crowd", reward=100)
    for number in range(200):
        found = handed_in(batch, (cast.chie, cast.fumi)[number % 2])
        if number < 90:
            review.approve(submission_id=found.pk, by=cast.dai, now=now())
        elif number < 110:
            review.request_changes(submission_id=found.pk, comments={"title": "?"}, by=cast.dai, now=now())
        elif number < 130:
            review.reject(submission_id=found.pk, reasons=["true"], by=cast.dai, now=now())
    untouched = set(Task.objects.filter(batch=batch, assignments=None).values_list("pk", flat=True))
    plan = repair_scope.plan(step_of(batch))
    done = mend(batch, cast)
    answers = Assignment.objects.filter(batch=batch)
    assert answers.count() == 200
    assert set(answers.values_list("state", "use", "set_aside")) == {("approved", "unused", True)}
    assert (done.paid, done.reopened, done.tasks_done) == (110, 180, done.tasks_total)
    assert (plan.paid, plan.kept, plan.tasks, plan.pay, plan.cost) == (110, 90, 180, 11_000, 18_000)
    assert counted(batch) == {TaskState.OPEN: 300}
    changed = Task.objects.filter(batch=batch, assignments__isnull=False).distinct()
    assert not untouched & set(changed.values_list("pk", flat=True))
    # Nobody's record: no rejection, no request that still waits.
    assert Review.objects.filter(decision=Decision.EXCUSED).count() == 200
    assert not Assignment.objects.filter(batch=batch, use=Use.USED).exists()
    assert rejections_left(batch) == rejections_left(plain_batch(cast, count=1, audience="crowd")) + 57
    again = Batch.objects.get(pk=batch.pk)
    assert (again.state, again.pause_reason) == (BatchState.OPEN, "")
    # The same people may take the corrections, each with their earlier answer to begin from.
    taken = claim.claim_task(task_id=changed[0].pk, by=cast.chie, now=now())
    assert taken.template_version == done.after


def rejections_left(batch: Batch) -> int:
    handed = Assignment.objects.filter(batch=batch, submitted_at__isnull=False)
    return rules.rejections_left(submitted=handed.count(), rejected=handed.filter(state="rejected").count())


def test_each_state_is_repaired_as_it_should(cast: Cast) -> None:
    batch = plain_batch(cast, count=12, audience="crowd", reward=100)
    before = in_every_state(batch, cast)
    plan = repair_scope.plan(step_of(batch))
    done = mend(batch, cast)
    after = {name: fresh(one) for name, one in before.items()}
    for name in ("approved", "unseen", "submitted", "in_review", "returned", "surplus", "rejected"):
        one = after[name]
        assert (one.state, one.use, one.set_aside) == ("approved", "unused", True), name
        assert (one.auto_approve_at, one.resubmit_by, one.review_lease_until) == (None, None, None)
        assert one.decided_at is not None
        assert one.template_version_id == done.before_id
        assert one.task.state in (TaskState.OPEN, TaskState.CLAIMED)
    assert after["approved"].decided_at == before["approved"].decided_at
    for name in ("claimed", "released"):
        assert (after[name].template_version_id, after[name].claimed_version_id) == (
            done.after_id,
            done.before_id,
        )
    assert (after["claimed"].state, after["claimed"].draft) == ("claimed", before["claimed"].draft)
    assert (plan.paid, plan.kept, plan.rejected, plan.tasks) == (done.paid, 2, 1, done.reopened)
    assert (done.paid, done.reopened) == (5, 5)


def test_the_held_work_is_handed_in_by_the_new_version(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    held = take(batch, cast.ben)
    left = held.lease_expires_at
    newest = stricter(cast)
    mend(batch, cast, version_id=newest)
    held = fresh(held)
    assert held.lease_expires_at is not None
    assert left is not None
    assert abs(held.lease_expires_at - left) < timedelta(minutes=1)
    with pytest.raises(Invalid):
        hand_in(held, "短い")
    assert hand_in(held, "十分に長い").assignment.template_version_id == newest
    told = Event.objects.get(name="assignments.moved_on")
    assert told.payload["assignments"] == [held.pk]


def test_only_answers_that_the_new_checks_refuse(cast: Cast) -> None:
    batch = plain_batch(cast, count=5, reward=10)
    texts = ["短い", "十分に長い", "短い", "十分に長い"]
    made = [hand_in(take(batch, cast.ben), text) for text in texts]
    for one in made[:2]:
        review.approve(submission_id=one.pk, by=cast.dai, now=now())
    newest = stricter(cast)
    plan = counted_plan(batch, cast, TemplateVersion.objects.get(pk=newest))
    assert (plan.received, plan.paid, plan.kept, plan.untouched, plan.tasks) == (4, 1, 1, 2, 2)
    done = mend(batch, cast, scope="failing", version_id=newest)
    assert (done.paid, done.reopened) == (1, 2)
    assert [fresh(one).set_aside for one in made] == [True, False, True, False]
    assert [fresh(one).state for one in made] == ["approved", "approved", "approved", "submitted"]
    assert fresh(made[1]).use == Use.USED


def test_values_of_what_was_set_aside_are_free_again(cast: Cast) -> None:
    batch = unique_batch(cast)
    hand_in(take(batch, cast.chie), "同じ題名")
    with pytest.raises(Invalid):
        hand_in(take(batch, cast.fumi), "同じ題名")
    mend(batch, cast)
    assert not TakenValue.objects.filter(step=step_of(batch)).exists()
    mine = Assignment.objects.get(batch=batch, worker=cast.fumi)
    assert hand_in(mine, "同じ題名").pk


def unique_batch(cast: Cast, **terms: Any) -> Batch:
    batch = plain_batch(cast, count=1, publish=False)
    check = {"id": "once", "kind": "unique_in_batch", "field": "title", "label": {"ja": "唯一", "en": "Once"}}
    templates.publish_version(
        template=Template.objects.get(company=cast.company, key="plain"),
        content={**CONTENT, "checks": [check]},
        by=None,
    )
    assert batch
    return plain_batch(cast, count=4, audience="crowd", **terms)


def test_several_answers_per_task(cast: Cast) -> None:
    batch = plain_batch(cast, count=2, answers_per_task=2, audience="crowd", reward=10)
    first = Task.objects.filter(batch=batch).earliest("position")
    mine = [claim.claim_task(task_id=first.pk, by=who, now=now()) for who in (cast.chie, cast.fumi)]
    made = [hand_in(one, f"十分に長い{one.pk}") for one in mine]
    for one in made:
        review.approve(submission_id=one.pk, by=cast.dai, now=now())
    review.accept(submission_id=made[0].pk, by=cast.dai, now=now())
    plan = repair_scope.plan(step_of(batch))
    done = mend(batch, cast)
    assert (plan.tasks, plan.cost, plan.kept) == (1, 20, 2)
    assert (done.paid, done.reopened) == (0, 1)
    again = claim.claim_task(task_id=first.pk, by=cast.chie, now=now())
    with pytest.raises(Conflict) as refused:
        claim.claim_task(task_id=first.pk, by=cast.chie, now=now())
    assert refused.value.code == "already_on_task"
    hand_in(again, "新しい答えです")
    check_books(batch)


def test_the_cap_of_a_person_forgets_what_was_set_aside(cast: Cast) -> None:
    batch = plain_batch(cast, count=3, per_worker_cap=1)
    handed_in(batch, cast.ben)
    with pytest.raises(Conflict):
        take(batch, cast.ben)
    mend(batch, cast)
    assert take(batch, cast.ben).draft == {}


def test_a_reported_task_is_its_workers_again(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    held = take(batch, cast.ben)
    reports.report_impossible(assignment_id=held.pk, reason="manual_unclear", by=cast.ben, now=now())
    mend(batch, cast)
    one = fresh(held)
    assert (one.state, one.report_due_at) == ("claimed", None)
    assert one.lease_expires_at is not None
    closed = one.reports.get()
    assert (closed.answer, closed.answered_by_id, closed.closed_at is not None) == (NOTE, cast.aya.pk, True)


def test_while_it_runs_nobody_claims_and_nobody_moves_the_batch(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    handed_in(batch, cast.ben)
    repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), **MANUAL)
    with pytest.raises(Conflict) as refused:
        take(batch, cast.ben)
    assert refused.value.code == "batch_paused"
    for act in (batches.resume, batches.close, batches.cancel, pilot.go_on):
        with pytest.raises(TenchoError) as stopped:
            act(batch_id=batch.pk, by=cast.aya, now=now())
        assert stopped.value.code == "repair_running"
    with pytest.raises(Conflict) as refused:
        repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), manual_ja="x")
    assert refused.value.code == "repair_running"
    # The clock of the batch waits as well.
    world.sweep(now() + 20 * DAY)
    assert Batch.objects.get(pk=batch.pk).state == BatchState.PAUSED
    run_pending()
    assert Batch.objects.get(pk=batch.pk).state == BatchState.OPEN


def test_a_paused_batch_stays_paused(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=now())
    mend(batch, cast)
    again = Batch.objects.get(pk=batch.pk)
    assert (again.state, again.pause_reason) == (BatchState.PAUSED, "manual")


def test_a_run_that_was_cut_off_goes_on_behind_its_last_chunk(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "CHUNK", 2)
    batch = plain_batch(cast, count=7, reward=10)
    for _ in range(7):
        handed_in(batch, cast.ben)
    made = repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), **MANUAL)
    repair._begin(made.pk)
    assert repair._chunk(made.pk, now())
    assert Repair.objects.get(pk=made.pk).paid == 2
    run_pending()
    repair.run(repair_id=made.pk)
    done = Repair.objects.get(pk=made.pk)
    assert (done.state, done.paid, done.reopened, done.tasks_done) == ("done", 7, 7, 7)
    assert Review.objects.filter(decision=Decision.EXCUSED).count() == 7
    check_books(batch)


def test_a_repair_that_failed_can_be_begun_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = plain_batch(cast, count=3)
    handed_in(batch, cast.ben)
    made = repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), **MANUAL)
    repair.give_up(repair_id=made.pk, now=now())
    stopped = Batch.objects.get(pk=batch.pk)
    assert (stopped.state, stopped.pause_reason) == (BatchState.PAUSED, "manual")
    done = mend(batch, cast, version_id=made.after_id)
    assert (done.state, done.before_id, done.paid) == ("done", made.before_id, 1)


def test_whoever_was_paid_by_a_try_that_broke_off_hears_of_it_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "CHUNK", 1)
    batch = plain_batch(cast, count=3, audience="crowd", reward=10)
    mend(batch, cast)
    for worker in (cast.chie, cast.fumi, cast.chie):
        handed_in(batch, worker)
    made = repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), manual_ja="別")
    repair._begin(made.pk)
    repair._chunk(made.pk, now())
    repair.give_up(repair_id=made.pk, now=now())
    mend(batch, cast, version_id=made.after_id)
    while dispatch_once():
        pass
    while run_readers():
        pass
    told = Notice.objects.filter(kind="set_aside").values_list("user", "params__n")
    assert sorted(told) == sorted([(cast.chie.pk, 2), (cast.fumi.pk, 1)])


def test_who_may_and_what_is_refused(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    good: dict[str, Any] = {"scope": "all", "note": NOTE, **MANUAL}
    for who, error in (
        (cast.dai, RoleMissing),
        (cast.ben, RoleMissing),
        (cast.gen, Missing),
        (cast.chie, Missing),
    ):
        with pytest.raises(error):
            repair.start(batch_id=batch.pk, by=who, now=now(), **good)
    for wrong, field in (
        ({"scope": "none"}, "scope"),
        ({"note": " "}, "note"),
        ({"note": "x" * 2001}, "note"),
        ({"manual_ja": "", "manual_en": ""}, "version"),
        ({"version_id": 999_999}, "version"),
        ({"manual_ja": "x" * 200_001}, "manual_ja"),
    ):
        with pytest.raises(Invalid) as refused:
            repair.start(batch_id=batch.pk, by=cast.aya, now=now(), **{**good, **wrong})
        found = [problem.field for problem in refused.value.fields]
        assert field in found or (field == "version" and "manual_ja" in found), (wrong, found)
    assert not Repair.objects.exists()
    batches.cancel(batch_id=batch.pk, by=cast.aya, now=now())
    with pytest.raises(IllegalMove):
        repair.start(batch_id=batch.pk, by=cast.aya, now=now(), **good)


def test_a_shipped_template_is_copied_for_the_company(cast: Cast) -> None:
    batch = make_batch(cast, count=2)
    shipped = step_of(batch).template_version
    done = mend(batch, cast)
    assert done.after.template.company == cast.company
    assert done.after.template.copied_from_id == shipped.pk
    assert (done.after.manual_ja.strip(), done.after.form) == (MANUAL["manual_ja"], shipped.form)
    assert shipped.template.versions.count() == 1
    # The next correction is a new version of the same copy.
    again = mend(batch, cast, manual_ja="もっとよい")
    assert (again.after.template, again.after.number) == (done.after.template, 2)


def test_the_worker_sees_from_which_version_their_work_comes(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    first = handed_in(batch, cast.ben)
    held = take(batch, cast.ben)
    done = mend(batch, cast)
    assert manuals.version_before(fresh(held)) == done.before
    later = take(batch, cast.ben)
    assert manuals.version_before(later) is None
    assert manuals.version_before(fresh(first)) is None


def test_set_aside_work_cannot_be_decided_again(cast: Cast) -> None:
    batch = plain_batch(cast, count=2)
    found = handed_in(batch, cast.ben)
    review.start_review(submission_id=found.pk, by=cast.dai, now=now())
    mend(batch, cast)
    cited: dict[str, Any] = {"reasons": ["true"]}
    acts: list[Any] = [
        (review.approve, {}),
        (review.reject, cited),
        (review.accept, {}),
    ]
    for act, more in acts:
        with pytest.raises(TenchoError):
            act(submission_id=found.pk, by=cast.dai, now=now(), **more)
    assert fresh(found).state == AssignmentState.APPROVED


def test_what_is_handed_in_while_it_runs_is_kept(cast: Cast) -> None:
    batch = plain_batch(cast, count=3)
    held = take(batch, cast.ben)
    made = repair.start(batch_id=batch.pk, scope="all", note=NOTE, by=cast.aya, now=now(), **MANUAL)
    found = submit.submit(
        assignment_id=held.pk, answer={"title": "良い"}, fence=held.fence, by=cast.ben, now=now()
    )
    run_pending()
    assert Repair.objects.get(pk=made.pk).paid == 0
    assert fresh(found).state == AssignmentState.SUBMITTED
    assert Slot.objects.get(pk=held.slot_id).state == "delivered"
    assert Submission.objects.filter(assignment=held).count() == 1
