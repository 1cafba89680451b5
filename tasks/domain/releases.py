"""Result files: what the shop takes back. Asked for here, written by a job."""

import tempfile
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import has_role
from accounts.models import User
from events import record
from exchange.csvbytes import LIMITS
from exchange.errors import FileRefused
from exchange.layout import product_layouts
from exchange.merge import NotEncodable
from jobs import stopping
from kernel import clock
from kernel.errors import Conflict, FieldProblem, Invalid, Text
from tasks import jobs, rules, topics
from tasks.domain import release_cells, release_part, uploaded
from tasks.domain.queries import visible_batches
from tasks.domain.release_answers import used
from tasks.domain.release_fresh import FreshRefused
from tasks.domain.release_sources import source_of
from tasks.domain.release_writing import Outcome, write
from tasks.errors import Missing, RoleMissing, legal
from tasks.models import Batch, Release
from tasks.states import BatchState, JobState

Format = Release.Format
# Tencho's own lists; other formats are written as the shop's file was.
ENDINGS = {Format.CSV: "csv", Format.JSONL: "jsonl"}


@transaction.atomic
def request_release(
    *,
    batch_id: int,
    format: str,
    by: User,
    now: datetime,
    restores: int | None = None,
    since_uploaded: bool = False,
    fresh: File | None = None,  # type: ignore[type-arg]  # an upload is always bytes
    fresh_name: str = "",
    overwrite: bool = False,
    answers: Collection[int] | None = None,
    later_check: int | None = None,
) -> Release:
    """Queues a result file.

    `restores`: the release whose previous values a restore file puts back. `since_uploaded`: an update file
    of what the uploaded files do not have yet. `fresh`: an export of the shop of now (at most 15 MB) that the
    file is made from; cells that the shop changed itself stay as they are there, unless `overwrite`.
    `answers`, `later_check`: a restore file of these alone (`release_part.choose`).

    Raises `Missing`, `RoleMissing`, `Invalid` (format, restores, since_uploaded, fresh, answers,
    later_check), and `Conflict` for a draft, no answers, nothing to restore, or nothing uploaded yet.
    """
    batch = visible_batches(by, now).filter(pk=batch_id).first()
    if batch is None:
        raise Missing
    if not has_role(by, batch.store_id, now, *rules.DIRECT_ROLES):
        raise RoleMissing
    _check_choices(format, restores, since_uploaded, fresh, overwrite)
    if batch.state == BatchState.DRAFT:
        raise Conflict("batch_not_published", _("A draft has no results yet."))
    if format not in (Format.SOURCE, Format.RESTORE) and not used(batch.pk).exists():
        raise Conflict("nothing_to_release", _("No answer has been approved for use yet."))
    if since_uploaded and not uploaded.in_order(batch.pk):
        raise Conflict("nothing_uploaded", _("No file of this batch is ticked off as uploaded yet."))
    release = Release(
        batch=batch,
        format=format,
        created_by=by,
        restores=_restorable(batch, restores),
        since_uploaded=since_uploaded,
        overwrite=overwrite,
    )
    release_part.choose(release, answers=answers, later_check=later_check, by=by, now=now)
    if fresh is not None:
        release.fresh_name = fresh_name[-255:]
        release.fresh.save("fresh.csv", fresh, save=False)
    release.save()
    told: dict[str, Any] = {"batch": batch.pk, "release": release.pk}
    record("release.queued", topics=topics.of_batch(batch), actor=by.pk, **told)
    jobs.write_release.enqueue(release.pk)
    return release


def _check_choices(format: str, restores: int | None, since: bool, fresh: Any, overwrite: bool) -> None:
    if format not in Format.values:
        raise _invalid("format", "unknown", _("Choose update, source, restore, csv or jsonl."))
    if (format == Format.RESTORE) != (restores is not None):
        raise _invalid(
            "restores", "unknown", _("Name the file to be taken back, and only for a restore file.")
        )
    if since and format != Format.UPDATE:
        raise _invalid("since_uploaded", "unknown", _("Only an update file can hold just what is new."))
    if (fresh is not None or overwrite) and format not in uploaded.FOR_THE_SHOP:
        raise _invalid("fresh", "unknown", _("A fresh export is for files that the shop imports."))
    if fresh is not None and (fresh.size or 0) > LIMITS.file_bytes:
        raise _invalid("fresh", "file_too_big", _("The file is larger than 15 MB."))


def _invalid(field: str, code: str, message: Text) -> Invalid:
    problem = FieldProblem(field, code, message)
    return Invalid("release_invalid", _("There is no result of this kind."), fields=[problem])


