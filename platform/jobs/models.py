from django.db import models


class JobRun(models.Model):
    """Who runs a job and when they were last heard of. Exists from the first attempt to success."""

    job_id = models.UUIDField(primary_key=True)
    # Empty while the job waits for its next attempt.
    runner = models.CharField(max_length=120, blank=True)
    heartbeat_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["heartbeat_at"], name="jobrun_heard", condition=~models.Q(runner=""))]

    def __str__(self) -> str:
        return f"{self.job_id} by {self.runner or 'nobody'}, attempt {self.attempts}"


class PeriodicSlot(models.Model):
    """When a periodic function is due next; whoever moves `next_at` on runs it."""

    name = models.CharField(max_length=200, primary_key=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """A person's key for one POST, and the answer given to it. Kept for seven days."""

    user_id = models.BigIntegerField()
    key = models.CharField(max_length=200)
    # SHA-256 of method, path and body.
    fingerprint = models.CharField(max_length=64)
    # 0 only inside the transaction that is still producing the answer.
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"
