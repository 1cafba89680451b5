from django.db import models
from django.db.models import Q

from tasks.models.machine import JobMachine
from tasks.states import AnswerPlace


class LaterCheck(JobMachine):
    """A check that somebody thought of later: a job looks through the answers received so far for it."""

    company = models.ForeignKey("accounts.Company", on_delete=models.CASCADE, related_name="later_checks")
    # Whose answers are looked through: who sits at the desk of all of them reads what was found.
    stores = models.ManyToManyField("accounts.Store", related_name="+")
    # The version whose form names the field, and all those of the same work that have it.
    version = models.ForeignKey("tasks.TemplateVersion", on_delete=models.PROTECT, related_name="+")
    versions = models.JSONField(help_text="ids of template versions")
    # As the checks of a template are stored.
    definition = models.JSONField()
    # The last answer that was looked at: a job that was killed goes on behind it.
    cursor_batch = models.BigIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    failing = models.PositiveIntegerField(default=0)
    # Of the failing ones, by place.
    in_file = models.PositiveIntegerField(default=0)
    uploaded = models.PositiveIntegerField(default=0)
    taken_back = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["company", "-id"], name="later_check_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed"], finished_at__isnull=False)
                | (~Q(state__in=["done", "failed"]) & Q(finished_at=None)),
                name="later_check_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"later check {self.pk}"


class LaterFinding(models.Model):
    """One answer that fails a later check. `place` follows the result files that hold it."""

    later_check = models.ForeignKey(
        LaterCheck, on_delete=models.CASCADE, related_name="findings", db_index=False
    )  # the indexes below begin with it
    submission = models.ForeignKey("tasks.Submission", on_delete=models.CASCADE, related_name="+")
    batch = models.ForeignKey(
        "tasks.Batch", on_delete=models.CASCADE, related_name="+", db_index=False
    )  # "later_finding_of_batch" begins with it
    worker = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    title = models.CharField(max_length=500, blank=True)
    # As the results of checks are stored with a submission.
    result = models.JSONField()
    place = models.CharField(max_length=12, choices=AnswerPlace.choices, default=AnswerPlace.NONE)

    class Meta:
        indexes = [
            models.Index(fields=["later_check", "id"], name="later_finding_in_order"),
            models.Index(fields=["later_check", "place", "id"], name="later_finding_by_place"),
            models.Index(fields=["later_check", "worker", "id"], name="later_finding_by_worker"),
            models.Index(fields=["batch", "id"], name="later_finding_of_batch"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["later_check", "submission"], name="later_finding_once"),
            models.CheckConstraint(
                condition=Q(place__in=AnswerPlace.values), name="later_finding_place_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} fails {self.later_check_id}"
