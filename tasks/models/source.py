import secrets

from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from kernel.transitions import MachineMixin
from tasks.states import JobState


def _random_folder(kind: str, name: str) -> str:
    # The uploaded name never becomes a path.
    return f"{kind}/{secrets.token_hex(16)}{name}"


def source_path(instance: "Import", filename: str) -> str:
    return _random_folder("sources", ".csv")


def release_path(instance: "Release", filename: str) -> str:
    return _random_folder("results", "." + filename.rsplit(".", 1)[-1])


def upload_path(instance: "Upload", filename: str) -> str:
    return _random_folder("uploads", "." + filename.rsplit(".", 1)[-1])


class Import(MachineMixin, models.Model):
    """One reading of a source file into a batch. Its units exist for others once it is `done`."""

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="imports")
    file = models.FileField(upload_to=source_path)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=20, default="shopify")
    # `tasks.domain.selection.Selection`; an inspection only looks, makes no units and lists the facts.
    row_filter = models.JSONField(default=dict)
    inspect_only = models.BooleanField(default=False)
    state: "models.CharField[str, str]" = FSMField(
        default=JobState.QUEUED, choices=JobState.choices, protected=True
    )
    bytes_done = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    units_made = models.PositiveIntegerField(default=0)
    units_known = models.PositiveIntegerField(default=0, help_text="products that the batch already had")
    units_left_out = models.PositiveIntegerField(default=0, help_text="products the filter left out")
    refused_rows = models.PositiveIntegerField(default=0)
    # What was recognised: dialect, encoding, line ends, missing values per column.
    facts = models.JSONField(default=dict)
    # {"code", "row", "column", "params"} of a failed import.
    error = models.JSONField(null=True, blank=True)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch"], condition=Q(state__in=["queued", "running"]), name="import_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> int:
        if self.state == JobState.DONE:
            return 100
        return min(99, self.bytes_done * 100 // self.size) if self.size else 0

    @transition(field=state, source=[JobState.QUEUED, JobState.RUNNING], target=JobState.RUNNING)
    def start(self) -> None: ...

    @transition(field=state, source=JobState.RUNNING, target=JobState.DONE)
    def land(self) -> None: ...

    @transition(field=state, source=[JobState.QUEUED, JobState.RUNNING], target=JobState.FAILED)
    def fail(self) -> None: ...

    @transition(field=state, source=[JobState.DONE, JobState.FAILED], target=JobState.DISCARDED)
    def discard(self) -> None: ...


class ImportRefusal(models.Model):
    """One row that was not taken, and why (`exchange.errors.describe` words it for the reader)."""

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="refused")
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["source", "row", "id"], name="refusal_by_row")]

    def __str__(self) -> str:
        return f"row {self.row}: {self.code}"


class Release(MachineMixin, models.Model):
    """One result file of a batch, made by a job."""

    class Format(models.TextChoices):
        UPDATE = "update"
        SOURCE = "source"
        CSV = "csv"
        JSONL = "jsonl"

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="releases")
    format = models.CharField(max_length=10, choices=Format.choices)
    state: "models.CharField[str, str]" = FSMField(
        default=JobState.QUEUED,
        choices=[choice for choice in JobState.choices if choice[0] != JobState.DISCARDED],
        protected=True,
    )
    file = models.FileField(upload_to=release_path, blank=True)
    name = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    cells = models.PositiveIntegerField(default=0)
    answers_done = models.PositiveIntegerField(default=0)
    # [{"code", "params"}], worded by `tasks.texts.warning`.
    warnings = models.JSONField(default=list)
    error = models.JSONField(null=True, blank=True)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "-id"], name="release_latest")]

    def __str__(self) -> str:
        return self.name

    @transition(field=state, source=[JobState.QUEUED, JobState.RUNNING], target=JobState.RUNNING)
    def start(self) -> None: ...

    @transition(field=state, source=JobState.RUNNING, target=JobState.DONE)
    def finish(self) -> None: ...

    @transition(field=state, source=[JobState.QUEUED, JobState.RUNNING], target=JobState.FAILED)
    def fail(self) -> None: ...


class Upload(models.Model):
    """A picture that a worker hands in, or that belongs to a store's product data."""

    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="uploads")
    store = models.ForeignKey("accounts.Store", on_delete=models.CASCADE, null=True, related_name="pictures")
    assignment = models.ForeignKey(
        "tasks.Assignment", on_delete=models.CASCADE, null=True, related_name="uploads"
    )
    file = models.FileField(upload_to=upload_path)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=50)
    size = models.PositiveIntegerField(help_text="bytes")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
