from django.db import models
from django.db.models import Q


class Notice(models.Model):
    """One line in a person's inbox: `kind` and `params`, worded when read (`notify.texts`)."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="notices")
    # The event it tells of; no foreign key, events outlive everything.
    event_id = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    path = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # The reader may run twice over an event; the person hears of it once.
            models.UniqueConstraint(fields=["user", "event_id", "kind"], name="notice_once")
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_latest"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"
