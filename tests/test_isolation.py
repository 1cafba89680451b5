"""Every route, list, feed, download and socket topic, for each of the cast: what is others' is not there.

Routes are enumerated from the URL conf, topics from their registry. One that is not named here fails a test,
so that whoever adds it says whom it is for.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from kernel.clock import now
from realtime import topics as topic_kinds
from realtime.topics import allowed
from tests.factories import make_key, products, shop_file
from tests.tenants import Tenants, make_tenants

METHODS = ("GET", "POST")
API_METHODS = (*METHODS, "PUT", "PATCH", "DELETE")
DESK, DIRECTOR, HOLDER, POOL = {"aya", "dai"}, {"aya"}, {"chie"}, {"chie", "fumi"}
# Everybody of the company's stores.
HOUSE = {"aya", "dai", "ben"}
# Nobody's in particular: a page of one's own, or a list that holds what is for the reader (see OWN_LISTS).
OWN = "own"
# Without a sign-in.
PUBLIC = "public"
# Batches that are offered: whoever may take of them.
OFFER = "offer"
# The same, and the desk of its store.
ASKING = "asking"

PAGES: dict[str, Any] = {
    "": OWN,
    "home/now/": OWN,
    "batches/": OWN,
    "batches/rows/": OWN,
    "batches/new/": OWN,
    "batches/<batch_id>/": DESK,
    "batches/<batch_id>/board/": DESK,
    "batches/<batch_id>/source/": DIRECTOR,
    "batches/<batch_id>/source/progress/": DIRECTOR,
    "batches/<batch_id>/source/file/": DIRECTOR,
    "batches/<batch_id>/source/remove/": DIRECTOR,
    "batches/<batch_id>/source/again/": DIRECTOR,
    "batches/<batch_id>/source/columns/": DIRECTOR,
    "batches/<batch_id>/source/read-as/": DIRECTOR,
    "mappings/": OWN,
    "operations/": OWN,
    "stores/<store_id>/operations/": DIRECTOR,
    "stores/<store_id>/operations/save/": DIRECTOR,
    "stores/<store_id>/operations/add/": DIRECTOR,
    "stores/<store_id>/operations/terms/": DIRECTOR,
    "stores/<store_id>/operations/import/": DIRECTOR,
    "stores/<store_id>/operations/file/": DIRECTOR,
    "batches/<batch_id>/terms/": DIRECTOR,
    "batches/<batch_id>/preview/": DIRECTOR,
    "batches/<batch_id>/publish/": DIRECTOR,
    "batches/<batch_id>/go-on/": DIRECTOR,
    "batches/<batch_id>/repair/": DIRECTOR,
    "batches/<batch_id>/repair/check/": DIRECTOR,
    "batches/<batch_id>/repair/plan/": DIRECTOR,
    "batches/<batch_id>/repair/start/": DIRECTOR,
    "batches/<batch_id>/repair/state/": DIRECTOR,
    "batches/<batch_id>/questions/": ASKING,
    "batches/<batch_id>/questions/list/": ASKING,
    "questions/<question_id>/": POOL | DESK,
    "questions/<question_id>/replies/": POOL | DESK,
    "questions/<question_id>/hide/": DIRECTOR,
    "questions/<question_id>/manual/": DIRECTOR,
    "batches/<batch_id>/<verb>/": DIRECTOR,
    "batches/<batch_id>/tasks/": DESK,
    "batches/<batch_id>/accept/": DESK,
    "batches/<batch_id>/results/": DESK,
    "batches/<batch_id>/results/files/": DESK,
    "results/<release_id>/": DESK,
    "results/<release_id>/state/": DESK,
    "results/<release_id>/file/": DESK,
    "results/<release_id>/drift/": DESK,
    "results/<release_id>/uploaded/": DIRECTOR,
    "results/<release_id>/not-uploaded/": DIRECTOR,
    "results/<release_id>/restore/": DIRECTOR,
    "answers/<submission_id>/": DESK,
    "answers/<submission_id>/checks/": DESK,
    "checks/<later_check_id>/": DESK,
    "checks/<later_check_id>/state/": DESK,
    "checks/<later_check_id>/restore/": DIRECTOR,
    "checks/<later_check_id>/template/": DIRECTOR,
    "tasks/<task_id>/": DESK,
    "tasks/<task_id>/answers/": DESK,
    "templates/": OWN,
    "templates/new/": OWN,
    "templates/import/": OWN,
    "templates/versions/<version_id>/copy/": DIRECTOR,
    "templates/<template_id>/": HOUSE,
    "templates/<template_id>/file/": HOUSE,
    "templates/<template_id>/archive/": DIRECTOR,
    "templates/<template_id>/unarchive/": DIRECTOR,
    "templates/<template_id>/edit/": DIRECTOR,
    "templates/<template_id>/draft/": DIRECTOR,
    "templates/<template_id>/discard/": DIRECTOR,
    "templates/<template_id>/publish/": DIRECTOR,
    "templates/<template_id>/preview/": DIRECTOR,
    "templates/<template_id>/manual/": DIRECTOR,
    "templates/<template_id>/try/": DIRECTOR,
    "templates/<template_id>/pictures/": DIRECTOR,
    "work/": OWN,
    "work/list/": OWN,
    "work/batch/<batch_id>/": OFFER,
    "work/batch/<batch_id>/list/": OFFER,
    "work/batch/<batch_id>/claim/": OFFER,
    "work/task/<task_id>/claim/": POOL,
    "work/<assignment_id>/": HOLDER,
    "work/<assignment_id>/status/": HOLDER,
    "work/<assignment_id>/submit/": HOLDER,
    "work/<assignment_id>/extend/": HOLDER,
    "work/<assignment_id>/release/": HOLDER,
    "work/<assignment_id>/report/": HOLDER,
    "work/<assignment_id>/draft/": HOLDER,
    "work/<assignment_id>/heartbeat/": HOLDER,
    "work/<assignment_id>/alternatives/": HOLDER,
    "work/<assignment_id>/alternatives/<alternative_id>/take/": HOLDER,
    "my-work/": OWN,
    "my-work/list/": OWN,
    "uploads/": OWN,
    "uploads/<upload_id>/": HOLDER | DESK,
    "review/": OWN,
    "review/list/": OWN,
    "review/next/": OWN,
    "review/<submission_id>/": DESK,
    "review/<submission_id>/presence/": DESK,
    "review/<submission_id>/start/": DESK,
    "review/<submission_id>/stop/": DESK,
    "review/<submission_id>/approve/": DESK,
    "review/<submission_id>/changes/": DESK,
    "review/<submission_id>/reject/": DESK,
    "review/<submission_id>/accept/": DESK,
    "review/<submission_id>/correct/": DESK,
    "review/<submission_id>/undo/": DESK,
    "batches/<batch_id>/reports/": DESK,
    "reports/<report_id>/answer/": DIRECTOR,
    "reports/<report_id>/agree/": DIRECTOR,
    "assignments/<assignment_id>/free/": DIRECTOR,
    "counters/": OWN,
    "help/": OWN,
    "help/sample/file/": OWN,
    "help/sample/": OWN,
    "help/steps/hide/": OWN,
    "language/": PUBLIC,
    "inbox/": OWN,
    "inbox/list/": OWN,
    "inbox/read/": OWN,
    "inbox/<notice_id>/": HOLDER,
    "settings/": OWN,
    "settings/notices/": OWN,
    "n/<notice_link>/": HOLDER,
    "notices/stop/<stop_link>/": PUBLIC,
    "settings/keys/": OWN,
    "settings/keys/<key_id>/revoke/": HOLDER,
    "session/": PUBLIC,
    "settings/security/": OWN,
    "settings/security/prove/": OWN,
    "settings/security/email/": OWN,
    "settings/security/email/forget/": OWN,
    "settings/security/email/<token>/": PUBLIC,
    "settings/operator/": set(),
    "settings/operator/mail/": set(),
    "settings/operator/mail/again/": set(),
    "settings/places/": OWN,
    "settings/places/<membership_id>/leave/": {"ben"},
    "people/": OWN,
    "people/invited/": OWN,
    "people/invite/": OWN,
    "people/invited/<invitation_id>/again/": DIRECTOR,
    "people/invited/<invitation_id>/revoke/": DIRECTOR,
    "people/members/<membership_id>/": DIRECTOR,
    "people/members/<membership_id>/remove/": DIRECTOR | {"ben"},
    "people/pool/": OWN,
    "people/pool/links/": OWN,
    "people/pool/links/<link_id>/revoke/": DIRECTOR,
    "people/pool/<pool_member_id>/remove/": DIRECTOR | {"fumi"},
    "start/": OWN,
    "start/shop/": OWN,
    "start/freelancer/": OWN,
    "invitations/<token>/": PUBLIC,
    "pools/<token>/": PUBLIC,
    "accounts/login/": PUBLIC,
    "accounts/logout/": PUBLIC,
    "accounts/signup/": PUBLIC,
    "accounts/inactive/": PUBLIC,
    "accounts/reauthenticate/": OWN,
    "accounts/confirm-email/<key>/": PUBLIC,
    "accounts/2fa/": PUBLIC,
    "accounts/2fa/authenticate/": PUBLIC,
    "accounts/2fa/reauthenticate/": OWN,
    "accounts/2fa/totp/activate/": OWN,
    "accounts/2fa/totp/deactivate/": OWN,
    "accounts/2fa/recovery-codes/": OWN,
    "accounts/2fa/recovery-codes/generate/": OWN,
    "accounts/2fa/passkeys/": OWN,
    "accounts/2fa/passkeys/add/": OWN,
    "accounts/2fa/passkeys/login/": PUBLIC,
    "accounts/2fa/passkeys/reauthenticate/": OWN,
    "accounts/2fa/passkeys/<pk>/remove/": HOLDER,
    "accounts/2fa/passkeys/<pk>/edit/": HOLDER,
    "accounts/sessions/": OWN,
    "accounts/password/change/": OWN,
    "accounts/password/set/": OWN,
    "accounts/password/reset/": PUBLIC,
    "accounts/password/reset/done/": PUBLIC,
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": PUBLIC,
    "accounts/password/reset/key/done/": PUBLIC,
}
API: dict[str, Any] = {
    "me": OWN,
    "templates": OWN,
    "templates/<template_id>": HOUSE,
    "templates/<template_id>/draft": DIRECTOR,
    "templates/<template_id>/discard": DIRECTOR,
    "templates/<template_id>/publish": DIRECTOR,
    "templates/<template_id>/archive": DIRECTOR,
    "templates/<template_id>/unarchive": DIRECTOR,
    "templates/<template_id>/file": HOUSE,
    "templates/<template_id>/differences": HOUSE,
    "templates/<template_id>/pictures": DIRECTOR,
    "templates/<template_id>/try": DIRECTOR,
    "stores/<store_id>/templates": DIRECTOR,
    "stores": OWN,
    "stores/<store_id>/batches": DESK,
    "batches/<batch_id>": DESK,
    "batches/<batch_id>/source": DIRECTOR,
    "batches/<batch_id>/publish": DIRECTOR,
    "batches/<batch_id>/pause": DIRECTOR,
    "batches/<batch_id>/resume": DIRECTOR,
    "batches/<batch_id>/close": DIRECTOR,
    "batches/<batch_id>/cancel": DIRECTOR,
    "batches/<batch_id>/tasks": DESK,
    "batches/<batch_id>/submissions": DESK,
    "batches/<batch_id>/claim": OFFER,
    "batches/<batch_id>/pilot": DESK,
    "batches/<batch_id>/go-on": DIRECTOR,
    "batches/<batch_id>/repairs": DESK,
    "batches/<batch_id>/repair-plan": DIRECTOR,
    "repairs/<repair_id>": DESK,
    "batches/<batch_id>/questions": ASKING,
    "questions/<question_id>/replies": POOL | DESK,
    "questions/<question_id>/into-manual": DIRECTOR,
    "questions/<question_id>/hide": DIRECTOR,
    "batches/<batch_id>/results": DESK,
    "stores/<store_id>/mappings": DIRECTOR,
    "stores/<store_id>/operations": DIRECTOR,
    "stores/<store_id>/operations/<slug>": DIRECTOR,
    "imports/<import_id>": DESK,
    "results/<result_id>": DESK,
    "results/<result_id>/file": DESK,
    "results/<result_id>/cells": DESK,
    "results/<result_id>/drift": DESK,
    "results/<result_id>/uploaded": DIRECTOR,
    "results/<result_id>/not-uploaded": DIRECTOR,
    "work": OWN,
    "tasks/<task_id>/claim": POOL,
    "assignments": OWN,
    "assignments/<assignment_id>": HOLDER,
    "assignments/<assignment_id>/draft": HOLDER,
    "assignments/<assignment_id>/heartbeat": HOLDER,
    "assignments/<assignment_id>/extend": HOLDER,
    "assignments/<assignment_id>/release": HOLDER,
    "assignments/<assignment_id>/submit": HOLDER,
    "assignments/<assignment_id>/report": HOLDER,
    "assignments/<assignment_id>/free": DIRECTOR,
    "batches/<batch_id>/reports": DESK,
    "reports/<report_id>/answer": DIRECTOR,
    "reports/<report_id>/agree": DIRECTOR,
    "uploads": OWN,
    "uploads/<upload_id>/file": HOLDER | DESK,
    "reviews": OWN,
    "submissions/<submission_id>": HOLDER | DESK,
    "submissions/<submission_id>/start-review": DESK,
    "submissions/<submission_id>/stop-review": DESK,
    "submissions/<submission_id>/approve": DESK,
    "submissions/<submission_id>/request-changes": DESK,
    "submissions/<submission_id>/reject": DESK,
    "submissions/<submission_id>/accept": DESK,
    "submissions/<submission_id>/correct": DESK,
    "submissions/<submission_id>/undo": DESK,
    "submissions/<submission_id>/trace": DESK,
    "submissions/<submission_id>/later-checks": DESK,
    "submissions/<submission_id>/later-checks/try": DESK,
    "later-checks": OWN,
    "later-checks/<later_check_id>": DESK,
    "later-checks/<later_check_id>/findings": DESK,
    "later-checks/<later_check_id>/results": DESK,
    "later-checks/<later_check_id>/into-template": DIRECTOR,
    "shops": OWN,
    "freelancer": OWN,
    "stores/<store_id>/invitations": DIRECTOR,
    "invitations/accept": OWN,
    "invitations/<invitation_id>": DIRECTOR,
    "invitations/<invitation_id>/again": DIRECTOR,
    "stores/<store_id>/members": DIRECTOR,
    "stores/<store_id>/members/<membership_id>": DIRECTOR | {"ben"},
    "companies/<company_id>/pool": DIRECTOR,
    "companies/<company_id>/pool/<pool_member_id>": DIRECTOR | {"fumi"},
    "companies/<company_id>/pool-links": DIRECTOR,
    "pool-links/join": OWN,
    "pool-links/<link_id>": DIRECTOR,
    "notices": OWN,
    "notices/read": OWN,
    "notice-preferences": OWN,
    "events": OWN,
    "socket-ticket": OWN,
    "schema/": PUBLIC,
    # Whatever else is asked for below the API.
    "": PUBLIC,
}

BASE = "api/v1/"
LOOK_FOR = {"check": {"kind": "required", "field": "title"}}
# What these people see of their own store and may not do there is 403, not 404.
INSIDE = {"aya", "dai", "ben"}
MARKS = {"minato": ["Minato", "mug-1", "マグカップ 1"], "yama": ["Yama", "yama-", "山の皿"]}


@pytest.fixture
def tenants(db: None, settings: Any, tmp_path: Path) -> Tenants:
    settings.MEDIA_ROOT = tmp_path
    return make_tenants()


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[str]:
    """Every route of the URL conf, with the names of its parameters."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            assert isinstance(pattern, URLPattern)
            # How a number is read (`<id:…>`) does not matter here.
            yield re.sub(r"<\w+:(\w+)>", r"<\1>", route)


