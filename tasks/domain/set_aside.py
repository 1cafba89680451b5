"""Setting answers aside: paid in full, not used, counted for nothing, and their tasks on offer again."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.transitions import move_many
from tasks.answers.checks import unique_key
from tasks.domain import counts, needs
from tasks.domain.corrections import final_answer
from tasks.domain.repair_scope import UNPAID, last_submissions, slots_to_offer
from tasks.models import Assignment, Repair, Review, Slot, TakenValue
from tasks.states import AssignmentState, Decision, SlotState, Use

# After the decision (1) and the acceptance for use (2).
STAGE = 3
# What was handed in and not given up.
STANDING = [
    AssignmentState.SUBMITTED,
    AssignmentState.IN_REVIEW,
    AssignmentState.CHANGES_REQUESTED,
    AssignmentState.SURPLUS,
    AssignmentState.APPROVED,
]


@dataclass(frozen=True)
class Done:
    """How many answers were paid that were not before, and how many tasks were offered again."""

    paid: int
    tasks: int


def set_aside(rows: Sequence[Assignment], repair: Repair, *, now: datetime) -> Done:
    """Sets locked assignments aside in the caller's transaction, which tells of it."""
    unpaid = [one.pk for one in rows if one.state in UNPAID]
    paid = [one.pk for one in rows if one.state not in UNPAID]
    slots = slots_to_offer(rows, repair.step)
    _excuse(rows, repair, now)
    fields: dict[str, Any] = {"use": Use.UNUSED, "set_aside": True}
    # What was approved before keeps the day on which it was.
    decided = {"decided_at": now, "auto_approve_at": None, "resubmit_by": None, "review_lease_until": None}
    for ids, more in ((paid, {}), (unpaid, decided)):
        chosen = Assignment.objects.filter(pk__in=ids)
        move_many(
            chosen, "excuse", record_chunk=_told_by_the_caller, set_fields={**fields, **more}, wait=True
        )
    newly = sum(one.reward for one in rows if one.state in UNPAID)
    counts.add(repair.batch_id, {counts.PAID: newly, counts.ASIDE: sum(one.reward for one in rows)})
    tasks = _offer(slots, now)
    _free_values({one.task_id for one in rows}, repair.step_id)
    return Done(len(unpaid), tasks)


def _told_by_the_caller(ids: list[int]) -> None:
    """The event is the repair's."""


def _excuse(rows: Sequence[Assignment], repair: Repair, now: datetime) -> None:
    last = last_submissions(rows)
    Review.objects.bulk_create(
        Review(
            submission=last[one.pk],
            stage=STAGE,
            decision=Decision.EXCUSED,
            reviewer=repair.created_by,
            own_work=one.worker_id == repair.created_by_id,
            note=repair.note,
            created_at=now,
        )
        for one in rows
    )


def _offer(slot_ids: set[int], now: datetime) -> int:
    filled = Slot.objects.filter(pk__in=slot_ids, state__in=[SlotState.DELIVERED, SlotState.SETTLED])
    withdrawn = Slot.objects.filter(pk__in=slot_ids, state=SlotState.CANCELLED)
    moved: list[int] = []
    move_many(withdrawn, "reopen", record_chunk=moved.extend, wait=True)
    move_many(filled, "offer_again", record_chunk=moved.extend, wait=True)
    tasks = sorted(set(Slot.objects.filter(pk__in=moved).values_list("task", flat=True)))
    needs.tasks_follow(tasks, now=now)
    return len(tasks)


def _free_values(task_ids: set[int], step_id: int) -> None:
    """Values that only answers set aside had taken are free for others."""
    standing = Assignment.objects.filter(task__in=task_ids, set_aside=False, state__in=STANDING)
    rows = list(standing)
    kept: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    answers = last_submissions(rows)
    for one in rows:
        for answer in (answers[one.pk].answer, final_answer(answers[one.pk])):
            kept[one.task_id] |= {
                (name, _digest(text)) for name, text in answer.items() if isinstance(text, str)
            }
    taken = TakenValue.objects.filter(step=step_id, task__in=task_ids)
    gone = [value.pk for value in taken if (value.field, value.digest) not in kept[value.task_id]]
    TakenValue.objects.filter(pk__in=gone).delete()


def _digest(text: str) -> str:
    return hashlib.sha256(unique_key(text).encode()).hexdigest()