def _restorable(batch: Batch, restores: int | None) -> Release | None:
    if restores is None:
        return None
    found = batch.releases.filter(pk=restores, state=JobState.DONE).first()
    if found is None or found.format not in (Format.UPDATE, Format.SOURCE):
        raise _invalid("restores", "unknown", _("Choose an update file or whole file of this batch."))
    if not found.cells:
        raise Conflict("nothing_to_restore", _("That file changes nothing, so there is nothing to put back."))
    return found


# The job's side


def run_release(*, release_id: int) -> None:
    """Writes the file. Safe to run again: what an earlier run staged is removed, only a finished file is
    named. A file that is refused leaves only its report."""
    release = _begin(release_id)
    if release is None:
        return
    release_cells.clear(release.pk)
    with tempfile.TemporaryFile() as out:
        try:
            outcome = write(release, out)
        except (FileRefused, FreshRefused, NotEncodable) as refused:
            _fail(release_id, report_of(refused), clock.now())
            return
        stopping()
        out.seek(0)
        name = file_name(release)
        release.file.save(name, File(out), save=False)
    _finish(release, name, outcome)


@transaction.atomic
def _begin(release_id: int) -> Release | None:
    rows = Release.objects.select_for_update(of=("self",))
    release = rows.select_related("batch__store", "created_by", "restores__batch").get(pk=release_id)
    if release.state in (JobState.DONE, JobState.FAILED):
        return None
    with legal(release.state, "start"):
        release.start()
    release.answers_done = 0
    release.answers = used(release.batch_id).count()
    release.save()
    return release


@transaction.atomic
def _finish(release: Release, name: str, outcome: Outcome) -> None:
    locked = Release.objects.select_for_update(of=("self",)).select_related("batch").get(pk=release.pk)
    if locked.state != JobState.RUNNING:
        return
    with legal(locked.state, "finish"):
        locked.finish()
    locked.file, locked.name, locked.size = release.file.name, name, release.file.size
    locked.answers = locked.answers_done = outcome.answers
    locked.cells, locked.warnings = outcome.cells, outcome.warnings
    locked.drift_count, locked.facts = outcome.drift_count, outcome.facts
    locked.finished_at = clock.now()
    locked.save()
    told: dict[str, Any] = {"batch": locked.batch_id, "release": locked.pk}
    record("release.done", topics=topics.of_batch(locked.batch), actor=locked.created_by_id, **told)
    if locked.cells:
        jobs.refresh_places.enqueue(locked.pk)


def file_name(release: Release) -> str:
    """ASCII, so that every browser and mall takes it."""
    ending = ENDINGS.get(Format(release.format)) or _ending_of_source(release.batch)
    stamp = timezone.localtime(clock.now(), release.created_by.zone).strftime("%Y%m%d-%H%M")
    return f"tencho-{release.batch_id}-{release.format}-{stamp}.{ending}"


def _ending_of_source(batch: Batch) -> str:
    source = source_of(batch)
    if source.mapping:
        return source.mapping.kind
    # Every dialect of a format is written to the same kind of file.
    return product_layouts(source.format)[0].ending


def report_of(refused: FileRefused | FreshRefused | NotEncodable) -> dict[str, Any]:
    """What is kept of a refusal; `tasks.texts.release_problem` words it."""
    if isinstance(refused, FileRefused):
        return refused.as_json()
    if isinstance(refused, FreshRefused):
        return {"code": refused.code, "params": refused.params}
    places = [place._asdict() for place in refused.places]
    params = {"encoding": refused.encoding, "total": refused.total, "places": places}
    return {"code": "not_encodable", "params": params}


def give_up(*, release_id: int, now: datetime) -> None:
    """The job failed for good."""
    _fail(release_id, {"code": "internal", "params": {}}, now)


@transaction.atomic
def _fail(release_id: int, error: dict[str, Any], now: datetime) -> None:
    """Nothing of it stays but the report: a job of its own removes what was staged, however much."""
    release = Release.objects.select_for_update(of=("self",)).select_related("batch").get(pk=release_id)
    if release.state in (JobState.DONE, JobState.FAILED):
        return
    with legal(release.state, "fail"):
        release.fail()
    release.error = error
    release.finished_at = now
    release.save()
    told: dict[str, Any] = {"batch": release.batch_id, "release": release.pk, "code": error["code"]}
    jobs.clear_release.enqueue(release.pk)
    record("release.failed", topics=topics.of_batch(release.batch), actor=release.created_by_id, **told)
