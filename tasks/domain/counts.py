"""How many tasks of a batch are in which state, exact at every commit and cheap to read."""

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db import connection, transaction
from django.db.models import F

from kernel import hot
from tasks.models import Task, TaskCount, TaskCountDelta
from tasks.states import FINAL_TASK, TaskState


def add(batch_id: int, changes: Mapping[str, int]) -> None:
    """Notes that the number of tasks per state changed, in the caller's transaction."""
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


def of_batches(batch_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Batch id → state → number of tasks. One statement, so a folding between cannot be seen half."""
    ids = list(batch_ids)
    found = {batch_id: dict.fromkeys(TaskState.values, 0) for batch_id in ids}
    if not ids:
        return found
    folded = TaskCount.objects.filter(batch_id__in=ids).values_list("batch_id", "state", "n")
    fresh = TaskCountDelta.objects.filter(batch_id__in=ids).values_list("batch_id", "state", "n")
    for batch_id, state, n in folded.union(fresh, all=True):
        found[batch_id][state] += n
    return found


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
