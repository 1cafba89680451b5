from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.states import Role


class Company(models.Model):
    """The contracting party and tenant: one or more stores."""

    name = models.CharField(_("name"), max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Store(models.Model):
    """One shop of a company."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="stores")
    name = models.CharField(_("name"), max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self, now: datetime) -> "MembershipQuerySet":
        return self.filter(models.Q(until=None) | models.Q(until__gt=now))


class Membership(models.Model):
    """One person's role in one store, possibly until a date."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Noted by the clock: that the end was announced, and that it came.
    reminded_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "store", "role"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]
        indexes = [
            models.Index(
                fields=["until"],
                condition=models.Q(ended_at=None, until__isnull=False),
                name="membership_ends",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.store_id}"
