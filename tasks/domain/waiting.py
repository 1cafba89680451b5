"""Tasks that are not on offer yet: their slots wait with them, so that claims never see them."""

from datetime import datetime

from django.db.models import QuerySet

from kernel.transitions import move_many
from tasks import jobs
from tasks.domain import needs
from tasks.errors import legal
from tasks.models import Batch, Slot, Step, Task
from tasks.states import JobState, PauseReason, TaskState

CHUNK = 1000


def in_pilot(step: Step) -> bool:
    """Whether tasks wait for a person's word."""
    return step.pilot_tasks is not None and step.pilot_ended_at is None


def begin_pilot(batch: Batch, step: Step, *, now: datetime) -> None:
    """Lets the tasks beyond the pilot of a batch wait that is published in this transaction.

    Many wait by a job, and the batch is paused until it is through. A batch that is no larger than its pilot
    has none.
    """
    if not in_pilot(step):
        return
    ids = list(beyond_pilot(step).values_list("pk", flat=True)[: tasks_at_once(step) + 1])
    if not ids:
        step.pilot_ended_at = now
        step.save(update_fields=["pilot_ended_at"])
    elif len(ids) <= tasks_at_once(step):
        move_tasks(ids, "wait", now=now)
    else:
        with legal(batch.state, "pause"):
            batch.pause()
        batch.paused_at, batch.pause_reason = now, PauseReason.PILOT
        jobs.set_pilot_up.enqueue(batch.pk)


def beyond_pilot(step: Step) -> QuerySet[Task]:
    """Open tasks that are not among the first `pilot_tasks`, by their place in the source."""
    landed = Task.objects.filter(batch_id=step.batch_id, unit__source__state=JobState.DONE)
    size = step.pilot_tasks or 0
    places = landed.order_by("position", "pk").values_list("position", flat=True)
    edge = list(places[size : size + 1])
    if not edge:
        return Task.objects.none()
    return landed.filter(state=TaskState.OPEN, position__gte=edge[0]).order_by("position", "pk")


def tasks_at_once(step: Step) -> int:
    """So many tasks have no more slots than a transaction takes."""
    return CHUNK // step.answers_per_task


def move_tasks(task_ids: list[int], verb: str, *, now: datetime) -> None:
    """Moves all slots of these tasks, then the tasks after them: no task is cut in two."""
    slots = Slot.objects.filter(task_id__in=task_ids)
    move_many(slots, verb, record_chunk=_told_by_the_caller, wait=True)
    needs.tasks_follow(task_ids, now=now)


def _told_by_the_caller(ids: list[int]) -> None:
    """The caller's event names the tasks."""
