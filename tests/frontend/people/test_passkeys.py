"""What is sent as a passkey and is none, and a kept one that nobody can read."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.factories import Cast
from tests.frontend.people.test_security import confirmed, signed_in_by_password, with_totp

_CLIENT = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWVEiLCJvcmlnaW4iOiJodHRwOi8vdGVzdHNlcnZlciJ9"


def _credential(**response: object) -> str:
    return json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": response})


ODD = [
    "",
    "x",
    "null",
    "1",
    "[]",
    "{}",
    "[" * 20_000,
    '{"response": []}',
    '{"id": "a", "rawId": "a", "response": {}}',
    '{"id": "あ", "rawId": "あ", "response": {"clientDataJSON": "あ", "attestationObject": "あ"}}',
    _credential(clientDataJSON="eA", attestationObject="YQ"),
    _credential(clientDataJSON="e30", attestationObject="oA"),
    _credential(clientDataJSON=_CLIENT, attestationObject="YQ"),
    _credential(clientDataJSON="W10", authenticatorData="YQ", signature="YQ", userHandle="MQ"),
    _credential(clientDataJSON=_CLIENT, authenticatorData="A" * 50, signature="YQ", userHandle="_w"),
    _credential(clientDataJSON=_CLIENT, authenticatorData="A" * 50, signature="YQ", userHandle="OTk5" * 9),
]


@pytest.fixture(autouse=True)
def _no_attempts(settings: Any) -> None:
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = False
    settings.MFA_RATE_LIMITS = False


def _with_unreadable_key(user: User) -> None:
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "phone", "credential": {}})


def test_a_sign_in_with_no_passkey_is_refused_kindly(cast: Cast) -> None:
    client = Client()
    path = "/accounts/2fa/passkeys/login/"
    for odd in ODD:
        client.get(path, headers={"x-requested-with": "XMLHttpRequest"})
        reply = client.post(path, {"credential": odd})
        assert (reply.status_code, reply.headers["Location"]) == (302, "/accounts/login/"), odd
    assert client.get("/people/").status_code == 302


def test_no_passkey_is_made_of_anything_else(cast: Cast) -> None:
    client = confirmed(cast.aya)
    for odd in ODD:
        reply = client.post("/accounts/2fa/passkeys/add/", {"name": "x", "credential": odd})
        assert reply.status_code == 200, odd
        assert reply.context["form"].errors, odd
    assert not Authenticator.objects.exists()


def test_the_second_step_is_not_passed_by_anything_else(cast: Cast) -> None:
    with_totp(cast.aya)
    client = signed_in_by_password(cast.aya)
    for odd in ODD:
        assert client.post("/accounts/2fa/authenticate/", {"credential": odd}).status_code == 200, odd
        reply = client.post("/session/", {"credential": odd}, content_type="application/json")
        assert reply.status_code == 422, odd
    assert client.get("/people/").status_code == 302


def test_a_kept_passkey_that_cannot_be_read_is_said(cast: Cast) -> None:
    client = confirmed(cast.aya)
    _with_unreadable_key(cast.aya)
    for path in ("/accounts/2fa/passkeys/reauthenticate/", "/accounts/2fa/passkeys/add/"):
        assert client.get(path).status_code == 422, path
    for odd in ODD:
        reply = client.post("/accounts/2fa/passkeys/reauthenticate/", {"credential": odd})
        assert reply.status_code == 302, odd


def test_it_does_not_stand_in_the_way_of_a_code_in_place(cast: Cast) -> None:
    with_totp(cast.aya)
    _with_unreadable_key(cast.aya)
    client = signed_in_by_password(cast.aya)
    assert client.get("/accounts/2fa/authenticate/").status_code == 422
    state = client.get("/session/").json()
    assert (state["second_step"], state["passkey"]) == (True, None)
