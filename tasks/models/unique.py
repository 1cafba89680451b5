from django.db import models


class TakenValue(models.Model):
    """A value that a task's answer has taken, for the check "unique in batch"."""

    step = models.ForeignKey("tasks.Step", on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    task = models.ForeignKey("tasks.Task", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "field", "digest"], name="taken_value_once")]

    def __str__(self) -> str:
        return f"{self.field} of task {self.task_id}"
