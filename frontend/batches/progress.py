"""How far batches are: tasks per state, what was paid for, all from the counters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.domain import counts
from tasks.domain.counts import Tally
from tasks.models import Batch, Step
from tasks.states import TaskState

# As they lie in the bar: what is finished first.
SHOWN = (TaskState.DONE, TaskState.IN_REVIEW, TaskState.CLAIMED, TaskState.OPEN, TaskState.WAITING)


@dataclass(frozen=True)
class Segment:
    """One part of the bar; `x` and `width` in per cent, as SVG wants them written."""

    state: str
    label: str
    n: int
    x: str
    width: str


@dataclass(frozen=True)
class Progress:
    """`counts`: task state → number. In yen: `reward` per answer, `spent` so far, `aside` of that."""

    counts: Mapping[str, int]
    answers_per_task: int
    reward: int
    spent: int = 0
    aside: int = 0

    @classmethod
    def of(cls, tally: Tally, step: Step) -> "Progress":
        return cls(tally.tasks, step.answers_per_task, step.reward, tally.paid, tally.aside)

    @property
    def total(self) -> int:
        """Tasks that are or will be done; cancelled ones are not among them."""
        return sum(n for state, n in self.counts.items() if state != TaskState.CANCELLED)

    @property
    def answers(self) -> int:
        return self.total * self.answers_per_task

    @property
    def cost(self) -> int:
        """Yen at most, when every task is done; late answers to withdrawn tasks are paid as well."""
        return max(self.answers * self.reward + self.aside, self.spent)

    @property
    def segments(self) -> list[Segment]:
        found, x = [], 0.0
        for state in SHOWN:
            n = self.counts[state]
            if state == TaskState.WAITING and not n:
                continue
            width = n * 100 / self.total if self.total else 0.0
            found.append(Segment(state.value, str(state.label), n, f"{x:.2f}", f"{width:.2f}"))
            x += width
        return found


def first_step(batch: Batch) -> Step:
    return batch.steps.select_related("template_version__template").get(position=1)


def progress_of(batch: Batch, step: Step) -> Progress:
    return Progress.of(counts.tallies([batch.pk])[batch.pk], step)


def with_progress(batches: Iterable[Batch]) -> list[dict[str, Any]]:
    """Each batch with its step and progress, in two queries whatever their number."""
    rows = list(batches)
    steps = {step.batch_id: step for step in Step.objects.filter(batch__in=rows, position=1)}
    counted = counts.tallies(batch.pk for batch in rows)
    return [
        {
            "batch": batch,
            "step": steps[batch.pk],
            "progress": Progress.of(counted[batch.pk], steps[batch.pk]),
        }
        for batch in rows
    ]
