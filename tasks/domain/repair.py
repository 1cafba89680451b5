"""The manual was wrong: received work is paid in full, no record is touched, affected tasks are opened again.

`start` holds claims and moves the batch on to the corrected version; a job sets the received answers aside,
some tasks to a transaction. It may be run again at any point: it goes on behind the last task it has done.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from events import record
from jobs import stopping
from kernel import clock
from kernel.transitions import move_many
from tasks import jobs, topics
from tasks.domain import batches, manuals, repair_choice, repair_scope, set_aside
from tasks.errors import IllegalMove, legal
from tasks.models import Assignment, Batch, Repair, Report, Slot, Step
from tasks.states import (
    ENDED_BATCH,
    OFF_TASK,
    REPAIRABLE_BATCH,
    AssignmentState,
    BatchState,
    JobState,
    PauseReason,
    SlotState,
)

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
    deadline: datetime | None = None,
) -> Repair:
    """Begins a repair with a newer version of the template, or with a manual corrected on it; see
    `repair_choice.check`.

    A batch that has ended is reopened for it. `deadline`: the new one, needed where the old one is over.
    Raises `Missing`, `RoleMissing`, `IllegalMove` for a batch that cannot be repaired, `Conflict` while
    another repair runs, while a batch is still ending and where an ended one has received nothing, and
    `Invalid`.
    """
    batch = batches.lock_batch(batch_id, by, now)
    if batch.state not in REPAIRABLE_BATCH:
        raise IllegalMove(batch.state, "repair")
    batches.require_undisturbed(batch)
    step = manuals.step_of(batch.pk)
    repair_choice.require_sound(batch, scope, note, deadline, now)
    before = step.template_version
    after = repair_choice.version_of(
        step, version_id=version_id, manual_ja=manual_ja, manual_en=manual_en, by=by, note=note
    )
    if after.pk == before.pk:
        before = repair_choice.before_of_failed(batch, after)
    repair = Repair(
        batch=batch, step=step, before=before, after=after, scope=scope, note=note.strip(), created_by=by
    )
    repair.created_at = now
    repair.paused_before, repair.ended_before = _as_it_was(batch)
    batch.deadline = deadline or batch.deadline
    _hold_claims(batch, step, by, now)
    manuals.move_step(step, after, actor=by.pk)
    _answer_reports(repair, now)
    step.pilot_decided_at = None
    step.save(update_fields=["pilot_decided_at"])
    repair.tasks_total = repair_scope.received(step, after).values("task").distinct().count()
    repair.save()
    _tell(repair, "repair.started", actor=by.pk)
    jobs.run_repair.enqueue(repair.pk)
    return repair


def _as_it_was(batch: Batch) -> tuple[str, str]:
    """Why the batch was paused, and how it had ended: behind a repair that broke off, before that one."""
    if batch.state in ENDED_BATCH:
        return "", batch.state
    since = batch.paused_at
    failed = batch.repairs.filter(state=JobState.FAILED, created_at=since).first() if since else None
    if failed is not None:
        return failed.paused_before, failed.ended_before
    return batch.pause_reason, ""


def _hold_claims(batch: Batch, step: Step, by: User, now: datetime) -> None:
    if batch.state == BatchState.OPEN:
        batches.hold_claims(batch, reason=PauseReason.REPAIR, actor=by.pk, now=now)
    elif batch.state in ENDED_BATCH:
        batches.reopen(batch, step, reason=PauseReason.REPAIR, actor=by.pk, now=now)
    else:
        batch.paused_at, batch.pause_reason, batch.deadline_reminded = now, PauseReason.REPAIR, False
        batch.save(update_fields=["state", "paused_at", "pause_reason", "deadline", "deadline_reminded"])


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
    elif repair.ended_before and not Slot.objects.filter(step=repair.step, state=SlotState.OPEN).exists():
        # Nothing had to be done again.
        batches.end(batch, "close", actor=repair.created_by_id, reason="repair", now=now)
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
