"""Many approved answers at once, written as rows: what tests of size need, without the way there."""

from accounts.models import User
from kernel.clock import now
from tasks.models import Assignment, Batch, Slot, Submission, Task
from tests.factories import good_answer

CHUNK = 2000


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
