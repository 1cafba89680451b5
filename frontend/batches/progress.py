"""How far batches are: tasks per state, what was paid for, all from the counters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.domain import counts
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
    """`counts`: task state → number. `reward` in yen per answer."""

    counts: Mapping[str, int]
    answers_per_task: int
    reward: int

    @property
    def total(self) -> int:
        """Tasks that are or will be done; cancelled ones are not among them."""
        return sum(n for state, n in self.counts.items() if state != TaskState.CANCELLED)

    @property
    def answers(self) -> int:
        return self.total * self.answers_per_task

    @property
    def cost(self) -> int:
        """Yen, when every task is done."""
        return self.answers * self.reward

    @property
    def spent(self) -> int:
        """Yen, for the tasks that are done."""
        return self.counts[TaskState.DONE] * self.answers_per_task * self.reward

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
    return Progress(counts.of_batch(batch.pk), step.answers_per_task, step.reward)


def with_progress(batches: Iterable[Batch]) -> list[dict[str, Any]]:
    """Each batch with its step and progress, in two queries whatever their number."""
    rows = list(batches)
    steps = {step.batch_id: step for step in Step.objects.filter(batch__in=rows, position=1)}
    counted = counts.of_batches(batch.pk for batch in rows)
    return [
        {
            "batch": batch,
            "step": steps[batch.pk],
            "progress": Progress(counted[batch.pk], steps[batch.pk].answers_per_task, steps[batch.pk].reward),
        }
        for batch in rows
    ]
