"""Names of states and their labels, and the one function that computes a task's state."""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import pgettext_lazy


class BatchState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("batch", "Draft")
    OPEN = "open", pgettext_lazy("batch", "Open")
    PAUSED = "paused", pgettext_lazy("batch", "Paused")
    CLOSED = "closed", pgettext_lazy("batch", "Closed")
    COMPLETED = "completed", pgettext_lazy("batch", "Completed")
    CANCELLED = "cancelled", pgettext_lazy("batch", "Cancelled")


class PauseReason(models.TextChoices):
    MANUAL = "manual", pgettext_lazy("pause", "By the director")
    DEADLINE = "deadline", pgettext_lazy("pause", "Deadline")
    IMPOSSIBLE = "impossible", pgettext_lazy("pause", "Reported as impossible several times")
    REPAIR = "repair", pgettext_lazy("pause", "The manual is being corrected")
    PILOT = "pilot", pgettext_lazy("pause", "The pilot is being set up")


class TaskState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("task", "Waiting")
    OPEN = "open", pgettext_lazy("task", "Open")
    CLAIMED = "claimed", pgettext_lazy("task", "In progress")
    IN_REVIEW = "in_review", pgettext_lazy("task", "In review")
    DONE = "done", pgettext_lazy("task", "Done")
    CANCELLED = "cancelled", pgettext_lazy("task", "Cancelled")


class SlotState(models.TextChoices):
    # Not yet on offer: a pilot runs first.
    WAITING = "waiting", pgettext_lazy("slot", "Waiting")
    OPEN = "open", pgettext_lazy("slot", "Open")
    HELD = "held", pgettext_lazy("slot", "Held")
    DELIVERED = "delivered", pgettext_lazy("slot", "Delivered")
    SETTLED = "settled", pgettext_lazy("slot", "Settled")
    CANCELLED = "cancelled", pgettext_lazy("slot", "Cancelled")


class AssignmentState(models.TextChoices):
    CLAIMED = "claimed", pgettext_lazy("assignment", "In progress")
    SUBMITTED = "submitted", pgettext_lazy("assignment", "Submitted")
    IN_REVIEW = "in_review", pgettext_lazy("assignment", "In review")
    CHANGES_REQUESTED = "changes_requested", pgettext_lazy("assignment", "Returned")
    APPROVED = "approved", pgettext_lazy("assignment", "Approved")
    REJECTED = "rejected", pgettext_lazy("assignment", "Rejected")
    RELEASED = "released", pgettext_lazy("assignment", "Released")
    EXPIRED = "expired", pgettext_lazy("assignment", "Expired")
    SURPLUS = "surplus", pgettext_lazy("assignment", "Late")
    REPORTED = "reported", pgettext_lazy("assignment", "Reported")
    # A report that the store agreed with: a share is paid, the task is left as it is.
    SETTLED = "settled", pgettext_lazy("assignment", "Could not be done")


class Use(models.TextChoices):
    """What becomes of an approved answer; approval settles pay, not use."""

    NONE = "", "–"
    USED = "used", pgettext_lazy("use", "Used")
    UNSEEN = "unseen", pgettext_lazy("use", "Approved, waits for a person")
    UNUSED = "unused", pgettext_lazy("use", "Not used")


class Audience(models.TextChoices):
    STAFF = "staff", pgettext_lazy("audience", "Own staff")
    CROWD = "crowd", pgettext_lazy("audience", "Freelancers")


class JobState(models.TextChoices):
    """State of an import or of a result file."""

    QUEUED = "queued", pgettext_lazy("job", "Queued")
    RUNNING = "running", pgettext_lazy("job", "Running")
    DONE = "done", pgettext_lazy("job", "Done")
    FAILED = "failed", pgettext_lazy("job", "Failed")
    # An import that its director took out of the draft again; a job removes what it had brought.
    DISCARDED = "discarded", pgettext_lazy("job", "Removed")


class AnswerPlace(models.TextChoices):
    """Where an answer stands in the files of its batch."""

    NONE = "none", pgettext_lazy("place", "Not in a file")
    FILE = "file", pgettext_lazy("place", "In a file")
    UPLOADED = "uploaded", pgettext_lazy("place", "In an uploaded file")
    TAKEN_BACK = "taken_back", pgettext_lazy("place", "Taken back")


class Decision(models.TextChoices):
    APPROVED = "approved", pgettext_lazy("decision", "Approved")
    CHANGES_REQUESTED = "changes_requested", pgettext_lazy("decision", "Changes requested")
    REJECTED = "rejected", pgettext_lazy("decision", "Rejected")
    ACCEPTED = "accepted", pgettext_lazy("decision", "Accepted for use")
    SILENCE = "silence", pgettext_lazy("decision", "Approved by silence")
    # An approval that its reviewer took back within a minute.
    UNDONE = "undone", pgettext_lazy("decision", "Approval undone")
    # Nobody's fault: the manual was wrong. Paid in full, not used, and it counts for nothing.
    EXCUSED = "excused", pgettext_lazy("decision", "Paid: the manual was wrong")


class ReportReason(models.TextChoices):
    """Why a worker says that a task cannot be done."""

    SOURCE_MISSING = "source_missing", pgettext_lazy("report", "Information is missing")
    WRONG_PICTURE = "wrong_picture", pgettext_lazy("report", "The picture is of something else")
    MANUAL_UNCLEAR = "manual_unclear", pgettext_lazy("report", "The manual does not say how")
    OTHER = "other", pgettext_lazy("report", "Something else")


# A worker counts as being on a task unless the hold ended without a decision.
OFF_TASK = (AssignmentState.RELEASED, AssignmentState.EXPIRED)
# … or the answer was set aside: then the task may be done again. For rows of assignments.
ON_TASK = models.Q(set_aside=False) & ~models.Q(state__in=OFF_TASK)
# Handed in; rejected work is its worker's alone (rule 6). For rows of assignments.
RECEIVED = models.Q(submitted_at__isnull=False) & ~models.Q(state=AssignmentState.REJECTED)
# The slot is taken by work that is going on …
HOLDING = (
    AssignmentState.CLAIMED,
    AssignmentState.SUBMITTED,
    AssignmentState.IN_REVIEW,
    AssignmentState.CHANGES_REQUESTED,
    AssignmentState.REPORTED,
)
# … and nobody has decided on it yet.
UNDECIDED = (AssignmentState.SUBMITTED, AssignmentState.IN_REVIEW, AssignmentState.SURPLUS)
FINAL_TASK = (TaskState.DONE, TaskState.CANCELLED)
RUNNING_BATCH = (BatchState.OPEN, BatchState.PAUSED)
# Ended in good order: taken up again when its manual turns out to have been wrong.
ENDED_BATCH = (BatchState.CLOSED, BatchState.COMPLETED)
REPAIRABLE_BATCH = (*RUNNING_BATCH, *ENDED_BATCH)


def task_state(slots: Iterable[str]) -> TaskState:
    """The state of a task, computed from the states of its slots."""
    found = set(slots)
    if found == {SlotState.CANCELLED}:
        return TaskState.CANCELLED
    if found <= {SlotState.SETTLED, SlotState.CANCELLED}:
        return TaskState.DONE
    if SlotState.WAITING in found:
        return TaskState.WAITING
    if SlotState.OPEN in found:
        return TaskState.OPEN
    if SlotState.HELD in found:
        return TaskState.CLAIMED
    return TaskState.IN_REVIEW
