import re

import pytest
from django.test import Client

from accounts.models import ApiKey
from kernel.clock import now
from notify.domain import notify, unread_count
from notify.models import Notice
from tests.factories import Cast, make_user
from tests.frontend.conftest import SignedIn


def tell(cast: Cast, event: int, path: str = "/work/") -> Notice:
    params = {"product": "湯のみ", "batch": "秋"}
    notify(event_id=event, user_ids=[cast.chie.pk], kind="approved", params=params, path=path, now=now())
    return Notice.objects.get(user=cast.chie, event_id=event)


def test_language_and_zone_are_the_persons_own(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.chie)
    data = {"name": "千絵", "language": "ja", "time_zone": "Europe/Paris"}
    assert client.post("/settings/", data).status_code == 302
    cast.chie.refresh_from_db()
    assert (cast.chie.name, cast.chie.language, str(cast.chie.zone)) == ("千絵", "ja", "Europe/Paris")
    page = client.get("/settings/")
    assert page.headers["Content-Language"] == "ja"
    assert "タイムゾーン" in page.content.decode()


def test_an_unknown_zone_is_refused_and_named(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.chie).post(
        "/settings/", {"name": "C", "language": "en", "time_zone": "Mars/Olympus"}
    )
    assert page.status_code == 200
    assert page.context["form"].errors["time_zone"]
    cast.chie.refresh_from_db()
    assert cast.chie.time_zone == "Asia/Tokyo"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_language_switch_leads_nowhere_else(cast: Cast, signed_in: SignedIn, target: str) -> None:
    reply = signed_in(cast.chie).post("/language/", {"language": "ja", "next": target})
    assert reply.headers["Location"] == "/"
    cast.chie.refresh_from_db()
    assert cast.chie.language == "ja"


def test_a_stranger_chooses_a_language_before_signing_in(db: None) -> None:
    client = Client()
    client.post("/language/", {"language": "ja", "next": "/accounts/login/"})
    assert "ログイン" in client.get("/accounts/login/").content.decode()
    client.post("/language/", {"language": "en", "next": "/accounts/login/"})
    assert "Sign in" in client.get("/accounts/login/").content.decode()
    assert client.post("/language/", {"language": "xx"}).status_code == 404


def test_a_key_is_shown_once_and_works_until_revoked(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.chie)
    page = client.post("/settings/keys/", {"name": "robot", "scopes": ["work"], "days": "30"})
    found = re.search(r"data-secret>([^<]+)<", page.content.decode())
    assert found is not None
    secret = found.group(1)
    assert page.headers["Cache-Control"] == "no-store"
    assert secret not in client.get("/settings/keys/").content.decode()
    asked = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=asked).status_code == 200
    key = ApiKey.objects.get(user=cast.chie)
    assert secret not in str(vars(key))
    assert signed_in(cast.emi).post(f"/settings/keys/{key.pk}/revoke/").status_code == 404
    assert Client().get("/api/v1/me", headers=asked).status_code == 200
    assert client.post(f"/settings/keys/{key.pk}/revoke/").status_code == 302
    assert Client().get("/api/v1/me", headers=asked).status_code == 401


def test_the_inbox_counts_and_opens_ones_own_notices(cast: Cast, signed_in: SignedIn) -> None:
    first, _second = tell(cast, 1, "/my-work/"), tell(cast, 2)
    client = signed_in(cast.chie)
    assert "湯のみ" in client.get("/inbox/").content.decode()
    assert 'data-count="2"' in client.get("/counters/").content.decode()
    assert signed_in(cast.emi).post(f"/inbox/{first.pk}/").status_code == 404
    assert client.post(f"/inbox/{first.pk}/").headers["Location"] == "/my-work/"
    assert unread_count(cast.chie) == 1
    client.post("/inbox/read/")
    assert unread_count(cast.chie) == 0


def test_an_unchanged_region_is_not_rendered_again(cast: Cast, signed_in: SignedIn) -> None:
    tell(cast, 1)
    client = signed_in(cast.chie)
    first = client.get("/inbox/list/")
    same = client.get("/inbox/list/", headers={"if-none-match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    # Somebody else's browser with the same tag is not told "unchanged".
    other = signed_in(cast.fumi).get("/inbox/list/", headers={"if-none-match": first.headers["ETag"]})
    assert other.status_code == 200


def test_signing_in_takes_the_address_in_any_case(db: None) -> None:
    make_user("Kei")
    reply = Client().post("/accounts/login/", {"login": "KEI@example.jp", "password": "a long password"})
    assert reply.status_code == 302
    wrong = Client().post("/accounts/login/", {"login": "kei@example.jp", "password": "wrong"})
    assert wrong.status_code == 200
    assert "form" in wrong.context


def test_nobody_signs_up_by_themselves(db: None) -> None:
    data = {"email": "new@example.jp", "password1": "a long password 1"}
    page = Client().post("/accounts/signup/", data)
    assert b"invitation" in page.content or "招待" in page.content.decode()
