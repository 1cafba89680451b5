"""How each kind of notice comes about: by what people do and by time that passes. No notifier is called."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django_tasks_db.models import DBTaskResult

from accounts.models import Membership, User
from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import (
    batches,
    hold,
    inviting,
    later_checks,
    leaving,
    pilot,
    questions,
    releases,
    repair,
    reports,
    review,
    set_aside,
    undo,
)
from tasks.domain.corrections import correct_and_approve
from tasks.models import Assignment, Batch, LaterCheck, Report
from tests.factories import Cast, products, read_file, shop_file
from tests.tasks.domain.world import DAY, HOUR, MINUTE, handed_in, plain_batch, take

NOTHING = timedelta()


@dataclass(frozen=True)
class Told:
    """Who is told, the page that the notice's link ends at, and what stands there: the right object."""

    who: User
    path: str
    shows: str
    # What a clock waits for it with.
    held: Assignment | None = None


class Stage:
    """The cast at work. Every play has a batch of its own, so that one cannot be taken for another's."""

    def __init__(self, cast: Cast, patch: pytest.MonkeyPatch) -> None:
        self.cast, self.patch = cast, patch
        self._batches = 0

    def batch(self, **terms: Any) -> Batch:
        self._batches += 1
        # No word of any language.
        usual = {"title": f"B-{self._batches:02}", "deadline": now() + 60 * DAY}
        return plain_batch(self.cast, **{**usual, **terms})

    def worker(self, held: Assignment) -> Told:
        return Told(self.cast.ben, f"/work/{held.pk}/", held.task.unit.title, held)

    def director(self, batch: Batch, path: str = "") -> Told:
        return Told(self.cast.aya, f"/batches/{batch.pk}/{path}", batch.title)


@dataclass(frozen=True)
class Play:
    """`begin` does it. Where time has to pass until it is told: `after`, with looks at clocks `between`."""

    begin: Callable[[Stage], Told]
    after: timedelta = NOTHING
    between: tuple[timedelta, ...] = ()


def _returned(stage: Stage) -> Told:
    answer = handed_in(stage.batch(), stage.cast.ben)
    review.request_changes(submission_id=answer.pk, comments={"title": "?"}, by=stage.cast.dai, now=now())
    return stage.worker(answer.assignment)


def _approved(stage: Stage) -> Told:
    answer = handed_in(stage.batch(), stage.cast.ben)
    review.approve(submission_id=answer.pk, by=stage.cast.dai, now=now())
    return stage.worker(answer.assignment)


def _corrected(stage: Stage) -> Told:
    answer = handed_in(stage.batch(), stage.cast.ben)
    correct_and_approve(submission_id=answer.pk, answer={"title": "直した"}, by=stage.cast.dai, now=now())
    return stage.worker(answer.assignment)


def _undone(stage: Stage) -> Told:
    answer = handed_in(stage.batch(), stage.cast.ben)
    review.approve(submission_id=answer.pk, by=stage.cast.dai, now=now())
    undo.undo_approval(submission_id=answer.pk, by=stage.cast.dai, now=now())
    return stage.worker(answer.assignment)


def _second_person(stage: Stage) -> Told:
    answer = handed_in(stage.batch(), stage.cast.ben)
    corrected = {**answer.answer, "contact": "03-1234-5678"}
    correct_and_approve(submission_id=answer.pk, answer=corrected, by=stage.cast.dai, now=now())
    return Told(stage.cast.aya, f"/review/{answer.pk}/", answer.assignment.task.unit.title)


def _rejected(stage: Stage) -> Told:
    answer = handed_in(stage.batch(), stage.cast.ben)
    review.reject(submission_id=answer.pk, reasons=["true"], by=stage.cast.dai, now=now())
    return stage.worker(answer.assignment)


def _long_hold(stage: Stage) -> Told:
    return stage.worker(take(stage.batch(lease_minutes=10 * 60), stage.cast.ben))


def _short_hold(stage: Stage) -> Told:
    return stage.worker(take(stage.batch(lease_minutes=60), stage.cast.ben))


def _report(stage: Stage) -> tuple[Batch, Report]:
    batch = stage.batch()
    held = take(batch, stage.cast.ben)
    made = reports.report_impossible(
        assignment_id=held.pk, reason="source_missing", by=stage.cast.ben, now=now()
    )
    return batch, made


def _reported(stage: Stage) -> Told:
    batch, report = _report(stage)
    return Told(stage.cast.aya, f"/batches/{batch.pk}/reports/", batch.title, report.assignment)