def test_every_route_says_whom_it_is_for() -> None:
    # Each address of the API is there twice: a slash at the end is forgiven.
    found = {_bare(route) for route in routes()}
    assert found == {_bare(route) for route, _rule in rules()}


def _bare(route: str) -> str:
    return route.rstrip("/") if route.startswith(BASE) else route


def address(route: str, ids: dict[str, Any]) -> str:
    return "/" + re.sub(r"<(\w+)>", lambda part: str(ids[part.group(1)]), route)


def body(path: str) -> dict[str, Any]:
    """A body that is understood: what is wrong with it may be said before its object is looked for."""
    last = path.rsplit("/", 1)[1]
    if "/templates/" in path and last in ("draft", "publish", "discard"):
        last = "template"
    if last == "source":
        file = SimpleUploadedFile("products.csv", shop_file(products(1)), "text/csv")
        return {"data": encode_multipart(BOUNDARY, {"file": file}), "content_type": MULTIPART_CONTENT}
    understood: dict[str, Any] = {
        "submit": {"answer": {}, "fence": 0},
        "report": {"reason": "source_missing"},
        "answer": {"answer": "a"},
        "free": {"reason": "a"},
        "correct": {"answer": {"title": "a"}},
        "draft": {"answer": {}, "fence": 0},
        "template": {"fence": 0},
        "reject": {"reasons": ["nothing"]},
        "results": {"format": "update"},
        "questions": {"text": "?"},
        "replies": {"text": "?"},
        "repairs": {"note": "?"},
        "later-checks": LOOK_FOR,
        "try": LOOK_FOR,
        "batches": {"title": "x", "template": "product-copy", "audience": "staff"},
        "invitations": {"email": "x@example.jp", "role": "staff"},
        "pool-links": {"name": "x"},
        "operations": {"name": "x", "group": "orders"},
        "mappings": {
            "name": "x",
            "header": ["sku", "title"],
            "columns": [{"index": 0, "roles": ["key"]}, {"index": 1, "roles": ["fill"], "name": "title"}],
        },
    }
    return {"data": json.dumps(understood.get(last, {})), "content_type": "application/json"}


