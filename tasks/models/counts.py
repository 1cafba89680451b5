from django.db import models


class TaskCount(models.Model):
    """How many tasks of a batch are in a state, or what was paid (`counts.PAID`), as of the last folding."""

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=20)
    n = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "state"], name="task_count_once")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.state}: {self.n}"


class TaskCountDelta(models.Model):
    """A change not yet folded in. Rows are only added, so no claim waits for another's counter."""

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="+", db_constraint=False)
    state = models.CharField(max_length=20)
    n = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.batch_id} {self.state}: {self.n:+}"
