"""Result files: what the shop takes back. Asked for here, written by a job."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.domain.queries import has_role
from accounts.models import User
from events import record
from exchange.merge import Written, write_update, write_whole
from exchange.people import write_jsonl, write_people_csv
from exchange.shopify import open_source
from jobs import stopping
from kernel import clock
from kernel.errors import Conflict, FieldProblem, Invalid
from tasks import jobs, rules, topics
from tasks.answers.schema import parse_form
from tasks.domain.queries import visible_batches
from tasks.errors import Missing, RoleMissing, legal
from tasks.models import Assignment, Batch, Import, Release, Submission, Unit
from tasks.states import UNDECIDED, BatchState, JobState, Use

READ_AT_ONCE = 500


@transaction.atomic
def request_release(*, batch_id: int, format: str, by: User, now: datetime) -> Release:
    """Queues a result file. `Missing`, `RoleMissing`, `Invalid` (unknown format), `Conflict` if empty."""
    batch = visible_batches(by, now).filter(pk=batch_id).first()
    if batch is None:
        raise Missing
    if not has_role(by, batch.store_id, now, *rules.DIRECT_ROLES):
        raise RoleMissing
    if format not in Release.Format.values:
        problem = FieldProblem("format", "unknown", _("Choose update, source, csv or jsonl."))
        raise Invalid("release_invalid", _("There is no result of this kind."), fields=[problem])
    if batch.state == BatchState.DRAFT:
        raise Conflict("batch_not_published", _("A draft has no results yet."))
    if format != Release.Format.SOURCE and not used(batch.pk).exists():
        raise Conflict("nothing_to_release", _("No answer has been approved for use yet."))
    release = Release.objects.create(batch=batch, format=format, created_by=by)
    told: dict[str, Any] = {"batch": batch.pk, "release": release.pk}
    record("release.queued", topics=topics.of_batch(batch), actor=by.pk, **told)
    jobs.write_release.enqueue(release.pk)
    return release


def used(batch_id: int) -> Any:
    """Assignments whose answer is used: neither silent approvals nor the others of several answers."""
    return Assignment.objects.filter(batch_id=batch_id, use=Use.USED)


def run_release(*, release_id: int) -> None:
    """Writes the file. Safe to run again: only a finished file is named."""
    release = _begin(release_id)
    if release is None:
        return
    with tempfile.TemporaryFile() as out:
        facts = _write(release, out)
        stopping()
        out.seek(0)
        name = file_name(release)
        release.file.save(name, File(out), save=False)
    _finish(release, name, facts)


@transaction.atomic
def _begin(release_id: int) -> Release | None:
    rows = Release.objects.select_for_update(of=("self",)).select_related("batch__store", "created_by")
    release = rows.get(pk=release_id)
    if release.state in (JobState.DONE, JobState.FAILED):
        return None
    with legal(release.state, "start"):
        release.start()
    release.answers_done = 0
    release.answers = used(release.batch_id).count()
    release.save()
    return release


class Answers:
    """The used answers of a batch as they were at one moment: unit key → submission.

    The ids are read once, the answers when asked for; submissions never change.
    """

    def __init__(self, release: Release) -> None:
        last = used(release.batch_id).annotate(last=Max("submissions__number"))
        rows = last.filter(submissions__number=F("last")).order_by("task__position")
        self.ids: dict[str, int] = dict(rows.values_list("task__unit__key", "submissions__pk"))
        self.release = release
        self._columns: dict[int, dict[str, str]] = {}

    def __call__(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Unit key → logical column → text, for those of `keys` that have a used answer."""
        by_id = {self.ids[key]: key for key in keys if key in self.ids}
        found = Submission.objects.filter(pk__in=by_id).select_related("assignment__template_version")
        return {by_id[submission.pk]: self._cells(submission) for submission in found}

    def _cells(self, submission: Submission) -> dict[str, str]:
        version = submission.assignment.template_version
        if version.pk not in self._columns:
            self._columns[version.pk] = parse_form(version.form).columns()
        columns = self._columns[version.pk]
        return {
            columns[field]: _text(value)
            for field, value in submission.answer.items()
            if field in columns and _text(value)
        }

    def rows(self) -> Iterator[Submission]:
        ids = list(self.ids.values())
        for start in range(0, len(ids), READ_AT_ONCE):
            chunk = ids[start : start + READ_AT_ONCE]
            found = Submission.objects.select_related("assignment__task__unit", "assignment__worker").in_bulk(
                chunk
            )
            yield from (found[pk] for pk in chunk)
            stopping()


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _write(release: Release, out: BinaryIO) -> dict[str, Any]:
    answers = Answers(release)
    if release.format == Release.Format.CSV:
        return {"answers": _write_csv(release, answers, out), "cells": 0, "warnings": []}
    if release.format == Release.Format.JSONL:
        rows = (_as_line(submission) for submission in answers.rows())
        return {"answers": write_jsonl(rows, out), "cells": 0, "warnings": []}
    source = source_of(release.batch)
    write = write_update if release.format == Release.Format.UPDATE else write_whole
    with source.file.open("rb") as file:
        written = write(file, open_source(file), answers, out)
    return {
        "answers": written.products,
        "cells": written.cells,
        "warnings": _warnings(release, source, written),
    }


