from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from kernel.transitions import MachineMixin
from tasks.states import SlotState, TaskState


class Unit(models.Model):
    """One source group of a batch, a product for example. Seen only once its import has landed."""

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="units")
    source = models.ForeignKey("tasks.Import", on_delete=models.CASCADE, related_name="units")
    key = models.CharField(max_length=255)
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=500, blank=True)
    # What the worker sees: logical column → text, plus "variants" and "images" lists.
    values = models.JSONField(default=dict)
    # Where its first record begins in the source file, for the merge.
    first_row = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "key"], name="unit_key_once")]

    def __str__(self) -> str:
        return self.key


class Task(MachineMixin, models.Model):
    """One step done for one unit: the need. Its state follows from its slots (`states.task_state`)."""

    batch = models.ForeignKey(
        "tasks.Batch", on_delete=models.CASCADE, related_name="tasks", db_index=False
    )  # "task_by_batch" begins with it
    step = models.ForeignKey("tasks.Step", on_delete=models.CASCADE, related_name="tasks")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="tasks")
    position = models.PositiveIntegerField()
    state: "models.CharField[str, str]" = FSMField(
        default=TaskState.OPEN, choices=TaskState.choices, protected=True
    )
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "step"], name="task_once"),
            models.CheckConstraint(condition=Q(state__in=TaskState.values), name="task_state_known"),
        ]
        indexes = [
            models.Index(fields=["batch", "state", "position", "id"], name="task_board"),
            models.Index(fields=["step", "state"], name="task_by_step"),
            models.Index(fields=["batch", "id"], name="task_by_batch"),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"

    @transition(field=state, source=TaskState.OPEN, target=TaskState.WAITING)
    def wait(self) -> None: ...

    @transition(
        field=state,
        source=[
            TaskState.WAITING,
            TaskState.CLAIMED,
            TaskState.IN_REVIEW,
            TaskState.DONE,
            TaskState.CANCELLED,
        ],
        target=TaskState.OPEN,
    )
    def open(self) -> None: ...

    @transition(field=state, source=TaskState.OPEN, target=TaskState.CLAIMED)
    def claim(self) -> None: ...

    @transition(
        field=state, source=[TaskState.OPEN, TaskState.CLAIMED, TaskState.DONE], target=TaskState.IN_REVIEW
    )
    def review(self) -> None: ...

    @transition(
        field=state, source=[TaskState.OPEN, TaskState.CLAIMED, TaskState.IN_REVIEW], target=TaskState.DONE
    )
    def finish(self) -> None: ...

    @transition(
        field=state,
        source=[TaskState.WAITING, TaskState.OPEN, TaskState.CLAIMED, TaskState.IN_REVIEW],
        target=TaskState.CANCELLED,
    )
    def cancel(self) -> None: ...


class Slot(MachineMixin, models.Model):
    """One wanted answer of a task. Claims lock slots, never tasks."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="slots")
    step = models.ForeignKey("tasks.Step", on_delete=models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField()
    position = models.PositiveIntegerField()
    state: "models.CharField[str, str]" = FSMField(
        default=SlotState.OPEN, choices=SlotState.choices, protected=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="slot_once"),
            models.CheckConstraint(condition=Q(state__in=SlotState.values), name="slot_state_known"),
        ]
        indexes = [
            models.Index(fields=["step", "position", "number"], condition=Q(state="open"), name="slot_free")
        ]

    def __str__(self) -> str:
        return f"slot {self.pk}"

    @transition(field=state, source=SlotState.OPEN, target=SlotState.WAITING)
    def wait(self) -> None: ...

    @transition(field=state, source=SlotState.WAITING, target=SlotState.OPEN)
    def offer(self) -> None: ...

    @transition(field=state, source=SlotState.OPEN, target=SlotState.HELD)
    def hold(self) -> None: ...

    @transition(field=state, source=SlotState.HELD, target=SlotState.DELIVERED)
    def deliver(self) -> None: ...

    @transition(field=state, source=SlotState.SETTLED, target=SlotState.DELIVERED)
    def undo(self) -> None: ...

    @transition(
        field=state, source=[SlotState.OPEN, SlotState.HELD, SlotState.DELIVERED], target=SlotState.SETTLED
    )
    def settle(self) -> None: ...

    @transition(
        field=state, source=[SlotState.HELD, SlotState.DELIVERED, SlotState.SETTLED], target=SlotState.OPEN
    )
    def offer_again(self) -> None: ...

    @transition(field=state, source=SlotState.CANCELLED, target=SlotState.OPEN)
    def reopen(self) -> None: ...

    @transition(
        field=state,
        source=[SlotState.WAITING, SlotState.OPEN, SlotState.HELD, SlotState.DELIVERED],
        target=SlotState.CANCELLED,
    )
    def cancel(self) -> None: ...
