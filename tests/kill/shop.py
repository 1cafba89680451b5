"""Fills the database of a served application; run there by `manage.py shell -c`."""

import json
import secrets
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import Store, User
from accounts.states import Role
from events.models import EventAudience
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import claim
from tasks.domain.templates import publish_version
from tasks.models import Batch, Template
from tasks.shipped import load_shipped
from tests import answered
from tests.factories import make_cast, make_key, make_member, make_user


def fill() -> None:
    """The cast with keys and sessions; prints them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cast = make_cast()
    # The others read English.
    jun = make_member(make_user("Jun", language="ja"), cast.store, Role.DIRECTOR)
    people: dict[str, Any] = {
        name: {"id": user.pk, "key": make_key(user), "session": _session(user)}
        for name, user in {**cast.people(), "jun": jun}.items()
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


def answer_all(batch_id: int, worker_id: int) -> None:
    """A used answer for every task."""
    answered.answer_all(Batch.objects.get(pk=batch_id), User.objects.get(pk=worker_id))


def claim_unheard(batch_id: int, worker_id: int) -> None:
    """A claim whose process ends before the event has a place in the log; prints its id."""
    held = claim.claim_next(batch_id=batch_id, by=User.objects.get(pk=worker_id), now=now())
    assert EventAudience.objects.filter(position=None).exists()
    print(held.pk)


def add_template(store_id: int, pattern: str) -> None:
    """A company's own template, one text with one expression; prints its key, or the refusal's code."""
    label = {"ja": "本文", "en": "Text"}
    shipped = load_shipped()[0]
    text = {"type": "string", "x-widget": "textarea", "x-label": label, "x-column": "description"}
    form = {"type": "object", "additionalProperties": False, "properties": {"text": text}, "required": []}
    check = {"id": "slow", "kind": "regex", "field": "text", "pattern": pattern, "label": label}
    store = Store.objects.get(pk=store_id)
    key = f"own-{secrets.token_hex(4)}"
    template = Template.objects.create(company=store.company, key=key, title_ja=key, title_en=key)
    content = {
        "manual_ja": shipped.manual.ja,
        "manual_en": shipped.manual.en,
        "inputs": shipped.inputs,
        "form": form,
        "checks": [check],
        "checklist": shipped.checklist,
        "defaults": shipped.defaults,
    }
    try:
        publish_version(template=template, content=content, by=None)
        print(key)
    except Invalid as refused:
        template.delete()
        print(refused.code)