def source_of(batch: Batch) -> Import:
    """The file the batch was made from (all its imports read the same one)."""
    unit = Unit.objects.filter(batch=batch, source__state=JobState.DONE).select_related("source").first()
    assert unit is not None, "a published batch has units"
    return unit.source


def _warnings(release: Release, source: Import, written: Written) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if release.format == Release.Format.SOURCE:
        hours = int((clock.now() - source.created_at).total_seconds() // 3600)
        found.append({"code": "source_age", "params": {"hours": hours, "at": source.created_at.isoformat()}})
    for column, n in sorted(written.left_out.items()):
        found.append({"code": "column_missing", "params": {"column": column, "n": n}})
    unseen = Assignment.objects.filter(batch_id=release.batch_id, use=Use.UNSEEN).count()
    if unseen:
        found.append({"code": "unseen_left_out", "params": {"n": unseen}})
    waiting = Assignment.objects.filter(batch_id=release.batch_id, state__in=UNDECIDED).count()
    if waiting:
        found.append({"code": "undecided_left_out", "params": {"n": waiting}})
    return found


def _write_csv(release: Release, answers: Answers, out: BinaryIO) -> int:
    step = release.batch.steps.select_related("template_version").get(position=1)
    form = parse_form(step.template_version.form)
    with override(release.created_by.language), timezone.override(release.created_by.zone):
        header = [
            translate("Key"),
            translate("Product"),
            *(str(field.label) for field in form.fields),
            translate("Worker"),
            translate("Submitted"),
        ]
        rows = (_as_row(submission, [field.name for field in form.fields]) for submission in answers.rows())
        return write_people_csv(rows, header, out)


def _as_row(submission: Submission, names: list[str]) -> list[str]:
    unit = submission.assignment.task.unit
    cells = [_text(submission.answer.get(name, "")) for name in names]
    at = timezone.localtime(submission.created_at).strftime("%Y-%m-%d %H:%M")
    return [unit.key, unit.title, *cells, str(submission.assignment.worker), at]


def _as_line(submission: Submission) -> dict[str, Any]:
    assignment = submission.assignment
    return {
        "key": assignment.task.unit.key,
        "task": assignment.task_id,
        "submission": submission.pk,
        "worker": assignment.worker_id,
        "submitted_at": submission.created_at.isoformat(),
        "answer": submission.answer,
    }


@transaction.atomic
def _finish(release: Release, name: str, facts: dict[str, Any]) -> None:
    locked = Release.objects.select_for_update(of=("self",)).select_related("batch").get(pk=release.pk)
    if locked.state != JobState.RUNNING:
        return
    with legal(locked.state, "finish"):
        locked.finish()
    locked.file, locked.name, locked.size = release.file.name, name, release.file.size
    locked.answers = locked.answers_done = facts["answers"]
    locked.cells, locked.warnings = facts["cells"], facts["warnings"]
    locked.finished_at = clock.now()
    locked.save()
    told: dict[str, Any] = {"batch": locked.batch_id, "release": locked.pk}
    record("release.done", topics=topics.of_batch(locked.batch), actor=locked.created_by_id, **told)


def file_name(release: Release) -> str:
    """ASCII, so that every browser and mall takes it."""
    ending = {"csv": "csv", "jsonl": "jsonl"}.get(release.format, "csv")
    stamp = timezone.localtime(clock.now(), release.created_by.zone).strftime("%Y%m%d-%H%M")
    return f"tencho-{release.batch_id}-{release.format}-{stamp}.{ending}"


@transaction.atomic
def give_up(*, release_id: int, now: datetime) -> None:
    """The job failed for good."""
    release = Release.objects.select_for_update(of=("self",)).select_related("batch").get(pk=release_id)
    if release.state in (JobState.DONE, JobState.FAILED):
        return
    with legal(release.state, "fail"):
        release.fail()
    release.error = {"code": "internal", "params": {}}
    release.finished_at = now
    release.save()
    told: dict[str, Any] = {"batch": release.batch_id, "release": release.pk, "code": "internal"}
    record("release.failed", topics=topics.of_batch(release.batch), actor=release.created_by_id, **told)
