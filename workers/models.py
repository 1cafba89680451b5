from datetime import datetime

from django.db import models
from django.db.models import F, Q


class WorkerProfile(models.Model):
    """Makes a user a freelancer (crowd worker)."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="worker_profile")
    introduction = models.TextField(blank=True, max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.user)


class PoolLinkQuerySet(models.QuerySet["PoolLink"]):
    def open(self, now: datetime) -> "PoolLinkQuerySet":
        return self.filter(revoked_at=None, expires_at__gt=now, used__lt=F("most"))


class PoolLink(models.Model):
    """A link to hand around: so many freelancers may join a company's pool by it, until a day.

    The token is shown once; only its SHA-256 is kept.
    """

    company = models.ForeignKey("accounts.Company", on_delete=models.CASCADE, related_name="pool_links")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    most = models.PositiveIntegerField()
    used = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = PoolLinkQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(used__lte=F("most")), name="pool_link_limit")]
        indexes = [models.Index(fields=["company", "-id"], name="pool_link_latest")]

    def __str__(self) -> str:
        return f"{self.name} of {self.company_id}"


class PoolMember(models.Model):
    """A freelancer whom a company knows: its crowd batches are offered to them."""

    company = models.ForeignKey("accounts.Company", on_delete=models.CASCADE, related_name="pool")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="pools")
    added_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    # The link they came by, if it was one.
    link = models.ForeignKey(PoolLink, on_delete=models.SET_NULL, null=True, related_name="joined")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="pool_member_once")]
        indexes = [models.Index(fields=["company", "-id"], name="pool_latest")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.company_id}"
