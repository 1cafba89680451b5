"""The key of a program: prefix looked up, SHA-256 compared."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

PREFIX = 12


@dataclass(frozen=True)
class Worker:
    pk: int
    is_authenticated = True


class KeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Worker, list[str]] | None:
        parts = get_authorization_header(request).split()
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            return None
        secret = parts[1].decode("latin-1")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT k.digest, k.scopes, k.expires_at, w.id FROM floor_key k "
                "JOIN floor_worker w ON w.id = k.worker_id AND w.active "
                "WHERE k.prefix = %s AND k.revoked_at IS NULL",
                [secret[:PREFIX]],
            )
            row = cursor.fetchone()
        if row is None or not _valid(secret, row[0], row[2]):
            raise AuthenticationFailed
        return Worker(row[3]), row[1]


def _valid(secret: str, digest: str, expires_at: datetime | None) -> bool:
    found = hashlib.sha256(secret.encode()).hexdigest()
    return hmac.compare_digest(found, digest) and (expires_at is None or expires_at > timezone.now())
