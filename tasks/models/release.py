from django.db import models
from django.db.models import Q

from tasks.models.machine import JobMachine
from tasks.models.source import random_path


def release_path(instance: "Release", filename: str) -> str:
    return random_path("results", "." + filename.rsplit(".", 1)[-1])


def fresh_path(instance: "Release", filename: str) -> str:
    return random_path("sources", "." + filename.rsplit(".", 1)[-1])


class Release(JobMachine):
    """One result file of a batch, made by a job: what went out, from which answers, and when."""

    class Format(models.TextChoices):
        UPDATE = "update"
        SOURCE = "source"
        CSV = "csv"
        JSONL = "jsonl"
        # Puts back what another release has overwritten.
        RESTORE = "restore"

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="releases")
    format = models.CharField(max_length=10, choices=Format.choices)
    file = models.FileField(upload_to=release_path, blank=True)
    name = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    cells = models.PositiveIntegerField(default=0)
    answers_done = models.PositiveIntegerField(default=0)
    # [{"code", "params"}], worded by `tasks.texts.warning`.
    warnings = models.JSONField(default=list)
    error = models.JSONField(null=True, blank=True)
    # A fresh export of the shop, if one was given: what changed since the batch's own file.
    fresh = models.FileField(upload_to=fresh_path, blank=True)
    fresh_name = models.CharField(max_length=255, blank=True)
    drift_count = models.PositiveIntegerField(default=0)
    # Cells that the shop itself has changed since: an answer overwrites them only if its director said so.
    overwrite = models.BooleanField(default=False)
    # Holds only what differs from the files already ticked off as uploaded.
    since_uploaded = models.BooleanField(default=False)
    # What the job counted: columns with their cells, what changed in the shop by kind, cells left out.
    facts = models.JSONField(default=dict)
    restores = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="restored_by"
    )
    # Of the restored file only the cells of these answers, or of those that fail this check.
    answers_only = models.JSONField(null=True, blank=True, help_text="ids of submissions")
    later_check = models.ForeignKey(
        "tasks.LaterCheck", on_delete=models.PROTECT, null=True, blank=True, related_name="restores"
    )
    # Somebody ticked it off as uploaded to the shop.
    uploaded_at = models.DateTimeField(null=True, blank=True)
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "-id"], name="release_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(uploaded_at=None, uploaded_by=None)
                | Q(uploaded_at__isnull=False, uploaded_by__isnull=False),
                name="release_uploaded_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(format="restore", restores__isnull=False)
                | (~Q(format="restore") & Q(restores=None)),
                name="release_restores_another",
            ),
            models.CheckConstraint(
                condition=Q(restores__isnull=False) | Q(answers_only__isnull=True, later_check=None),
                name="release_only_restores_a_part",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReleaseCell(models.Model):
    """One cell that a result file has written: from which answer, and what stood there before."""

    release = models.ForeignKey(
        Release, on_delete=models.CASCADE, related_name="written", db_index=False
    )  # every index below begins with it
    submission = models.ForeignKey(
        "tasks.Submission", on_delete=models.PROTECT, null=True, related_name="released"
    )
    key = models.CharField(max_length=255)
    row = models.PositiveIntegerField(help_text="of the source file, from 1")
    column = models.CharField(max_length=200, help_text="as the file spells it")
    logical = models.CharField(max_length=100)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["release", "id"], name="release_cell_in_order"),
            models.Index(fields=["release", "key"], name="release_cell_of_unit"),
            models.Index(fields=["release", "logical", "id"], name="release_cell_of_column"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.column}"


class Drift(models.Model):
    """One cell that the shop itself has changed since the batch's file, found in a fresh export."""

    release = models.ForeignKey(
        Release, on_delete=models.CASCADE, related_name="drift", db_index=False
    )  # every index below begins with it
    key = models.CharField(max_length=255)
    column = models.CharField(max_length=200, blank=True)
    # "changed", "row_added", "row_removed"; `answered`: an answer would have overwritten it.
    kind = models.CharField(max_length=12)
    then = models.TextField(blank=True)
    now = models.TextField(blank=True)
    answered = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["release", "id"], name="drift_in_order"),
            models.Index(fields=["release", "kind", "id"], name="drift_of_kind"),
            models.Index(fields=["release", "key"], condition=Q(answered=True), name="drift_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
