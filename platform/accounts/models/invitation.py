from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.states import Role


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> "InvitationQuerySet":
        """Neither accepted nor taken back; possibly too old by now."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self, now: datetime) -> "InvitationQuerySet":
        return self.waiting().filter(expires_at__gt=now)


class Invitation(models.Model):
    """A role in a store, offered to an address. The link's token is mailed once; only its SHA-256 is kept."""

    store = models.ForeignKey("accounts.Store", on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "email", "role"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_once",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
        ]
        indexes = [models.Index(fields=["store", "-id"], name="invitation_latest")]

    def __str__(self) -> str:
        return f"{self.email} as {self.role} of {self.store_id}"
