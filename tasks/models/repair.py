from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from tasks.models.machine import JobMachine
from tasks.states import BatchState, PauseReason


class Repair(JobMachine):
    """The manual of a batch was wrong: received work is paid, affected tasks are opened again."""

    class Scope(models.TextChoices):
        ALL = "all", pgettext_lazy("repair", "All work received so far")
        FAILING = "failing", pgettext_lazy("repair", "Only answers that the new checks refuse")

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="repairs")
    step = models.ForeignKey("tasks.Step", on_delete=models.CASCADE, related_name="+")
    before = models.ForeignKey("tasks.TemplateVersion", on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey("tasks.TemplateVersion", on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    note = models.TextField()
    # Why the batch was paused before, empty if it was open: it goes on as it was.
    paused_before = models.CharField(max_length=20, choices=PauseReason.choices, blank=True)
    # How the batch had ended before it was reopened for this, empty if it was running.
    ended_before = models.CharField(max_length=20, choices=BatchState.choices, blank=True)
    # The last answer that was looked at: a job that was killed goes on behind it.
    cursor = models.BigIntegerField(default=0)
    tasks_total = models.PositiveIntegerField(default=0)
    tasks_done = models.PositiveIntegerField(default=0)
    paid = models.PositiveIntegerField(default=0, help_text="answers paid in full")
    reopened = models.PositiveIntegerField(default=0, help_text="tasks offered again")
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch"], condition=Q(state__in=["queued", "running"]), name="repair_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"repair {self.pk}"


class RepairPlan(JobMachine):
    """What a repair of the answers that the checks refuse would do, counted by a job."""

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="repair_plans")
    step = models.ForeignKey("tasks.Step", on_delete=models.CASCADE, related_name="+")
    # Its form and checks decide. `corrected`: with another manual on it, which makes a newer version of it.
    judge = models.ForeignKey("tasks.TemplateVersion", on_delete=models.PROTECT, related_name="+")
    corrected = models.BooleanField(default=False)
    # What the answers were like when the count began (`repair_scope.basis`).
    basis = models.JSONField(default=list)
    cursor = models.BigIntegerField(default=0, help_text="the last task that was looked at")
    tasks_total = models.PositiveIntegerField(default=0)
    tasks_done = models.PositiveIntegerField(default=0)
    # The sums so far, named as in `repair_scope.Sums`.
    sums = models.JSONField(default=dict)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "judge", "corrected"], name="repair_plan_once"),
        ]

    def __str__(self) -> str:
        return f"repair plan {self.pk}"
