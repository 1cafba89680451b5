"""The same POST twice gives the same answer, also when the first answer never arrived."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jobs.define import periodic
from jobs.models import IdempotencyKey
from kernel import clock
from kernel.errors import Invalid, TenchoError

KEPT = timedelta(days=7)
CHUNK = 1000


@dataclass(frozen=True)
class StoredAnswer:
    """An HTTP answer as it was first given."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class KeyInvalid(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_invalid", _("Idempotency-Key must be 1 to 200 visible ASCII characters.")
        )


class KeyReused(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_reused", _("This Idempotency-Key was already used for a different request.")
        )


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same."""
    head = hashlib.sha256(f"{method} {path}\n".encode())
    head.update(body)
    return head.hexdigest()


def run_once(
    *,
    user_id: int,
    key: str,
    fingerprint: str,
    produce: Callable[[], StoredAnswer],
    refuse: Callable[[TenchoError], StoredAnswer],
) -> StoredAnswer:
    """Calls `produce` unless this key was answered before, and stores its answer with its changes.

    `refuse` renders a `TenchoError`, after the changes made so far are undone; that answer is kept too.
    Answers of 500 and above are not kept. A second request at the same time waits for the first.
    Raises `KeyInvalid`, `KeyReused`.
    """
    if not 1 <= len(key) <= 200 or not all("!" <= char <= "~" for char in key):
        raise KeyInvalid()
    with transaction.atomic():
        row = _reserve(user_id, key, fingerprint)
        if row.status:
            return StoredAnswer(row.status, bytes(row.body), row.headers)
        answer = _answer(produce, refuse)
        if answer.status >= 500:
            row.delete()
        else:
            row.status, row.headers, row.body = answer.status, answer.headers, answer.body
            row.save(update_fields=["status", "headers", "body"])
        return answer


def _reserve(user_id: int, key: str, fingerprint: str) -> IdempotencyKey:
    """The row of this key: a new one, or the answered one once whoever else has it is done."""
    row = IdempotencyKey(user_id=user_id, key=key, fingerprint=fingerprint, created_at=clock.now())
    # ON CONFLICT DO NOTHING: waits for the other transaction without breaking this one.
    IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
    stored = IdempotencyKey.objects.get(user_id=user_id, key=key)
    if stored.fingerprint != fingerprint:
        raise KeyReused()
    return stored


def _answer(
    produce: Callable[[], StoredAnswer], refuse: Callable[[TenchoError], StoredAnswer]
) -> StoredAnswer:
    try:
        with transaction.atomic():
            return produce()
    except TenchoError as error:
        return refuse(error)


@periodic(every=timedelta(hours=1))
def forget_old_keys() -> None:
    """Deletes keys after seven days, in chunks."""
    while True:
        old = IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEPT).values("pk")[:CHUNK]
        deleted, _by_model = IdempotencyKey.objects.filter(
            pk__in=list(old.values_list("pk", flat=True))
        ).delete()
        if deleted < CHUNK:
            return
