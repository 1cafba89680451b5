"""How many tasks of a batch are in which state and what was paid, exact at every commit and cheap to read."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from kernel import hot
from tasks.models import Task, TaskCount, TaskCountDelta
from tasks.states import FINAL_TASK, TaskState

# Yen, summed beside the states: for approved answers and the shares of what could not be done; and of that
# for answers that were set aside, whose tasks are paid for once more.
PAID, ASIDE = "paid", "aside"


@dataclass
class Tally:
    """`tasks`: state → number. In yen `paid`, and `aside`, the part of it for answers set aside."""

    tasks: dict[str, int]
    paid: int = 0
    aside: int = 0


def add(batch_id: int, changes: Mapping[str, int]) -> None:
    """Notes that the number of tasks per state, or what was paid, changed, in the caller's transaction."""
    rows = [(batch_id, state, n) for state, n in changes.items() if n]
    if not rows:
        return
    marks = ", ".join(["(%s, %s, %s)"] * len(rows))
    with hot.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TaskCountDelta._meta.db_table} (batch_id, state, n) VALUES {marks}",
            [value for row in rows for value in row],
        )


def move(batch_id: int, before: str, after: str, n: int = 1) -> None:
    if before != after:
        add(batch_id, {before: -n, after: n})


def tallies(batch_ids: Iterable[int]) -> dict[int, Tally]:
    """Per batch. One statement, so a folding between cannot be seen half."""
    ids = list(batch_ids)
    found = {batch_id: Tally(dict.fromkeys(TaskState.values, 0)) for batch_id in ids}
    if not ids:
        return found
    folded = TaskCount.objects.filter(batch_id__in=ids).values_list("batch_id", "state", "n")
    fresh = TaskCountDelta.objects.filter(batch_id__in=ids).values_list("batch_id", "state", "n")
    for batch_id, state, n in folded.union(fresh, all=True):
        _count(found[batch_id], state, n)
    return found


def _count(tally: Tally, state: str, n: int) -> None:
    if state == PAID:
        tally.paid += n
    elif state == ASIDE:
        tally.aside += n
    else:
        tally.tasks[state] += n


def of_batches(batch_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Batch id → state → number of tasks."""
    return {batch_id: tally.tasks for batch_id, tally in tallies(batch_ids).items()}


def of_batch(batch_id: int) -> dict[str, int]:
    return of_batches([batch_id])[batch_id]


def unfinished(batch_id: int) -> int:
    return sum(n for state, n in of_batch(batch_id).items() if state not in FINAL_TASK)


@transaction.atomic
def fold(limit: int = 5000) -> int:
    """Adds up to `limit` changes to the counts; returns how many. One folder at a time."""
    lock = _only_one_folder()
    if not lock:
        return 0
    rows = list(TaskCountDelta.objects.order_by("pk").values_list("pk", "batch_id", "state", "n")[:limit])
    if not rows:
        return 0
    sums: Counter[tuple[int, str]] = Counter()
    for _pk, batch_id, state, n in rows:
        sums[batch_id, state] += n
    TaskCountDelta.objects.filter(pk__in=[row[0] for row in rows]).delete()
    for (batch_id, state), n in sorted(sums.items()):
        changed = TaskCount.objects.filter(batch_id=batch_id, state=state).update(n=F("n") + n)
        if not changed:
            TaskCount.objects.create(batch_id=batch_id, state=state, n=n)
    return len(rows)


def _only_one_folder() -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('tasks.counts.fold'))")
        return bool(cursor.fetchone()[0])


def drift(batch_id: int) -> dict[str, int]:
    """Counted minus real, per state; empty when exact (for the consistency check and tests)."""

    real = Counter(Task.objects.filter(batch_id=batch_id).values_list("state", flat=True))
    counted = of_batch(batch_id)
    return {s: counted[s] - real[s] for s in TaskState.values if counted[s] != real[s]}
