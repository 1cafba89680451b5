import secrets

from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from kernel.transitions import MachineMixin
from tasks.states import JobState


def random_path(kind: str, name: str) -> str:
    # The uploaded name never becomes a path.
    return f"{kind}/{secrets.token_hex(16)}{name}"


def source_path(instance: "Import", filename: str) -> str:
    return random_path("sources", ".csv")


def upload_path(instance: "Upload", filename: str) -> str:
    return random_path("uploads", "." + filename.rsplit(".", 1)[-1])


class Import(MachineMixin, models.Model):
    """One reading of a source file into a batch. Its units exist for others once it is `done`."""

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="imports")
    file = models.FileField(upload_to=source_path)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=20, default="shopify")
    # How the columns of a table that is no known export are meant.
    mapping = models.ForeignKey(
        "tasks.Mapping", on_delete=models.PROTECT, null=True, blank=True, related_name="imports"
    )
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


class Mapping(models.Model):
    """How a store's own table is read: one version of what each column means. It never changes."""

    class Kind(models.TextChoices):
        CSV = "csv"
        TSV = "tsv"
        XLSX = "xlsx"

    store = models.ForeignKey("accounts.Store", on_delete=models.CASCADE, related_name="mappings")
    name = models.CharField(max_length=200)
    number = models.PositiveIntegerField(help_text="version, from 1")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    encoding = models.CharField(max_length=10, help_text="utf-8 or cp932; utf-8 for XLSX")
    sheet = models.CharField(max_length=31, blank=True, help_text="of a workbook")
    # Titles may stand above the header. In the next file it is found again wherever it stands.
    header_row = models.PositiveIntegerField(default=1, help_text="where the header stood, from 1")
    # The headers in their order, as the file spells them; names may repeat.
    header = models.JSONField()
    header_digest = models.CharField(max_length=64, help_text="SHA-256 of the header: recognises the file")
    # [{"index", "header", "role", "name", "rules"}], read by `exchange.table`.
    columns = models.JSONField()
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "name", "number"], name="mapping_version_once")
        ]
        indexes = [models.Index(fields=["store", "header_digest", "-id"], name="mapping_recognised")]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"


class Upload(models.Model):
    """A picture that a worker hands in, or that belongs to a store's product data or a template's manual."""

    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="uploads")
    store = models.ForeignKey("accounts.Store", on_delete=models.CASCADE, null=True, related_name="pictures")
    assignment = models.ForeignKey(
        "tasks.Assignment", on_delete=models.CASCADE, null=True, related_name="uploads"
    )
    # A picture in the manual: whoever may read one of the template's versions sees it.
    template = models.ForeignKey(
        "tasks.Template", on_delete=models.CASCADE, null=True, related_name="pictures"
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