def _report_answered(stage: Stage) -> Told:
    _batch, report = _report(stage)
    reports.answer_report(report_id=report.pk, answer="OK", by=stage.cast.aya, now=now())
    return stage.worker(report.assignment)


def _report_settled(stage: Stage) -> Told:
    _batch, report = _report(stage)
    reports.agree(report_id=report.pk, by=stage.cast.aya, now=now())
    return stage.worker(report.assignment)


def _freed(stage: Stage) -> Told:
    held = take(stage.batch(), stage.cast.ben)
    hold.free(assignment_id=held.pk, reason="?", by=stage.cast.aya, now=now())
    return stage.worker(held)


def _unreviewed(stage: Stage) -> Told:
    batch = stage.batch()
    answer = handed_in(batch, stage.cast.ben)
    return Told(stage.cast.dai, f"/review/?batch={batch.pk}", batch.title, answer.assignment)


def _silent(stage: Stage) -> Told:
    batch = stage.batch()
    handed_in(batch, stage.cast.ben)
    return stage.director(batch, "tasks/?show=unseen")


def _paused(stage: Stage) -> Told:
    batch = stage.batch(count=5)
    for _ in range(5):
        held = take(batch, stage.cast.ben)
        reports.report_impossible(assignment_id=held.pk, reason="wrong_picture", by=stage.cast.ben, now=now())
    return stage.director(batch)


def _deadline(stage: Stage) -> Told:
    return stage.director(stage.batch(deadline=now() + 2 * DAY))


def _completed(stage: Stage) -> Told:
    batch = stage.batch(count=1)
    answer = handed_in(batch, stage.cast.ben)
    review.approve(submission_id=answer.pk, by=stage.cast.dai, now=now())
    return stage.director(batch, "results/")


def _repair(stage: Stage, batch: Batch) -> None:
    manual = f"New for {batch.title}"
    repair.start(batch_id=batch.pk, scope="all", note="?", manual_en=manual, by=stage.cast.aya, now=now())
    run_pending()


def _manual_changed(stage: Stage) -> Told:
    batch = stage.batch()
    held = take(batch, stage.cast.ben)
    _repair(stage, batch)
    return stage.worker(held)


def _set_aside(stage: Stage) -> Told:
    batch = stage.batch()
    handed_in(batch, stage.cast.ben)
    _repair(stage, batch)
    return Told(stage.cast.ben, "/my-work/?tab=done", batch.title)


def _repaired(stage: Stage) -> Told:
    batch = stage.batch()
    _repair(stage, batch)
    return stage.director(batch, "repair/?report=1")


def _repair_failed(stage: Stage) -> Told:
    batch = stage.batch()
    handed_in(batch, stage.cast.ben)

    def fail(*_args: Any, **_names: Any) -> None:
        raise OSError("disk full")

    with stage.patch.context() as broken:
        broken.setattr(set_aside, "set_aside", fail)
        _repair(stage, batch)
        for _attempt in range(4):
            DBTaskResult.objects.filter(status="READY").update(run_after=now())
            run_pending()
    return stage.director(batch)


def _asked(stage: Stage) -> Told:
    batch = stage.batch(audience="crowd", reward=10)
    made = questions.ask(batch_id=batch.pk, text="OK?", by=stage.cast.chie, now=now())
    return Told(stage.cast.aya, f"/questions/{made.pk}/", "OK?")


def _answered(stage: Stage) -> Told:
    batch = stage.batch(audience="crowd", reward=10)
    made = questions.ask(batch_id=batch.pk, text="OK?", by=stage.cast.chie, now=now())
    questions.reply(question_id=made.pk, text="OK!", by=stage.cast.aya, now=now())
    return Told(stage.cast.chie, f"/questions/{made.pk}/", "OK!")


def _pilot(stage: Stage) -> Told:
    batch = stage.batch(count=3, pilot_tasks=1)
    run_pending()
    answer = handed_in(batch, stage.cast.ben)
    review.approve(submission_id=answer.pk, by=stage.cast.dai, now=now())
    assert pilot.result_of(batch.steps.get()) is not None
    return stage.director(batch)


def _imported(stage: Stage) -> Told:
    return stage.director(stage.batch(publish=False), "terms/")


def _import_failed(stage: Stage) -> Told:
    batch = stage.batch(publish=False)
    batches.remove_source(batch_id=batch.pk, by=stage.cast.aya, now=now())
    read_file(batch, b"", by=stage.cast.aya)
    return stage.director(batch, "source/")


def _approved_batch(stage: Stage) -> Batch:
    batch = stage.batch()
    answer = handed_in(batch, stage.cast.ben)
    review.approve(submission_id=answer.pk, by=stage.cast.dai, now=now())
    return batch


