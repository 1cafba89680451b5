"""Slots and tasks: moving a slot and letting its task follow."""

from collections import defaultdict
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from kernel.transitions import move_many
from tasks.domain import counts
from tasks.errors import legal
from tasks.models import Slot, Step, Task
from tasks.states import JobState, SlotState, TaskState, task_state

VERBS = {
    TaskState.WAITING: "wait",
    TaskState.OPEN: "open",
    TaskState.CLAIMED: "claim",
    TaskState.IN_REVIEW: "review",
    TaskState.DONE: "finish",
    TaskState.CANCELLED: "cancel",
}

# Held by nobody.
FREE = (SlotState.OPEN, SlotState.WAITING)


def lock_slot(slot_id: int) -> Slot:
    return Slot.objects.select_for_update().get(pk=slot_id)


def move_slot(slot: Slot, verb: str, *, step: Step, now: datetime, task: Task | None = None) -> Task:
    """Moves a locked slot and its task after it; returns the task.

    Rows are locked slot first, then task. The task is locked before its other slots are read, or
    two slots moving at once would each compute from what they saw of the other.
    """
    with legal(slot.state, verb):
        getattr(slot, verb)()
        slot.save(update_fields=["state"])
    alone = step.answers_per_task == 1
    if task is None:
        # A task with one slot is guarded by that slot's lock.
        rows = Task.objects.all() if alone else Task.objects.select_for_update()
        task = rows.get(pk=slot.task_id)
    elif not alone:
        task = Task.objects.select_for_update().get(pk=slot.task_id)
    slots = [slot.state] if alone else _slot_states(slot.task_id)
    _follow(task, slots, now)
    return task


def _slot_states(task_id: int) -> list[str]:
    return list(Slot.objects.filter(task_id=task_id).values_list("state", flat=True))


def _follow(task: Task, slots: list[str], now: datetime) -> None:
    before, after = task.state, task_state(slots)
    if before == after:
        return
    with legal(before, VERBS[after]):
        getattr(task, VERBS[after])()
        task.changed_at = now
        task.save(update_fields=["state", "changed_at"])
    counts.move(task.batch_id, before, after)


def tasks_follow(task_ids: list[int], *, now: datetime) -> None:
    """Lets many tasks follow their slots, set by set. Call inside the transaction that moved the slots."""
    slots: defaultdict[int, list[str]] = defaultdict(list)
    locked = Task.objects.filter(pk__in=task_ids).order_by("pk")
    if connection.vendor == "postgresql":
        locked = locked.select_for_update()
    tasks = list(locked)
    for task_id, state in Slot.objects.filter(task_id__in=task_ids).values_list("task_id", "state"):
        slots[task_id].append(state)
    moves: defaultdict[tuple[int, str, TaskState], list[int]] = defaultdict(list)
    for task in tasks:
        after = task_state(slots[task.pk])
        if after != task.state:
            moves[task.batch_id, task.state, after].append(task.pk)
    for (batch_id, before, after), ids in moves.items():
        rows = Task.objects.filter(pk__in=ids)
        moved = move_many(rows, VERBS[after], record_chunk=_nothing, set_fields={"changed_at": now})
        counts.move(batch_id, before, after, moved)


def _nothing(ids: list[int]) -> None:
    """The event is the slots'; tasks only follow."""


def free_slots(batch_id: int) -> QuerySet[Slot]:
    """Slots of a batch that nobody holds. What was taken out of a draft is no longer counted."""
    rows = Slot.objects.filter(step__batch_id=batch_id, state__in=FREE)
    return rows.exclude(task__unit__source__state=JobState.DISCARDED)


def cancel_free_slots(batch_id: int, *, now: datetime, limit: int) -> list[int]:
    """Cancels up to `limit` slots of a batch nobody holds in the caller's transaction; returns their ids."""
    free = free_slots(batch_id).order_by("pk")
    if connection.vendor == "postgresql":
        free = free.select_for_update(of=("self",))
    rows = list(free[:limit].values_list("pk", "task_id"))
    ids = [pk for pk, _task in rows]
    if ids:
        move_many(Slot.objects.filter(pk__in=ids), "cancel", record_chunk=_nothing)
        tasks_follow(sorted({task for _pk, task in rows}), now=now)
    return ids
