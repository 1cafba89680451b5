"""Cards of tasks: product, who works on it since when, what is unusual about it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tasks.models import Assignment, Task
from tasks.states import OFF_TASK, AssignmentState, TaskState, Use

COLUMNS = (TaskState.OPEN, TaskState.CLAIMED, TaskState.IN_REVIEW, TaskState.DONE)
CARDS = 20
_RETURNED, _LATE, _UNSEEN, _OFFERED_AGAIN = _("Returned"), _("Late"), _("Unseen"), _("Offered again")


@dataclass(frozen=True)
class Holder:
    name: str
    since: datetime | None


@dataclass(frozen=True)
class Chip:
    kind: str
    label: str | Promise


@dataclass
class Card:
    task_id: int
    title: str
    key: str
    state: str
    position: int
    holders: list[Holder] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)


def columns(batch_id: int) -> dict[str, list[Card]]:
    """The first cards of each column of the board: an index range per column and one look at who works."""
    found = {state: _cards(Task.objects.filter(batch_id=batch_id, state=state), CARDS) for state in COLUMNS}
    put_people(card for cards in found.values() for card in cards)
    return {state.value: cards for state, cards in found.items()}


def _cards(tasks: "QuerySet[Task]", limit: int) -> list[Card]:
    rows = tasks.order_by("position", "id")[:limit]
    return [Card(*row) for row in rows.values_list("pk", "unit__title", "unit__key", "state", "position")]


def card_of(task: Task) -> Card:
    return Card(task.pk, task.unit.title, task.unit.key, task.state, task.position)


def put_people(cards: Iterable[Card]) -> None:
    """Adds to each card who is on it and what is unusual, in one query."""
    by_task = {card.task_id: card for card in cards}
    rows = (
        Assignment.objects.filter(task_id__in=by_task).select_related("worker").defer("draft").order_by("pk")
    )
    chips: defaultdict[int, dict[str, Chip]] = defaultdict(dict)
    for assignment in rows:
        card = by_task[assignment.task_id]
        for chip in _chips(assignment, card):
            chips[card.task_id][chip.kind + str(chip.label)] = chip
        if not assignment.set_aside and assignment.state not in (*OFF_TASK, AssignmentState.REJECTED):
            card.holders.append(Holder(str(assignment.worker), _since(assignment)))
    for task_id, found in chips.items():
        by_task[task_id].chips = list(found.values())


def _chips(assignment: Assignment, card: Card) -> Iterable[Chip]:
    if assignment.state == AssignmentState.CHANGES_REQUESTED:
        yield Chip("warn", _RETURNED)
    if assignment.state == AssignmentState.SURPLUS:
        yield Chip("warn", _LATE)
    if assignment.use == Use.UNSEEN:
        yield Chip("bad", _UNSEEN)
    gone = assignment.state == AssignmentState.REJECTED or assignment.set_aside
    if gone and card.state == TaskState.OPEN:
        yield Chip("", _OFFERED_AGAIN)


def _since(assignment: Assignment) -> datetime | None:
    moments: dict[str, Any] = {
        AssignmentState.CLAIMED: assignment.claimed_at,
        AssignmentState.APPROVED: assignment.decided_at,
    }
    return moments.get(assignment.state, assignment.submitted_at)
