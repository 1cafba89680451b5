"""A pilot: the first tasks of a batch are done and looked at before the rest is offered.

`tasks.domain.waiting` holds the others back. Few are moved at once, many by a job.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Min
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from events import record
from jobs import stopping
from kernel.errors import Conflict
from tasks import jobs, topics
from tasks.domain import batches, counts, waiting
from tasks.domain.measured import typical_minutes
from tasks.domain.one_by_one import one_by_one
from tasks.models import Assignment, Batch, Step, Submission, Task
from tasks.states import RUNNING_BATCH, AssignmentState, BatchState, PauseReason, TaskState

# Answers whose checks and minutes are read for the pilot's result.
LOOKED_AT = 500
WORKING = (TaskState.OPEN, TaskState.CLAIMED, TaskState.IN_REVIEW)


def set_up(*, batch_id: int, now: datetime) -> None:
    """The job of a large batch: lets everything beyond the pilot wait, then opens the batch."""
    while _wait_chunk(batch_id, now):
        stopping()


@transaction.atomic
def _wait_chunk(batch_id: int, now: datetime) -> bool:
    batch = Batch.objects.select_for_update(of=("self",)).select_related("store").get(pk=batch_id)
    if batch.pause_reason != PauseReason.PILOT:
        return False
    step = batch.steps.get(position=1)
    ids = list(waiting.beyond_pilot(step).values_list("pk", flat=True)[: waiting.tasks_at_once(step)])
    if ids:
        waiting.move_tasks(ids, "wait", now=now)
        _tell(batch, "batch.tasks_waiting", tasks=ids)
        return True
    batches.run_on(batch, actor=None, now=now)
    return False


@transaction.atomic
def go_on(*, batch_id: int, by: User, now: datetime) -> Batch:
    """Offers the rest after the pilot. Raises `Missing`, `RoleMissing`, `Conflict` "no_pilot"."""
    batch = batches.lock_batch(batch_id, by, now)
    step = batch.steps.select_related("batch__store").get(position=1)
    batches.require_undisturbed(batch)
    if batch.state not in RUNNING_BATCH or not waiting.in_pilot(step):
        raise Conflict("no_pilot", _("There is no pilot of this batch to end."))
    step.pilot_ended_at = now
    step.save(update_fields=["pilot_ended_at"])
    record(
        "batch.pilot_ended",
        topics=[*topics.of_batch(batch), topics.of_offer(step)],
        actor=by.pk,
        batch=batch.pk,
    )
    if _offer(batch, step, now) == waiting.tasks_at_once(step):
        jobs.offer_waiting.enqueue(batch.pk)
    return batch


def offer_rest(*, batch_id: int, now: datetime) -> None:
    """The job of a large batch: offers what still waits, chunk by chunk."""
    while _offer_chunk(batch_id, now):
        stopping()


@transaction.atomic
def _offer_chunk(batch_id: int, now: datetime) -> bool:
    batch = Batch.objects.select_for_update(of=("self",)).select_related("store").get(pk=batch_id)
    step = batch.steps.select_related("batch__store").get(position=1)
    return batch.state in RUNNING_BATCH and not waiting.in_pilot(step) and _offer(batch, step, now) > 0


def _offer(batch: Batch, step: Step, now: datetime) -> int:
    rest = Task.objects.filter(batch=batch, state=TaskState.WAITING).order_by("position", "pk")
    ids = list(rest.values_list("pk", flat=True)[: waiting.tasks_at_once(step)])
    if ids:
        waiting.move_tasks(ids, "offer", now=now)
        _tell(batch, "batch.tasks_offered", tasks=ids)
    return len(ids)


def _tell(batch: Batch, name: str, *, tasks: list[int]) -> None:
    step = batch.steps.select_related("batch__store").get(position=1)
    heard = [*topics.of_batch(batch), topics.of_offer(step)]
    record(name, topics=heard, actor=None, batch=batch.pk, tasks=tasks)


def notice_decided(*, now: datetime) -> int:
    """Notes, once, that every answer of a pilot is decided, so that its director can go on."""
    running = Step.objects.filter(
        pilot_tasks__isnull=False, pilot_ended_at=None, pilot_decided_at=None, batch__state__in=RUNNING_BATCH
    )
    batch_ids = list(running.values_list("batch_id", flat=True))
    found = counts.of_batches(batch_ids)
    decided = [pk for pk in batch_ids if found[pk][TaskState.WAITING] and not _working(found[pk])]
    return one_by_one(decided, lambda pk: _notice(pk, now))


def _working(counted: dict[str, int]) -> int:
    return sum(counted[state] for state in WORKING)


@transaction.atomic
def _notice(batch_id: int, now: datetime) -> bool:
    batch = Batch.objects.select_for_update(of=("self",)).select_related("store").get(pk=batch_id)
    step = batch.steps.get(position=1)
    in_pilot = waiting.in_pilot(step) and batch.state == BatchState.OPEN
    if not in_pilot or step.pilot_decided_at or _working(counts.of_batch(batch_id)):
        return False
    step.pilot_decided_at = now
    step.save(update_fields=["pilot_decided_at"])
    record("batch.pilot_decided", topics=topics.of_batch(batch), actor=None, batch=batch_id)
    return True


@dataclass(frozen=True)
class Result:
    """How a pilot went: its tasks, what waits for it, and what became of its answers."""

    tasks: int
    decided: int
    waiting: int
    approved: int
    returned: int
    rejected: int
    reported: int
    # Typical minutes from taking a task to handing it in; None before the first answer.
    minutes: int | None
    # Label of a check → how many answers it did not pass, the most frequent first.
    failing: list[tuple[object, int]]


def result_of(step: Step) -> Result | None:
    """The pilot of a published batch while the rest waits, else None."""
    if not waiting.in_pilot(step):
        return None
    counted = counts.of_batch(step.batch_id)
    rest = counted[TaskState.WAITING]
    rows = Assignment.objects.filter(batch_id=step.batch_id, set_aside=False)
    states = Counter(dict(rows.order_by().values_list("state").annotate(n=Count("pk"))))
    first = (
        Submission.objects.filter(assignment__in=rows)
        .values("assignment")
        .annotate(last=Max("pk"), at=Min("created_at"))
        .values_list("last", "at", "assignment__claimed_at")[:LOOKED_AT]
    )
    looked_at = list(first)
    return Result(
        tasks=sum(counted.values()) - rest,
        decided=counted[TaskState.DONE] + counted[TaskState.CANCELLED],
        waiting=rest,
        approved=states[AssignmentState.APPROVED],
        returned=rows.filter(rounds__gt=0).count(),
        rejected=states[AssignmentState.REJECTED],
        reported=states[AssignmentState.REPORTED] + states[AssignmentState.SETTLED],
        minutes=typical_minutes([at - claimed for _last, at, claimed in looked_at]),
        failing=_failing([last for last, _at, _claimed in looked_at]),
    )


def _failing(submission_ids: list[int]) -> list[tuple[object, int]]:
    found: Counter[str] = Counter()
    labels: dict[str, object] = {}
    for checks in Submission.objects.filter(pk__in=submission_ids).values_list("checks", flat=True):
        for check in checks:
            if not check["passed"]:
                found[check["id"]] += 1
                labels[check["id"]] = check["label"]
    return [(labels[name], n) for name, n in found.most_common(5)]
