from django.db import models


class WorkerProfile(models.Model):
    """Makes a user a freelancer (crowd worker)."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="worker_profile")
    introduction = models.TextField(blank=True, max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.user)


class PoolMember(models.Model):
    """A freelancer whom a company knows: its crowd batches are offered to them."""

    company = models.ForeignKey("accounts.Company", on_delete=models.CASCADE, related_name="pool")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="pools")
    added_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="pool_member_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.company_id}"