def _released(stage: Stage) -> Told:
    batch = _approved_batch(stage)
    releases.request_release(batch_id=batch.pk, format="update", by=stage.cast.aya, now=now())
    run_pending()
    return stage.director(batch, "results/")


def _release_failed(stage: Stage) -> Told:
    """The fresh export is another shop's."""
    batch = _approved_batch(stage)
    others = [
        {**row, "handle": f"other-{row['handle']}", "sku": f"other-{row['sku']}"} for row in products(40)
    ]
    fresh = ContentFile(shop_file(others), "fresh.csv")
    releases.request_release(
        batch_id=batch.pk, format="source", fresh=fresh, fresh_name="fresh.csv", by=stage.cast.aya, now=now()
    )
    run_pending()
    return stage.director(batch, "results/")


def _later_check(stage: Stage) -> tuple[LaterCheck, Told]:
    batch = stage.batch()
    answer = handed_in(batch, stage.cast.ben)
    check = {"kind": "banned", "field": "title", "words": [batch.title], "label": {"en": batch.title}}
    later = later_checks.start(submission_id=answer.pk, check=check, by=stage.cast.aya, now=now())
    return later, Told(stage.cast.aya, f"/checks/{later.pk}/", batch.title)


def _looked_through(stage: Stage) -> Told:
    _later, told = _later_check(stage)
    run_pending()
    return told


def _look_broke_off(stage: Stage) -> Told:
    later, told = _later_check(stage)
    later_checks.give_up(later_check_id=later.pk, now=now())
    return told


def _invited(stage: Stage) -> Told:
    store, fumi = stage.cast.store, stage.cast.fumi
    inviting.invite(
        store_id=store.pk, email=fumi.email, role="reviewer", until=None, by=stage.cast.aya, now=now()
    )
    return Told(fumi, "/invitations/", store.name)


def _signed_in(stage: Stage) -> Told:
    emi = stage.cast.emi
    for agent in (
        "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
        "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0",
    ):
        Client(headers={"user-agent": agent}).post(
            "/accounts/login/", {"login": emi.email, "password": "a long password"}
        )
    return Told(emi, "/accounts/sessions/", "Chrome · Windows")


def _member_ending(stage: Stage) -> Told:
    member = Membership.objects.get(user=stage.cast.ben, store=stage.cast.store)
    leaving.change_membership(
        membership_id=member.pk, role=member.role, until=now() + 4 * DAY, by=stage.cast.aya, now=now()
    )
    return Told(stage.cast.ben, "/settings/places/", stage.cast.store.name)


# The last reminder, its mail (collected for three minutes), and what is then left of the seven days.
LAST_REMINDER = 7 * DAY * 95 / 100 + MINUTE
LAST_MAIL = LAST_REMINDER + 4 * MINUTE

PLAYS: dict[str, Play] = {
    "changes_requested": Play(_returned),
    "window_ending": Play(_returned, after=2 * DAY + MINUTE),
    "window_ended": Play(_returned, after=3 * DAY + MINUTE),
    "approved": Play(_approved),
    "corrected": Play(_corrected),
    "approval_undone": Play(_undone),
    "second_person": Play(_second_person),
    "rejected": Play(_rejected),
    "lease_ending": Play(_long_hold, after=8 * HOUR + MINUTE),
    "expired": Play(_short_hold, after=HOUR + MINUTE),
    "report_answered": Play(_report_answered),
    "report_settled": Play(_report_settled),
    "freed": Play(_freed),
    "review_due": Play(_unreviewed, after=LAST_REMINDER),
    "unseen": Play(_silent, after=LAST_MAIL + 7 * DAY * 5 / 100, between=(LAST_REMINDER, LAST_MAIL)),
    "report_received": Play(_reported),
    "paused": Play(_paused),
    "deadline_near": Play(_deadline, after=DAY + MINUTE),
    "closed": Play(_deadline, after=2 * DAY + MINUTE),
    "completed": Play(_completed),
    "manual_changed": Play(_manual_changed),
    "set_aside": Play(_set_aside),
    "question_answered": Play(_answered),
    "question_asked": Play(_asked),
    "pilot_decided": Play(_pilot),
    "repair_done": Play(_repaired),
    "repair_failed": Play(_repair_failed),
    "import_landed": Play(_imported),
    "import_failed": Play(_import_failed),
    "release_done": Play(_released),
    "release_failed": Play(_release_failed),
    "later_check_done": Play(_looked_through),
    "later_check_failed": Play(_look_broke_off),
    "invited": Play(_invited),
    "signed_in": Play(_signed_in),
    "member_ending": Play(_member_ending, after=DAY + MINUTE),
}
