"""Everything that can happen to work, as shortly as it can be told: each event of the room at least once."""

from datetime import datetime

import pytest
from django.core.files.base import ContentFile

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import (
    batches,
    hold,
    imports,
    later_checks,
    manuals,
    operations,
    pilot,
    releases,
    repair,
    repair_plans,
    reports,
    review,
    template_make,
    undo,
    uploaded,
    uploads,
    waiting,
)
from tasks.models import Assignment, Report
from tasks.states import ReportReason
from tests.factories import Cast, picture, read_file
from tests.tasks.domain import world
from tests.tasks.domain.world import DAY, HOUR, handed_in, plain_batch, take


def everything_happens(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    start = now()
    monkeypatch.setattr(imports, "PROGRESS_EVERY_SECONDS", 0)
    _working_life(cast, start)
    # So that a pilot of three tasks is a large one, which jobs set up and end.
    with monkeypatch.context() as small:
        small.setattr(waiting, "CHUNK", 1)
        _pilot(cast, start)
    _reports(cast, start)
    _undone(cast, start)
    _corrected_manual(cast, start)
    _template(cast, start)
    _later_check(cast, start)
    _plan(cast, start)


def _working_life(cast: Cast, start: datetime) -> None:
    """From the first claim to the last file."""
    batch = plain_batch(cast, count=8, deadline=start + 30 * DAY, title="old")
    batches.change_batch(batch_id=batch.pk, changes={"title": "new"}, by=cast.aya, now=start)
    hold.extend(assignment_id=take(batch, cast.ben, start).pk, by=cast.ben, now=start)
    hold.release(assignment_id=take(batch, cast.ben, start).pk, by=cast.ben, now=start)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=start)
    late = Assignment.objects.filter(batch=batch, state="claimed")
    late.update(lease_expires_at=start, lease_remaining=None)
    world.sweep(start)
    batches.resume(batch_id=batch.pk, by=cast.aya, now=start)
    returned, refused, seen, silent = (handed_in(batch, cast.ben, start) for _ in range(4))
    review.start_review(submission_id=seen.pk, by=cast.dai, now=start)
    review.stop_review(submission_id=seen.pk, by=cast.dai, now=start)
    review.request_changes(submission_id=returned.pk, comments={"title": "?"}, by=cast.dai, now=start)
    review.reject(submission_id=refused.pk, reasons=["true"], by=cast.dai, now=start)
    review.approve(submission_id=seen.pk, by=cast.dai, now=start)
    take(plain_batch(cast, lease_minutes=600), cast.ben, start)
    world.sweep(start + 9 * HOUR)
    world.sweep(start + 60 * HOUR)
    for day in (1, 5, 8, 16):
        world.sweep(start + day * DAY)
    review.accept(submission_id=silent.pk, by=cast.dai, now=start + 16 * DAY)
    Assignment.objects.filter(pk=returned.assignment_id).update(decided_at=start)
    world.sweep(start + 16 * DAY)
    world.sweep(start + 29 * DAY + HOUR)
    world.sweep(start + 30 * DAY)
    run_pending()
    batches.cancel(batch_id=plain_batch(cast, count=1).pk, by=cast.aya, now=start)
    empty = plain_batch(cast, publish=False)
    batches.remove_source(batch_id=empty.pk, by=cast.aya, now=start)
    read_file(empty, b"", by=cast.aya)
    releases.request_release(batch_id=batch.pk, format="csv", by=cast.aya, now=start)
    written = releases.request_release(batch_id=batch.pk, format="update", by=cast.aya, now=start)
    run_pending()
    uploaded.mark_uploaded(release_id=written.pk, by=cast.aya, now=start)
    uploaded.mark_not_uploaded(release_id=written.pk, by=cast.aya, now=start)
    broken = releases.request_release(batch_id=batch.pk, format="csv", by=cast.aya, now=start)
    releases.give_up(release_id=broken.pk, now=start)
    uploads.keep_image(file=ContentFile(picture(), "a.png"), name="a.png", by=cast.ben, now=start)


def _pilot(cast: Cast, start: datetime) -> None:
    batch = plain_batch(cast, count=3, pilot_tasks=1)
    run_pending()
    review.approve(submission_id=handed_in(batch, cast.ben, start).pk, by=cast.dai, now=start)
    world.sweep(start)
    pilot.go_on(batch_id=batch.pk, by=cast.aya, now=start)
    run_pending()


def _reports(cast: Cast, start: datetime) -> None:
    """A report is answered, the next one agreed with; another hold is freed."""
    batch = plain_batch(cast)
    held = take(batch, cast.ben, start)
    first = _reported(held, start)
    reports.answer_report(report_id=first.pk, answer="?", by=cast.aya, now=start)
    second = _reported(held, start)
    reports.agree(report_id=second.pk, by=cast.aya, now=start)
    hold.free(assignment_id=take(batch, cast.ben, start).pk, reason="?", by=cast.aya, now=start)


def _reported(held: Assignment, start: datetime) -> Report:
    return reports.report_impossible(
        assignment_id=held.pk, reason=ReportReason.WRONG_PICTURE, by=held.worker, now=start
    )


def _undone(cast: Cast, start: datetime) -> None:
    answer = handed_in(plain_batch(cast), cast.ben, start)
    review.approve(submission_id=answer.pk, by=cast.dai, now=start)
    undo.undo_approval(submission_id=answer.pk, by=cast.dai, now=start)


def _corrected_manual(cast: Cast, start: datetime) -> None:
    batch = plain_batch(cast)
    take(batch, cast.ben, start)
    repair.start(batch_id=batch.pk, scope="all", note="?", manual_en="New", by=cast.aya, now=start)
    run_pending()
    handed_in(batch, cast.ben, start)
    version = manuals.step_of(batch.pk).template_version
    repair_plans.ask(batch_id=batch.pk, judge=version, corrected=True, by=cast.aya, now=start)
    run_pending()
    batches.close(batch_id=batch.pk, by=cast.aya, now=start)
    run_pending()
    repair.start(batch_id=batch.pk, scope="all", note="?", manual_en="Newer", by=cast.aya, now=start)
    run_pending()


def _template(cast: Cast, start: datetime) -> None:
    made = template_make.create_template(store_id=cast.store.pk, title="own", by=cast.aya, now=start)
    template_make.archive_template(template_id=made.pk, by=cast.aya, now=start)
    template_make.unarchive_template(template_id=made.pk, by=cast.aya, now=start)


def _later_check(cast: Cast, start: datetime) -> None:
    """One that finds an answer, which then goes into a file; one that breaks off."""
    batch = plain_batch(cast)
    answer = handed_in(batch, cast.ben, start)
    review.approve(submission_id=answer.pk, by=cast.dai, now=start)
    check = {"kind": "length", "field": "title", "max": 1}
    later_checks.start(submission_id=answer.pk, check=check, by=cast.aya, now=start)
    run_pending()
    releases.request_release(batch_id=batch.pk, format="update", by=cast.aya, now=start)
    while run_pending():
        pass
    broken = later_checks.start(submission_id=answer.pk, check=check, by=cast.aya, now=start)
    later_checks.give_up(later_check_id=broken.pk, now=start)


def _plan(cast: Cast, start: datetime) -> None:
    said = {"new-listing": {"volume": 40}}
    operations.change_operations(store_id=cast.store.pk, changes=said, by=cast.aya, now=start)
    operations.set_terms(store_id=cast.store.pk, hourly_wage=1800, review_percent=10, by=cast.aya, now=start)