def methods(path: str) -> tuple[str, ...]:
    return API_METHODS if path.startswith("/" + BASE) else METHODS


class Visitor:
    """One of the cast (or nobody) with a browser and a key; what they do is undone at once."""

    def __init__(self, tenants: Tenants, name: str) -> None:
        self.name = name
        self.user = tenants.people().get(name)
        self.browser, self.program = Client(), Client()
        self.headers: dict[str, str] = {}
        if self.user is not None:
            self.browser.force_login(self.user)
            self.headers = {"Authorization": f"Bearer {make_key(self.user)}"}

    def ask(self, method: str, path: str) -> Any:
        """The answer; `body` is its text, of files too."""
        is_api = path.startswith("/" + BASE)
        client = self.program if is_api else self.browser
        sent = body(path) if is_api and method != "GET" else {}
        with transaction.atomic():
            answer: Any = client.generic(method, path, headers=self.headers if is_api else {}, **sent)
            answer.body = b"".join(answer).decode(errors="replace")
            transaction.set_rollback(True)
        return answer

    def statuses(self, path: str) -> dict[str, int]:
        return {method: self.ask(method, path).status_code for method in methods(path)}


def objects(tenants: Tenants, route: str) -> list[tuple[dict[str, Any], set[str] | None]]:
    """The things of Minato to ask `route` for, each with the people it is offered to (None: as declared)."""
    if "batch_id>" not in route:
        return [(tenants.ids, None)]
    offered = [(tenants.crowd, POOL), (tenants.staff, {"aya", "ben"}), (tenants.draft, set())]
    return [({**tenants.ids, "batch_id": batch.pk}, who) for batch, who in offered]


