"""What the link of an invitation opens, with an account and without."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.domain import invitations
from accounts.domain.queries import roles_of
from accounts.models import Store, User
from kernel.clock import now
from tests.factories import Cast, make_user
from tests.frontend.conftest import SignedIn
from workers.domain import pool_links
from workers.models import PoolLink, PoolMember

NEW = {"name": "直", "password": "青い湯のみ 2026"}


@pytest.fixture(autouse=True)
def _no_memory_of_attempts() -> None:
    cache.clear()


def store_link(cast: Cast, email: str = "nao@example.jp") -> str:
    made = invitations.invite(
        store_id=cast.store.pk, email=email, role="reviewer", until=None, by=cast.aya, now=now()
    )
    return made.path


def test_without_an_account_one_is_made_and_signed_in(cast: Cast) -> None:
    path, client = store_link(cast), Client()
    client.post("/language/", {"language": "ja", "next": "/"})
    page = client.get(path).content.decode()
    assert all(word in page for word in ("Aya", "Minato", "nao@example.jp"))
    reply = client.post(path, NEW)
    assert reply.headers["Location"] == "/"
    nao = User.objects.get(email="nao@example.jp")
    assert (nao.name, nao.language) == ("直", "ja")
    assert roles_of(nao, now()) == {cast.store.pk: {"reviewer"}}
    # The address came by that mail: nothing is left to confirm.
    assert EmailAddress.objects.get(user=nao).verified
    assert client.get("/review/").status_code == 200
    # The link a second time: friendly for the one, shut for others.
    assert client.get(path).headers["Location"] == "/"
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize("password", ["short", "password12", "nao@example.jp"])
def test_a_weak_password_makes_nothing(cast: Cast, password: str) -> None:
    page = Client().post(store_link(cast), {**NEW, "password": password})
    assert page.context["form"].errors["password"]
    assert "直" in page.content.decode()
    assert not User.objects.filter(email="nao@example.jp").exists()


def test_signed_in_under_another_address_is_said_clearly(cast: Cast, signed_in: SignedIn) -> None:
    path, emi = store_link(cast), signed_in(cast.emi)
    page = emi.get(path).content.decode()
    assert "nao@example.jp" in page
    assert "emi@example.jp" in page
    emi.post(path)
    assert roles_of(cast.emi, now()) == {cast.store.pk: {"reviewer"}}


def test_somebody_with_an_account_is_led_to_sign_in_and_back(cast: Cast) -> None:
    make_user("Nao")
    path, client = store_link(cast), Client()
    page = client.get(path).content.decode()
    assert f"/accounts/login/?next={path}" in page
    assert "password" not in page
    # Nor can a second account be made for the address.
    assert client.post(path, NEW).context["form"].non_field_errors()
    back = client.post(
        f"/accounts/login/?next={path}", {"login": "nao@example.jp", "password": "a long password"}
    )
    assert back.headers["Location"] == path


def test_by_a_pool_link_a_stranger_becomes_a_freelancer(cast: Cast) -> None:
    made = pool_links.make_link(
        company_id=cast.company.pk, name="SNS", most=1, days=7, by=cast.aya, now=now()
    )
    client = Client()
    assert "Minato" in client.get(made.path).content.decode()
    reply = client.post(made.path, {**NEW, "email": "nao@example.jp"})
    assert reply.headers["Location"] == "/work/"
    nao = User.objects.get(email="nao@example.jp")
    assert PoolMember.objects.filter(user=nao, company=cast.company).exists()
    # Typed, not proven.
    assert not EmailAddress.objects.get(user=nao).verified
    assert PoolLink.objects.get().used == 1
    # The last place was taken: an account for nothing is not made.
    late = Client().post(made.path, {**NEW, "email": "kei@example.jp"})
    assert late.status_code == 409
    assert not User.objects.filter(email="kei@example.jp").exists()


def test_an_unknown_link_is_nothing(db: None) -> None:
    for path in ("/invitations/abc/", "/pools/abc/", f"/invitations/{'x' * 400}/"):
        assert Client().get(path).status_code == 404


def test_answers_are_counted_and_refused_kindly(cast: Cast, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"join": "2/m/ip"}
    path, client = store_link(cast), Client()
    statuses = [client.post(path, {"name": ""}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_the_first_page_leads_three_ways(cast: Cast, signed_in: SignedIn) -> None:
    nao = make_user("Nao")
    client = signed_in(nao)
    assert client.get("/").headers["Location"] == "/start/"
    assert client.post("/start/shop/", {"company": "", "name": "Shop"}).context["form"].errors["company"]
    client.post("/start/shop/", {"company": "Naoya", "name": "Shop"})
    store = Store.objects.get(name="Shop")
    assert roles_of(nao, now()) == {store.pk: {"director"}}
    client.post("/start/freelancer/", {"introduction": "写真"})
    nao.refresh_from_db()
    assert nao.worker_profile.introduction == "写真"
    assert "写真" in client.get("/start/freelancer/").content.decode()
