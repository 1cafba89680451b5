from django.db import models
from django.db.models import Q

from notify.states import Email, Outcome


class Delivery(models.Model):
    """One mail: waiting until the mail server has accepted or refused it. It is never given up while waiting.

    To a person (`user`, at their present address) it carries notices: of one `kind` or, if that is empty, of
    a day. To an `address` it carries its own `params` and `path`, which may hold a secret: both are
    blanked when it ends, and at `expires_at` it ends unsent; `user` is then whose account it is about.
    """

    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    address = models.EmailField(blank=True)
    language = models.CharField(max_length=5, blank=True)
    kind = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    path = models.CharField(max_length=500, blank=True)
    message_id = models.CharField(max_length=150, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="when its link works no more")
    # Further notices join it. Ends with the first attempt: a repeated mail has to be the same.
    collects = models.BooleanField(default=False)

    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default=Outcome.WAITING)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="handed over, refused or left out")
    attempts = models.PositiveIntegerField(default=0)
    # While somebody is at it: when it counts as abandoned.
    next_attempt_at = models.DateTimeField()
    # The last attempt found no mail server; the mail itself was not looked at.
    waits_for_server = models.BooleanField(default=False)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", ended_at=None) | (~Q(outcome="") & Q(ended_at__isnull=False)),
                name="delivery_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | ~Q(address=""), name="delivery_has_a_reader"
            ),
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=Q(collects=True, outcome=""),
                name="delivery_one_collecting",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(outcome=""), name="delivery_due"),
            models.Index(fields=["user", "kind", "-id"], name="delivery_latest"),
            models.Index(fields=["ended_at"], condition=~Q(outcome=""), name="delivery_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'summary'} to {self.address or self.user_id}"

    @property
    def carries_notices(self) -> bool:
        return not self.address

    @property
    def to(self) -> str:
        return self.address or (self.user.email if self.user else "")


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
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices"
    )
    # The line stands here, and where the person wants a mail at once, the mail server has accepted it.
    handed_over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # The reader may run twice over an event; the person hears of it once.
            models.UniqueConstraint(fields=["user", "event_id", "kind"], name="notice_once")
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_latest"),
            models.Index(fields=["user", "-id"], condition=Q(read_at=None), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class Preference(models.Model):
    """A person's own choice for one kind; without one the kind's default holds."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="notice_preferences")
    kind = models.CharField(max_length=40)
    email = models.CharField(max_length=5, choices=Email.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="preference_once"),
            models.CheckConstraint(condition=Q(email__in=Email.values), name="preference_email_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.email} for {self.user_id}"


class RefusedAddress(models.Model):
    """A person's address that a mail server does not take. Gone when it takes one again."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="refused_address")
    address = models.EmailField()
    reason = models.CharField(max_length=500)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.address} of {self.user_id}"


class Unwanted(models.Model):
    """Somebody without an account does not want mail from here."""

    address = models.EmailField(unique=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.address