def rules() -> list[tuple[str, Any]]:
    return [*PAGES.items(), *((BASE + route, rule) for route, rule in API.items())]


CAST = ("aya", "ben", "chie", "dai", "emi", "fumi", "gen")


@pytest.mark.parametrize("name", CAST)
def test_things_of_others_are_not_found_by_any_method(tenants: Tenants, name: str) -> None:
    visitor = Visitor(tenants, name)
    wrong = []
    for route, rule in rules():
        if rule in (OWN, PUBLIC):
            continue
        for ids, offered in objects(tenants, route):
            may = name in _people(rule, offered)
            path = address(route, ids)
            statuses = visitor.statuses(path)
            # A page that only takes POST says so before it looks for the thing; one method must have looked.
            seen = set(statuses.values()) - {405}
            if may and (not seen - {401, 403} or 404 in seen):
                wrong.append(f"{path} is refused: {statuses}")
            if not may and (not seen or seen - _refusals(name, route)):
                wrong.append(f"{path} is open: {statuses}")
    assert not wrong, "\n".join([name, *wrong])


def _people(rule: Any, offered: set[str] | None) -> set[str]:
    if rule == ASKING:
        return offered | DESK if offered else set()
    found: set[str] = (offered or set()) if rule == OFFER else rule
    return found


