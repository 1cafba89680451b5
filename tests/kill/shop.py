"""Fills the database of a served application; run there by `manage.py shell -c`."""

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from events.models import EventAudience
from kernel.clock import now
from tasks.domain import claim
from tests.factories import make_cast, make_key


def fill() -> None:
    """The cast with keys and sessions; prints them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cast = make_cast()
    people: dict[str, Any] = {
        name: {"id": user.pk, "key": make_key(user), "session": _session(user)}
        for name, user in cast.people().items()
    }
    print(json.dumps({"store": cast.store.pk, "people": people}))


def _session(user: User) -> str:
    """The cookie of a signed-in browser."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.set_expiry(timedelta(days=1))
    store.save()
    return str(store.session_key)


def claim_unheard(batch_id: int, worker_id: int) -> None:
    """A claim whose process ends before the event has a place in the log; prints its id."""
    held = claim.claim_next(batch_id=batch_id, by=User.objects.get(pk=worker_id), now=now())
    assert EventAudience.objects.filter(position=None).exists()
    print(held.pk)
