"""Many approved answers at once, written as rows: what tests of size need, without the way there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from accounts.models import User
from kernel.clock import now
from tasks.domain import counts
from tasks.models import Assignment, Batch, Slot, Submission, Task
from tests.factories import good_answer

CHUNK = 2000
DAY = timedelta(days=1)
# What a director finds who learns late that the manual was wrong: state, what goes with it, and its slot.
RECEIVED: list[tuple[str, dict[str, Any], str, str]] = [
    ("submitted", {"auto_approve_at": 5 * DAY}, "delivered", "in_review"),
    ("approved", {"use": "used", "decided_at": 0 * DAY}, "settled", "done"),
    ("changes_requested", {"resubmit_by": 3 * DAY, "rounds": 1}, "delivered", "in_review"),
    ("rejected", {"decided_at": 0 * DAY}, "open", "open"),
]


def answer_all(batch: Batch, worker: User) -> int:
    """Every task of the batch has one used answer by `worker`; returns how many."""
    step = batch.steps.get(position=1)
    slots = list(Slot.objects.filter(step=step).order_by("pk").values_list("pk", "task_id"))
    at = now()
    for start in range(0, len(slots), CHUNK):
        made = Assignment.objects.bulk_create(
            Assignment(
                slot_id=slot,
                task_id=task,
                step=step,
                batch=batch,
                store_id=batch.store_id,
                worker=worker,
                template_version_id=step.template_version_id,
                reward=step.reward,
                state="approved",
                use="used",
                claimed_at=at,
                submitted_at=at,
                decided_at=at,
            )
            for slot, task in slots[start : start + CHUNK]
        )
        Submission.objects.bulk_create(
            Submission(assignment=one, number=1, answer=good_answer(one.pk), created_at=at) for one in made
        )
    Slot.objects.filter(step=step).update(state="settled")
    Task.objects.filter(batch=batch).update(state="done")
    return len(slots)


def receive(batch: Batch, workers: Sequence[User], count: int) -> list[int]:
    """Answers to the first `count` tasks, in every state of `RECEIVED` by turns; their assignments' ids.

    The counters are told, as they would be.
    """
    step = batch.steps.get(position=1)
    at = now()
    slots = list(Slot.objects.filter(step=step).order_by("position")[:count].values_list("pk", "task_id"))
    rows = []
    for number, (slot, task) in enumerate(slots):
        state, more, _slot_state, _task_state = RECEIVED[number % len(RECEIVED)]
        rows.append(
            Assignment(
                slot_id=slot,
                task_id=task,
                step=step,
                batch=batch,
                store_id=batch.store_id,
                worker=workers[number % len(workers)],
                template_version_id=step.template_version_id,
                reward=step.reward,
                state=state,
                claimed_at=at,
                submitted_at=at,
                **{
                    name: at + value if isinstance(value, timedelta) else value
                    for name, value in more.items()
                },
            )
        )
    made = Assignment.objects.bulk_create(rows)
    Submission.objects.bulk_create(
        Submission(assignment=one, number=1, answer=good_answer(one.pk), created_at=at) for one in made
    )
    for number, (state, _more, slot_state, task_state) in enumerate(RECEIVED):
        mine = made[number :: len(RECEIVED)]
        Slot.objects.filter(pk__in=[one.slot_id for one in mine]).update(state=slot_state)
        Task.objects.filter(pk__in=[one.task_id for one in mine]).update(state=task_state)
        counts.move(batch.pk, "open", task_state, len(mine))
        if state == "approved":
            counts.add(batch.pk, {counts.PAID: len(mine) * step.reward})
    return [one.pk for one in made]
