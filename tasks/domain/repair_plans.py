"""What a repair of the answers that the checks refuse would do: every answer is judged, so a job counts.

A plan goes on behind the last task it has looked at, also after a crash. It is a count of one moment:
`is_stale` tells when received work has moved on since.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from events import record
from jobs import stopping
from kernel import clock
from tasks import jobs
from tasks.domain import batches, manuals, repair_scope
from tasks.domain.repair_scope import Sums
from tasks.errors import IllegalMove, legal
from tasks.models import RepairPlan, Step, TemplateVersion
from tasks.states import REPAIRABLE_BATCH, JobState

# So many tasks are looked at between two notes of how far it is.
CHUNK = 200
GOING_ON = (JobState.QUEUED, JobState.RUNNING)


@transaction.atomic
def ask(*, batch_id: int, judge: TemplateVersion, corrected: bool, by: User, now: datetime) -> RepairPlan:
    """The plan of a repair by the form and checks of `judge`: the one there is, or a new one being counted.

    `corrected`: with another manual on it. Raises `Missing`, `RoleMissing`, and `IllegalMove` for a batch
    that cannot be repaired.
    """
    batch = batches.lock_batch(batch_id, by, now)
    if batch.state not in REPAIRABLE_BATCH:
        raise IllegalMove(batch.state, "repair")
    step = manuals.step_of(batch.pk)
    known = of(step, judge, corrected=corrected)
    if known is not None and known.state != JobState.FAILED and not is_stale(known):
        return known
    if known is not None and known.state in GOING_ON:
        return known
    RepairPlan.objects.filter(batch=batch, judge=judge, corrected=corrected).delete()
    after = None if corrected else judge
    made = RepairPlan.objects.create(
        batch=batch,
        step=step,
        judge=judge,
        corrected=corrected,
        basis=repair_scope.basis(step, after),
        tasks_total=repair_scope.received(step, after).values("task").distinct().count(),
        created_by=by,
        created_at=now,
    )
    _tell(made, "repair_plan.asked", actor=by.pk)
    jobs.count_repair.enqueue(made.pk)
    return made


def of(step: Step, judge: TemplateVersion, *, corrected: bool) -> RepairPlan | None:
    rows = RepairPlan.objects.select_related("step", "judge")
    return rows.filter(batch=step.batch_id, judge=judge, corrected=corrected).first()


def is_stale(row: RepairPlan) -> bool:
    """Whether received work has moved on since the count began. Needs `step` loaded."""
    return bool(row.basis != repair_scope.basis(row.step, _after(row)))


def _after(row: RepairPlan) -> TemplateVersion | None:
    return None if row.corrected else row.judge


# The job's side


def run(*, plan_id: int) -> None:
    """Judges what was received, some tasks at a time. Safe to run again, also after a crash."""
    row = _begin(plan_id)
    while row is not None and _chunk(row, clock.now()):
        stopping()


@transaction.atomic
def _begin(plan_id: int) -> RepairPlan | None:
    row = _lock(plan_id)
    if row is None or row.state not in GOING_ON:
        return None
    with legal(row.state, "start"):
        row.start()
    row.save(update_fields=["state"])
    return row


def _lock(plan_id: int) -> RepairPlan | None:
    """None for a plan that was asked for again and is gone."""
    rows = RepairPlan.objects.select_for_update(of=("self",)).select_related("batch", "step", "judge")
    return rows.filter(pk=plan_id).first()


def _chunk(row: RepairPlan, now: datetime) -> bool:
    """Counts the next tasks; False when none is left. Nothing is locked while the checks run."""
    received = repair_scope.received(row.step, _after(row))
    ahead = received.filter(task__gt=row.cursor).order_by("task").values_list("task", flat=True)
    tasks = list(ahead.distinct()[:CHUNK])
    rows = list(received.filter(task__in=tasks).defer("draft").order_by("pk"))
    sums = repair_scope.sums_of(rows, row.judge, row.step)
    return _note(row, tasks, sums, now) and bool(tasks)


@transaction.atomic
def _note(row: RepairPlan, tasks: list[int], sums: Sums, now: datetime) -> bool:
    """Adds what was counted; False where another run of the job was faster."""
    locked = _lock(row.pk)
    if locked is None or locked.state != JobState.RUNNING or locked.cursor != row.cursor:
        return False
    if tasks:
        row.cursor = locked.cursor = tasks[-1]
        locked.tasks_done += len(tasks)
        locked.sums = vars(Sums(**locked.sums) + sums)
    else:
        with legal(locked.state, "finish"):
            locked.finish()
        locked.finished_at = now
    locked.save(update_fields=["state", "cursor", "tasks_done", "sums", "finished_at"])
    _tell(locked, "repair_plan.progressed" if tasks else "repair_plan.done", actor=None)
    return True


@transaction.atomic
def give_up(*, plan_id: int, now: datetime) -> None:
    """The job failed for good; whoever wants the numbers asks again."""
    row = _lock(plan_id)
    if row is None or row.state not in GOING_ON:
        return
    with legal(row.state, "fail"):
        row.fail()
    row.finished_at = now
    row.save(update_fields=["state", "finished_at"])
    _tell(row, "repair_plan.failed", actor=None)


def _tell(row: RepairPlan, name: str, *, actor: int | None) -> None:
    # A count concerns nobody but whoever has the page open.
    record(name, topics=[f"batch.{row.batch_id}"], actor=actor, batch=row.batch_id, plan=row.pk)
