from django.db import models
from django.db.models import Q


class Question(models.Model):
    """What a worker asks about a batch, for everybody who works on it to read."""

    batch = models.ForeignKey("tasks.Batch", on_delete=models.CASCADE, related_name="questions")
    # The task that it came up at; a worker of another task sees the question, not the task.
    task = models.ForeignKey("tasks.Task", on_delete=models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="questions")
    text = models.TextField()
    created_at = models.DateTimeField()
    # The first reply of the store.
    answered_at = models.DateTimeField(null=True, blank=True)
    # The version of the manual that holds the answer.
    into_version = models.ForeignKey(
        "tasks.TemplateVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    # Taken from view by a director.
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["batch", "-id"], name="question_latest"),
            models.Index(fields=["batch"], condition=Q(answered_at=None), name="question_unanswered"),
        ]

    def __str__(self) -> str:
        return f"question {self.pk}"


class Reply(models.Model):
    """One answer to a question; `of_store`: by somebody of the shop, who knows."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="replies")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    of_store = models.BooleanField(default=False)
    text = models.TextField()
    created_at = models.DateTimeField()
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["question", "id"], name="reply_in_order")]

    def __str__(self) -> str:
        return f"reply {self.pk}"
