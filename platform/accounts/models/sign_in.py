from django.db import models


class KnownDevice(models.Model):
    """A browser from which a person has signed in before: it keeps a random mark, this row its SHA-256."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="devices")
    digest = models.CharField(max_length=64)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="device_once")]

    def __str__(self) -> str:
        return f"device of {self.user_id}"


class EmailChange(models.Model):
    """A new address for a person: it counts once the links sent to both addresses were opened."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="email_change")
    email = models.EmailField()
    old_digest = models.CharField(max_length=64, unique=True)
    new_digest = models.CharField(max_length=64, unique=True)
    old_confirmed_at = models.DateTimeField(null=True, blank=True)
    new_confirmed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} to {self.email}"
