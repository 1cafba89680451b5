"""Keys for programs: make, recognise, revoke."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, User
from accounts.states import Scope
from events import record
from kernel.errors import FieldProblem, Invalid
from kernel.hot import Prepared

MARK = "tencho_"
# A key's last use is a hint for people; writing it on every request would double the writes.
USE_NOTED_EVERY = timedelta(minutes=10)


@transaction.atomic
def create_key(
    *,
    user: User,
    name: str,
    scopes: Sequence[str],
    by: User,
    now: datetime,
    days: int | None = None,
) -> tuple[ApiKey, str]:
    """Makes a key and returns it with its secret, which cannot be shown again.

    `days` until it expires; None for never. Raises `Invalid` for an unknown scope or an empty name.
    """
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not name.strip():
        field = "scopes" if unknown else "name"
        raise Invalid(
            "api_key_invalid",
            _("The key could not be made."),
            fields=[FieldProblem(field, "invalid", _("Give the key a name and at least one known scope."))],
        )
    secret = _unused_secret()
    key = ApiKey.objects.create(
        user=user,
        name=name.strip()[:100],
        prefix=secret[: len(MARK) + 5],
        digest=_digest(secret),
        scopes=sorted({Scope.READ.value, *scopes}),
        expires_at=now + timedelta(days=days) if days else None,
    )
    record("api_key.created", topics=[f"user.{user.pk}"], actor=by.pk, api_key=key.pk)
    return key, secret


def _unused_secret() -> str:
    """A secret whose beginning no other key has: a thousand million beginnings, but chance has no memory."""
    while True:
        secret = MARK + secrets.token_urlsafe(32)
        if not ApiKey.objects.filter(prefix=secret[: len(MARK) + 5]).exists():
            return secret


@transaction.atomic
def revoke_key(*, key_id: int, by: User, now: datetime) -> None:
    """Ends a key at once. Raises `ApiKey.DoesNotExist` for a key of somebody else."""
    key = ApiKey.objects.select_for_update().get(pk=key_id, user=by)
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        record("api_key.revoked", topics=[f"user.{by.pk}"], actor=by.pk, api_key=key.pk)


_BY_PREFIX = Prepared(lambda prefix: ApiKey.objects.select_related("user").filter(prefix=prefix))


def recognise(secret: str, now: datetime) -> ApiKey | None:
    """The valid key with this secret, with its user; notes its use. None if there is none."""
    if not secret.startswith(MARK) or len(secret) > 200:
        return None
    key = _BY_PREFIX.first(prefix=secret[: len(MARK) + 5])
    if key is None or not hmac.compare_digest(key.digest, _digest(secret)):
        return None
    if not key.is_valid(now) or not key.user.is_active:
        return None
    if key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
