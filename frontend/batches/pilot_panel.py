"""What the board tells of a pilot and of a repair: how it stands, and what the director can do about it."""

from typing import Any

from frontend.batches.progress import Progress
from tasks.answers.texts import parse_local_text
from tasks.domain import pilot
from tasks.models import Batch, Repair, Step
from tasks.states import RUNNING_BATCH, BatchState, JobState, PauseReason, TaskState


def context_of(batch: Batch, step: Step, progress: Progress) -> dict[str, Any]:
    running = batch.state in RUNNING_BATCH
    result = pilot.result_of(step) if running and batch.pause_reason != PauseReason.PILOT else None
    waiting = progress.counts[TaskState.WAITING]
    return {
        "pilot": result,
        "pilot_failing": [(parse_local_text(label), n) for label, n in result.failing] if result else [],
        "pilot_is_set_up": batch.pause_reason == PauseReason.PILOT,
        "being_offered": waiting if running and result is None and step.pilot_ended_at else 0,
        "repair": last_repair(batch),
    }


def last_repair(batch: Batch) -> Repair | None:
    """The one that is running, or that failed last and was not followed by another: both leave a pause."""
    if batch.state != BatchState.PAUSED:
        return None
    last = Repair.objects.filter(batch=batch).select_related("after__template").order_by("-pk").first()
    return last if last is not None and last.state != JobState.DONE else None