def _refusals(name: str, route: str) -> set[int]:
    """404; and 403 where a person sees the thing and only may not do this with it."""
    sees = (name == "chie" and "<submission_id>" in route) or (name in POOL and "<question_id>" in route)
    return {403, 404} if name in INSIDE or sees else {404}


def test_nobody_gets_anywhere_without_signing_in(tenants: Tenants) -> None:
    visitor = Visitor(tenants, "nobody")
    wrong = []
    for route, rule in rules():
        if rule == PUBLIC:
            continue
        path = address(route, tenants.ids)
        for method in methods(path):
            answer = visitor.ask(method, path)
            to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
            expected = answer.status_code == 401 if path.startswith("/" + BASE) else to_sign_in
            if not expected and answer.status_code != 405 and not _says_so_in_json(answer):
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def _says_so_in_json(answer: Any) -> bool:
    """Addresses for scripts answer 401 instead of leading to a form."""
    return bool(answer.status_code == 401)


def test_no_form_is_taken_from_another_site(tenants: Tenants) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(tenants.cast.aya)
    for route in PAGES:
        path = address(route, tenants.ids) if "(?P" not in route else "/accounts/password/reset/key/1-a/"
        # The link in a mail proves itself: mail programs bring no cookie.
        proven = {200} if route == "notices/stop/<stop_link>/" else set()
        assert browser.post(path).status_code in {403, 405} | proven, path


