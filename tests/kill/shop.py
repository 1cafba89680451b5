"""Fills the database of a served application; run there by `manage.py shell -c`."""

import json
import secrets
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Count

from accounts.models import Store, User
from accounts.states import Role
from events.models import EventAudience
from kernel.clock import now
from kernel.errors import Invalid
from notify.models import Notice
from tasks.domain import claim, counts
from tasks.domain.templates import publish_version
from tasks.models import Assignment, Batch, Review, Template
from tasks.shipped import load_shipped
from tasks.states import Decision
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


def receive(batch_id: int, worker_ids: list[int], count: int) -> None:
    """Answers to the first tasks, in every state that a repair meets; prints their assignments' ids."""
    workers = [User.objects.get(pk=pk) for pk in worker_ids]
    print(json.dumps(answered.receive(Batch.objects.get(pk=batch_id), workers, count)))


def books(batch_id: int) -> None:
    """What became of the answers, the tasks and the money of a batch; prints it."""
    found = Assignment.objects.filter(batch=batch_id)
    excused = Review.objects.filter(submission__assignment__in=found, decision=Decision.EXCUSED)
    tally = counts.tallies([batch_id])[batch_id]
    told = Notice.objects.filter(kind="set_aside", path__startswith="/my-work/")
    states = found.order_by().values_list("state", "use", "set_aside").annotate(n=Count("pk"))
    facts = {
        "states": [list(one) for one in states],
        "excused": sorted(excused.values_list("submission__assignment", flat=True)),
        "paid": tally.paid,
        "aside": tally.aside,
        "drift": counts.drift(batch_id),
        "tasks": {state: n for state, n in tally.tasks.items() if n},
        "told": sorted([notice.user_id, notice.params["n"]] for notice in told),
    }
    print(json.dumps(facts))


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
