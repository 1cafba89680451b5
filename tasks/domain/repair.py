"""The manual was wrong: received work is paid in full, no record is touched, affected tasks are opened again.

`start` holds claims and moves the batch on to the corrected version; a job sets the received answers aside,
some tasks to a transaction. It may be run again at any point: it goes on behind the last task it has done.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from events import record
from jobs import stopping
from kernel import clock
from kernel.errors import FieldProblem, Invalid, Text
from kernel.transitions import move_many
from tasks import jobs, topics
from tasks.answers.texts import is_storable
from tasks.domain import batches, manuals, repair_scope, set_aside
from tasks.errors import IllegalMove, legal
from tasks.models import Assignment, Batch, Repair, Report, Step, TemplateVersion
from tasks.states import OFF_TASK, RUNNING_BATCH, AssignmentState, BatchState, JobState, PauseReason

NOTE_MAX = 2000
# So many tasks are set aside in one transaction.
CHUNK = 100


@transaction.atomic
def start(
    *,
    batch_id: int,
    scope: str,
    note: str,
    by: User,
    now: datetime,
    version_id: int | None = None,
    manual_ja: str | None = None,
    manual_en: str | None = None,
) -> Repair:
    """Begins a repair with a newer version of the template or with a corrected manual, told in `note`.

    Raises `Missing`, `RoleMissing`, `IllegalMove` for a batch that is not running, `Conflict` while another
    repair runs, and `Invalid` (scope, note, version, manual).
    """
    batch = batches.lock_batch(batch_id, by, now)
    if batch.state not in RUNNING_BATCH:
        raise IllegalMove(batch.state, "repair")
    batches.require_undisturbed(batch)
    step = step_of(batch)
    _check(scope, note)
    before = step.template_version
    after = _version(step, version_id, manual_ja, manual_en, by, note)
    if after.pk == before.pk:
        before = _before_of_failed(batch, after)
    repair = Repair(
        batch=batch, step=step, before=before, after=after, scope=scope, note=note.strip(), created_by=by
    )
    repair.created_at, repair.paused_before = now, batch.pause_reason
    _hold_claims(batch, by, now)
    manuals.move_step(step, after, actor=by.pk)
    _answer_reports(repair, now)
    step.pilot_decided_at = None
    step.save(update_fields=["pilot_decided_at"])
    repair.tasks_total = repair_scope.received(step, after).values("task").distinct().count()
    repair.save()
    _tell(repair, "repair.started", actor=by.pk)
    jobs.run_repair.enqueue(repair.pk)
    return repair


def check(
    *,
    step: Step,
    scope: str,
    note: str,
    version_id: int | None = None,
    manual_ja: str | None = None,
    manual_en: str | None = None,
) -> TemplateVersion:
    """The version that `start` would go on with, unsaved if it is to be made. Raises `Invalid` like it."""
    _check(scope, note)
    now_used = step.template_version
    if version_id is not None:
        after = _newer(step, version_id)
        if after.pk == now_used.pk:
            _before_of_failed(step.batch, after)
        return after
    texts = _texts(now_used, manual_ja, manual_en)
    if not manuals.differs(now_used, **texts):
        raise _unchanged()
    return manuals.with_manual(now_used, **texts)


def step_of(batch: Batch) -> Step:
    rows = batch.steps.select_related("batch__store__company", "template_version__template")
    return rows.get(position=1)


def _check(scope: str, note: str) -> None:
    problems = []
    if scope not in Repair.Scope.values:
        problems.append(FieldProblem("scope", "unknown", _("Choose which work is to be done again.")))
    if not note.strip():
        problems.append(FieldProblem("note", "required", _("Tell the workers what was wrong.")))
    elif len(note) > NOTE_MAX or not is_storable(note):
        problems.append(FieldProblem("note", "too_long", _("Write at most 2,000 characters.")))
    if problems:
        raise Invalid("repair_invalid", _("The manual could not be corrected."), fields=problems)


def _version(
    step: Step, version_id: int | None, manual_ja: str | None, manual_en: str | None, by: User, note: str
) -> TemplateVersion:
    if version_id is not None:
        return _newer(step, version_id)
    now_used = step.template_version
    company = step.batch.store.company
    texts = _texts(now_used, manual_ja, manual_en)
    return manuals.publish_manual(version=now_used, company=company, by=by, note=note.strip(), **texts)


def _texts(now_used: TemplateVersion, manual_ja: str | None, manual_en: str | None) -> dict[str, str]:
    """A language that is not named stays as it is."""
    return {
        "manual_ja": now_used.manual_ja if manual_ja is None else manual_ja,
        "manual_en": now_used.manual_en if manual_en is None else manual_en,
    }


def _newer(step: Step, version_id: int) -> TemplateVersion:
    if version_id == step.template_version_id:
        return step.template_version
    found = manuals.newer_versions(step).filter(pk=version_id).first()
    if found is None:
        raise _invalid("unknown", _("There is no newer version of this template by that number."))
    return found


def _before_of_failed(batch: Batch, after: TemplateVersion) -> TemplateVersion:
    """A repair that broke off is begun again with the version that it had moved on to."""
    failed = Repair.objects.filter(batch=batch, after=after, state=JobState.FAILED).order_by("-pk").first()
    if failed is None:
        raise _unchanged()
    return failed.before


def _unchanged() -> Invalid:
    return _invalid("unchanged", _("The manual is the same as before. Correct it first."))


def _invalid(code: str, message: Text) -> Invalid:
    fields = [FieldProblem("version", code, message)]
    return Invalid("repair_invalid", _("The manual could not be corrected."), fields=fields)


def _hold_claims(batch: Batch, by: User, now: datetime) -> None:
    if batch.state == BatchState.OPEN:
        batches.hold_claims(batch, reason=PauseReason.REPAIR, actor=by.pk, now=now)
    else:
        batch.pause_reason = PauseReason.REPAIR
        batch.save(update_fields=["state", "pause_reason"])


def _answer_reports(repair: Repair, now: datetime) -> None:
    """Whoever reported a task as impossible has it again, with a whole lease and the note as the answer."""
    reported = Assignment.objects.filter(step=repair.step, state=AssignmentState.REPORTED)
    ids = list(reported.values_list("pk", flat=True))
    lease = timedelta(minutes=repair.step.lease_minutes)
    move_many(
        Assignment.objects.filter(pk__in=ids),
        "answer_report",
        record_chunk=_told_with_the_version,
        set_fields={"report_due_at": None, "lease_expires_at": None, "lease_remaining": lease},
        wait=True,
    )
    open_reports = Report.objects.filter(assignment__in=ids, closed_at=None)
    open_reports.update(answer=repair.note, answered_by=repair.created_by, closed_at=now)


def _told_with_the_version(ids: list[int]) -> None:
    """Their event is `assignments.moved_on`."""


# The job's side


def run(*, repair_id: int) -> None:
    """Sets aside what was received, task by task. Safe to run again, also after a crash."""
    repair = _begin(repair_id)
    while repair is not None:
        while manuals.move_ended_holds(repair.step, repair.after):
            stopping()
        while _chunk(repair_id, clock.now()):
            stopping()
        if _finish(repair_id, clock.now()):
            return


@transaction.atomic
def _begin(repair_id: int) -> Repair | None:
    repair = _lock(repair_id)
    if repair.state in (JobState.DONE, JobState.FAILED):
        return None
    with legal(repair.state, "start"):
        repair.start()
    repair.save(update_fields=["state"])
    return repair


def _lock(repair_id: int) -> Repair:
    rows = Repair.objects.select_for_update(of=("self",))
    return rows.select_related(
        "batch__store", "step__batch__store", "after__template", "before", "created_by"
    ).get(pk=repair_id)


@transaction.atomic
def _chunk(repair_id: int, now: datetime) -> bool:
    """Does the next tasks; False when none is left."""
    repair = _lock(repair_id)
    if repair.state != JobState.RUNNING:
        return False
    received = repair_scope.received(repair.step, repair.after).filter(task__gt=repair.cursor)
    tasks = list(received.order_by("task").values_list("task", flat=True).distinct()[:CHUNK])
    if not tasks:
        return False
    rows = list(received.filter(task__in=tasks).select_for_update(of=("self",)).order_by("pk"))
    chosen = list(repair_scope.chosen(rows, repair.scope, repair.after))
    done = set_aside.set_aside(chosen, repair, now=now)
    repair.cursor, repair.tasks_done = tasks[-1], repair.tasks_done + len(tasks)
    repair.paid, repair.reopened = repair.paid + done.paid, repair.reopened + done.tasks
    repair.save(update_fields=["state", "cursor", "tasks_done", "paid", "reopened"])
    heard = topics.of_batch(repair.batch)
    told: dict[str, Any] = {"batch": repair.batch_id, "repair": repair.pk}
    if chosen:
        heard += [
            f"review.store.{repair.batch.store_id}",
            *sorted({f"user.{one.worker_id}" for one in chosen}),
        ]
        ids = [one.pk for one in chosen]
        record("repair.set_aside", topics=heard, actor=None, assignments=ids, **told)
    else:
        record("repair.progressed", topics=heard, actor=None, **told)
    return True


@transaction.atomic
def _finish(repair_id: int, now: datetime) -> bool:
    """Lets the batch go on as it was; False if a hold of the last moment is still on the old version."""
    batch = Batch.objects.select_for_update(of=("self",)).select_related("store").get(repairs=repair_id)
    repair = _lock(repair_id)
    if repair.state != JobState.RUNNING:
        return True
    if manuals.not_yet_on(repair.step, repair.after, (*manuals.HELD, *OFF_TASK)).exists():
        manuals.move_step(repair.step, repair.after, actor=None)
        return False
    with legal(repair.state, "finish"):
        repair.finish()
    repair.finished_at = now
    repair.save(update_fields=["state", "finished_at"])
    if repair.paused_before:
        batch.pause_reason = repair.paused_before
        batch.save(update_fields=["state", "pause_reason"])
    else:
        batches.run_on(batch, actor=None, now=now)
    _tell(repair, "repair.done", actor=None)
    return True


@transaction.atomic
def give_up(*, repair_id: int, now: datetime) -> None:
    """The job failed for good: the batch stays paused, and its director may begin again."""
    batch = Batch.objects.select_for_update(of=("self",)).select_related("store").get(repairs=repair_id)
    repair = _lock(repair_id)
    if repair.state in (JobState.DONE, JobState.FAILED):
        return
    with legal(repair.state, "fail"):
        repair.fail()
    repair.finished_at = now
    repair.save(update_fields=["state", "finished_at"])
    batch.pause_reason = PauseReason.MANUAL
    batch.save(update_fields=["state", "pause_reason"])
    _tell(repair, "repair.failed", actor=None)


def _tell(repair: Repair, name: str, *, actor: int | None) -> None:
    heard = [*topics.of_batch(repair.batch), topics.of_offer(repair.step)]
    told: dict[str, Any] = {"batch": repair.batch_id, "repair": repair.pk}
    record(name, topics=heard, actor=actor, **told)