@pytest.mark.parametrize("name", CAST)
def test_lists_and_feeds_hold_nothing_of_others(tenants: Tenants, name: str) -> None:
    visitor = Visitor(tenants, name)
    foreign = ["minato"] if name in ("gen", "emi") else ["yama"]
    shown = ""
    for route, rule in rules():
        if rule != OWN:
            continue
        answer = visitor.ask("GET", address(route, tenants.ids))
        if answer.status_code == 200:
            text = answer.body
            shown += text
            found = [mark for whose in foreign for mark in MARKS[whose] if mark in text]
            assert not found, (name, route, found)
    own = {
        "gen": "Yama staff",
        "emi": "",
        "chie": "Minato crowd",
        "fumi": "Minato crowd",
        "ben": "Minato staff",
    }
    assert own.get(name, "Minato crowd") in shown
    hidden = {"ben": ["Minato crowd", "Minato draft"], "chie": ["Minato staff", "Minato draft", "Ben alone"]}
    hidden["fumi"] = hidden["chie"]
    assert not [mark for mark in hidden.get(name, []) if mark in shown]


@pytest.mark.parametrize("name", CAST)
def test_the_log_tells_each_only_of_their_own(tenants: Tenants, name: str) -> None:
    heard = Visitor(tenants, name).ask("GET", "/api/v1/events?limit=100").json()["events"]
    told = {event["data"]["batch"] for event in heard if "batch" in event["data"]}
    minato = {batch.pk for batch in tenants.batches_of_minato()}
    everything = {
        "aya": minato,
        "dai": minato,
        "ben": {tenants.staff.pk},
        "chie": {tenants.crowd.pk},
        "fumi": {tenants.crowd.pk},
        "emi": set(),
    }
    if name == "gen":
        assert tenants.strange.pk in told
        assert not told & minato
    else:
        assert told == everything[name]
    if name in ("chie", "fumi", "ben"):
        mine = tenants.people()[name].pk
        assert {event["actor"] for event in heard} <= {mine, None}


def test_a_socket_hears_only_its_own_topics(tenants: Tenants) -> None:
    cast = tenants.cast
    desk, crowd = {"aya", "dai"}, {"chie", "fumi"}
    expected: dict[str, set[str]] = {
        **{f"batch.{batch.pk}": desk for batch in tenants.batches_of_minato()},
        f"batch.{tenants.strange.pk}": {"gen"},
        f"questions.{tenants.crowd.pk}": desk | crowd,
        f"questions.{tenants.staff.pk}": {*desk, "ben"},
        f"questions.{tenants.draft.pk}": set(),
        f"store.{cast.store.pk}": desk,
        f"store.{cast.other_store.pk}": {"gen"},
        f"review.store.{cast.store.pk}": desk,
        f"review.store.{cast.other_store.pk}": {"gen"},
        f"work.store.{cast.store.pk}": {"aya", "ben"},
        f"work.store.{cast.other_store.pk}": {"gen"},
        f"work.company.{cast.company.pk}": crowd,
        f"work.company.{cast.other_store.company_id}": set(),
        "work.open": {*crowd, "emi"},
        f"later_check.{tenants.ids['later_check_id']}": desk,
        **{f"user.{user.pk}": {name} for name, user in cast.people().items()},
    }
    # A kind of topic that is not asked about here fails.
    assert {re.sub(r"\.(\d+|open)$", "", topic) for topic in expected} == set(topic_kinds._kinds)
    for topic, people in expected.items():
        assert {name for name, user in cast.people().items() if _hears(user, topic)} == people, topic
    odds = ("batch", "batch.", "batch.x", "batch.0", "batch.1.2", "work", "work.shut", "user.", "none.1", "")
    for odd in odds:
        assert not [name for name, user in cast.people().items() if _hears(user, odd)], odd


def _hears(user: User, topic: str) -> bool:
    return allowed(user, [topic], now())[topic]
