from django.db import models


class SocketTicket(models.Model):
    """Lets a program open one socket within a minute. Only the SHA-256 is kept."""

    digest = models.CharField(max_length=64, primary_key=True)
    user_id = models.BigIntegerField()
    session_key = models.CharField(max_length=40, blank=True)
    api_key_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ticket of {self.user_id}"
