"""Fills the database of a served application; run there by `manage.py shell -c`."""

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from events.dispatcher import dispatch_once
from events.readers import run_readers
from tests.factories import make_batch, make_cast, make_key


def fill(products: int) -> None:
    """The cast with keys and sessions, and a published batch for the pool; prints where to find them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cast = make_cast()
    batch = make_batch(cast, count=products, audience="crowd", lease_minutes=240)
    while dispatch_once():
        pass
    run_readers()
    people: dict[str, Any] = {
        name: {"id": user.pk, "key": make_key(user), "session": _session(user)}
        for name, user in cast.people().items()
    }
    print(json.dumps({"store": cast.store.pk, "batch": batch.pk, "people": people}))


def _session(user: User) -> str:
    """The cookie of a signed-in browser."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.set_expiry(timedelta(days=1))
    store.save()
    return str(store.session_key)
