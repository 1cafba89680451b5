"""Signing in done well: second steps, sessions, a new address, attempts, and coming back in place."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from accounts.domain import api_keys, email_change
from accounts.domain.installation import decide
from accounts.models import ApiKey, KnownDevice, User
from events.models import Event
from kernel.clock import now
from kernel.errors import NotAllowed
from notify.models import Delivery
from tests.factories import Cast, make_user
from tests.frontend.conftest import SignedIn

PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def _no_memory_of_attempts() -> None:
    cache.clear()


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def signed_in_by_password(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def confirmed(user: User) -> Client:
    """Signed in, and asked once more before what is sensitive."""
    client = signed_in_by_password(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def with_totp(user: User) -> str:
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def test_an_app_is_set_up_and_asked_for(cast: Cast) -> None:
    client = confirmed(cast.aya)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    assert re.search(r"<svg[^>]*>", page)
    assert "<?xml" not in page
    found = re.search(r"data-secret>(\w+)<", page)
    assert found is not None
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    activation = {"code": code_of(found.group(1))}
    reply = client.post("/accounts/2fa/totp/activate/", activation, follow=True)
    codes = re.findall(r"<li><code>(\d+)</code>", reply.content.decode())
    assert len(codes) == 10
    # Shown once.
    assert codes[0] not in client.get("/accounts/2fa/recovery-codes/").content.decode()
    other = Client()
    sent = {"login": cast.aya.email, "password": PASSWORD}
    assert other.post("/accounts/login/", sent).headers["Location"] == "/accounts/2fa/authenticate/"
    assert other.get("/people/").status_code == 302
    assert "error" in other.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    other.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert other.get("/people/").status_code == 200


def test_others_attempts_lock_nobody_out(cast: Cast) -> None:
    wrong = {"login": cast.aya.email, "password": "wrong"}
    thief = Client(REMOTE_ADDR="203.0.113.9")
    for _ in range(7):
        page = thief.post("/accounts/login/", wrong)
    assert page.context["form"].non_field_errors()
    right = {"login": cast.aya.email, "password": PASSWORD}
    # From there not even the right password helps any more; from home it does.
    assert thief.post("/accounts/login/", right).status_code == 200
    assert Client(REMOTE_ADDR="198.51.100.7").post("/accounts/login/", right).status_code == 302


def test_too_many_from_one_network_are_told_kindly(cast: Cast, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    sent = {"login": "x@example.jp", "password": "wrong"}
    client = Client()
    statuses = [client.post("/accounts/login/", sent).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert (
        "locked" in Client(headers={"accept-language": "en"}).post("/accounts/login/", sent).content.decode()
    )


def test_a_sign_in_from_an_unknown_browser_is_told_once(cast: Cast) -> None:
    home = signed_in_by_password(cast.aya)
    assert not Event.objects.filter(name="person.signed_in").exists()
    home.post("/accounts/logout/")
    home.post("/accounts/login/", {"login": cast.aya.email, "password": PASSWORD})
    assert not Event.objects.filter(name="person.signed_in").exists()
    signed_in_by_password(cast.aya)
    assert Event.objects.filter(name="person.signed_in").count() == 1
    mark = home.cookies["tencho_device"]
    assert mark["httponly"]
    assert mark.value not in str(KnownDevice.objects.values())


def test_all_other_browsers_are_signed_out(cast: Cast) -> None:
    here, there = signed_in_by_password(cast.aya), signed_in_by_password(cast.aya)
    page = here.get("/accounts/sessions/").content.decode()
    assert page.count("127.0.0.1") == 2
    here.post("/accounts/sessions/")
    assert there.get("/settings/").status_code == 302
    assert here.get("/settings/").status_code == 200


def test_a_new_address_needs_the_word_of_both(cast: Cast) -> None:
    client = confirmed(cast.aya)
    client.post("/settings/security/email/", {"email": "New@example.jp"})
    links = dict(Delivery.objects.filter(kind="address_change").values_list("address", "path"))
    assert set(links) == {"aya@example.jp", "new@example.jp"}
    Client().post(links["new@example.jp"])
    cast.aya.refresh_from_db()
    assert cast.aya.email == "aya@example.jp"
    # Opening is not confirming: programs that look into mails open links.
    Client().get(links["aya@example.jp"])
    cast.aya.refresh_from_db()
    assert cast.aya.email == "aya@example.jp"
    Client().post(links["aya@example.jp"])
    cast.aya.refresh_from_db()
    assert cast.aya.email == "new@example.jp"
    assert EmailAddress.objects.get(user=cast.aya).verified
    assert Client().post(links["aya@example.jp"]).status_code == 404
    assert (
        Client().post("/accounts/login/", {"login": "new@example.jp", "password": PASSWORD}).status_code
        == 302
    )


def test_an_address_in_use_or_too_late_changes_nothing(cast: Cast) -> None:
    client = confirmed(cast.aya)
    page = client.post("/settings/security/email/", {"email": "BEN@example.jp"})
    assert page.context["form"].errors["email"]
    client.post("/settings/security/email/", {"email": "new@example.jp"})
    assert email_change.pending(cast.aya, now() + email_change.VALID_FOR) is None
    client.post("/settings/security/email/forget/")
    assert email_change.pending(cast.aya, now()) is None


def test_sensitive_pages_ask_who_it_is(cast: Cast) -> None:
    client = signed_in_by_password(cast.aya)
    for path in ("/settings/security/email/", "/accounts/2fa/totp/activate/", "/accounts/2fa/passkeys/add/"):
        assert client.get(path).headers["Location"].startswith("/accounts/reauthenticate/")
    assert "Confirm that it is you" in client.get("/accounts/reauthenticate/").content.decode()


def test_directors_without_a_second_step_are_led_to_it(cast: Cast, signed_in: SignedIn) -> None:
    operator = make_user("Op", is_operator=True)
    with pytest.raises(NotAllowed):
        decide(mfa_for_directors=True, open_sign_up=False, by=cast.aya, now=now())
    assert signed_in(cast.aya).get("/settings/operator/").status_code == 404
    signed_in(operator).post("/settings/operator/", {"mfa_for_directors": "on"})
    cache.clear()
    aya = signed_in(cast.aya)
    assert aya.get("/batches/").headers["Location"] == "/settings/security/"
    assert "second step" in aya.get("/settings/security/").content.decode()
    assert signed_in(cast.ben).get("/work/").status_code == 200
    assert signed_in(cast.dai).get("/review/").status_code == 200
    _key, secret = api_keys.create_key(user=cast.aya, name="x", scopes=[], by=cast.aya, now=now())
    asked = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=asked).status_code == 200
    with_totp(cast.aya)
    assert aya.get("/batches/").status_code == 200


def test_the_operators_command(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("installation", "--mfa-for-directors", "yes")
    call_command("installation")
    assert capsys.readouterr().out.splitlines()[-2:] == ["mfa-for-directors: yes", "open-sign-up: no"]


def test_somebody_elses_passkey_is_not_there(cast: Cast, signed_in: SignedIn) -> None:
    key = Authenticator.objects.create(
        user=cast.aya, type="webauthn", data={"name": "phone", "credential": {}}
    )
    for verb in ("remove", "edit"):
        assert signed_in(cast.ben).post(f"/accounts/2fa/passkeys/{key.pk}/{verb}/").status_code == 404


def test_coming_back_in_place(cast: Cast) -> None:
    secret, client = with_totp(cast.chie), Client(enforce_csrf_checks=True)
    state = client.get("/session/").json()
    assert (state["user"], state["second_step"]) == (None, False)

    def send(**sent: str) -> Any:
        return client.post(
            "/session/", sent, content_type="application/json", headers={"x-csrftoken": state["csrf"]}
        )

    refused = send(login=cast.chie.email, password="wrong")
    assert (refused.status_code, bool(refused.json()["message"])) == (422, True)
    state = send(login=cast.chie.email, password=PASSWORD).json()
    assert (state["user"], state["second_step"], state["passkey"]) == (None, True, None)
    assert client.get("/my-work/").status_code == 302
    assert send(code="000000").status_code == 422
    state = send(code=code_of(secret)).json()
    assert (state["user"], state["name"]) == (cast.chie.pk, "Chie")
    assert client.get("/my-work/").status_code == 200
    # The new token is good for what is sent next.
    reply = client.post("/settings/", {"name": "C"}, headers={"x-csrftoken": state["csrf"]})
    assert reply.status_code == 200


def test_odd_bodies_are_refused(db: None) -> None:
    for body in (b"", b"[]", b'{"a"', b"\xff", b"[" * 100_000):
        assert Client().post("/session/", body, content_type="application/json").status_code == 400
    assert Client().post("/session/", {"code": "1"}, content_type="application/json").status_code == 200


def test_a_key_whose_beginning_is_taken_gets_another(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["a" * 43, "aaaaa" + "b" * 38, "c" * 43])
    monkeypatch.setattr("accounts.domain.api_keys.secrets.token_urlsafe", lambda _n: next(drawn))
    for name in ("one", "two"):
        api_keys.create_key(user=cast.aya, name=name, scopes=[], by=cast.aya, now=now())
    assert list(ApiKey.objects.order_by("pk").values_list("prefix", flat=True)) == [
        "tencho_aaaaa",
        "tencho_ccccc",
    ]
