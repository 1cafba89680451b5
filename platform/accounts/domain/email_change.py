"""A new e-mail address: asked for by its owner, confirmed from the old address and from the new one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.domain.tokens import digest_of, new_token
from accounts.models import EmailChange, User
from events import record
from kernel.errors import FieldProblem, Invalid

VALID_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """A wish for a new address; `links`: address → the path of the link that goes there (known only now)."""

    change: EmailChange
    old: str
    links: dict[str, str]


@transaction.atomic
def ask(*, email: str, by: User, now: datetime) -> Asked:
    """Notes the wish; mailing the links is the caller's (`notify.domain.address_change`).

    An earlier wish is forgotten. `Invalid` for an address in use.
    """
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exists():
        problem = FieldProblem("email", "email_taken", _("There is an account with this address already."))
        raise Invalid("email_change_invalid", _("The address could not be changed."), fields=[problem])
    (old, old_digest), (new, new_digest) = new_token(), new_token()
    change, _made = EmailChange.objects.update_or_create(
        user=by,
        defaults={
            "email": email,
            "old_digest": old_digest,
            "new_digest": new_digest,
            "old_confirmed_at": None,
            "new_confirmed_at": None,
            "created_at": now,
            "expires_at": now + VALID_FOR,
        },
    )
    return Asked(change, old=by.email, links={by.email: _path(old), email: _path(new)})


def _path(token: str) -> str:
    return f"/settings/security/email/{token}/"


@dataclass(frozen=True)
class Done:
    """A changed address: whose, and which one it was."""

    user: User
    old: str


def pending(user: User, now: datetime) -> EmailChange | None:
    return EmailChange.objects.filter(user=user, expires_at__gt=now).first()


def forget(*, by: User) -> None:
    EmailChange.objects.filter(user=by).delete()


def by_token(token: str, now: datetime) -> EmailChange | None:
    digest = digest_of(token)
    rows = EmailChange.objects.filter(Q(old_digest=digest) | Q(new_digest=digest), expires_at__gt=now)
    return rows.select_related("user").first()


@transaction.atomic
def confirm(*, token: str, now: datetime) -> Done | None:
    """Notes the word of one address; returns what changed if the change is done with it.

    `Invalid` if the new address has an account by now.
    """
    found = by_token(token, now)
    if found is None:
        return None
    user = User.objects.select_for_update().get(pk=found.user_id)
    change = EmailChange.objects.get(pk=found.pk)
    side = "old_confirmed_at" if change.old_digest == digest_of(token) else "new_confirmed_at"
    setattr(change, side, now)
    change.save(update_fields=[side])
    if change.old_confirmed_at is None or change.new_confirmed_at is None:
        return None
    if User.objects.filter(email__iexact=change.email).exists():
        raise Invalid("email_change_invalid", _("There is an account with this address already."))
    old, user.email = user.email, change.email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    record("person.email_changed", topics=[f"user.{user.pk}"], actor=user.pk, person=user.pk)
    change.delete()
    return Done(user, old)
