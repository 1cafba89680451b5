"""Everything about people by the API."""

from datetime import timedelta
from typing import Any

from accounts.domain import invitations
from accounts.models import Invitation, Membership
from kernel.clock import now
from tests.factories import Cast, make_user
from tests.tasks.api.client import Api
from workers.models import PoolMember


def test_invite_accept_change_remove(cast: Cast, monkeypatch: Any) -> None:
    aya, nao = Api(cast.aya), make_user("Nao")
    end = (now() + timedelta(days=9)).isoformat()
    sent = {"email": "nao@example.jp", "role": "staff", "until": end}
    made = aya.post(f"stores/{cast.store.pk}/invitations", sent, key="one").ok(201)
    # The same POST twice: one invitation, one mail.
    assert aya.post(f"stores/{cast.store.pk}/invitations", sent, key="one").ok(201) == made
    assert Invitation.objects.count() == 1
    assert "token" not in made
    again = aya.post(f"invitations/{made['id']}/again").ok(201)
    listed = aya.get(f"stores/{cast.store.pk}/invitations").ok()["items"]
    assert [(one["id"], one["revoked_at"] is None) for one in listed] == [
        (again["id"], True),
        (made["id"], False),
    ]
    token = _new_token(cast)
    got = Api(nao).post("invitations/accept", {"token": token}).ok()
    assert (got["role"], got["person"]["email"]) == ("staff", "nao@example.jp")
    assert Api(cast.emi).post("invitations/accept", {"token": token}).code == "invitation_used"
    assert Api(cast.emi).post("invitations/accept", {"token": "x"}).status == 404
    path = f"stores/{cast.store.pk}/members/{got['id']}"
    assert aya.patch(path, {"role": "reviewer"}).ok()["until"] == got["until"]
    assert aya.patch(path, {"until": None}).ok()["until"] is None
    assert aya.patch(path, {"until": "2020-01-01T00:00:00Z"}).fields == {"until": "in_the_past"}
    assert aya.raw("DELETE", path, b"").ok()["role"] == "reviewer"
    assert not Membership.objects.filter(user=nao).exists()


def _new_token(cast: Cast) -> str:

    made = invitations.invite(
        store_id=cast.store.pk,
        email="nao@example.jp",
        role="staff",
        until=now() + timedelta(days=5),
        by=cast.aya,
        now=now(),
    )
    return made.path.split("/")[2]


def test_leaving_needs_no_scope_of_directors_removing_does(cast: Cast) -> None:
    where = f"stores/{cast.store.pk}/members"
    ids = {one["person"]["name"]: one["id"] for one in Api(cast.aya).get(where).ok()["items"]}
    assert set(ids) == {"Aya", "Ben", "Dai"}
    worker = Api(cast.aya, "work")
    assert worker.raw("DELETE", f"{where}/{ids['Ben']}", b"").code == "scope_missing"
    assert worker.raw("DELETE", f"{where}/{ids['Aya']}", b"").code == "last_director"
    assert Api(cast.dai).raw("DELETE", f"{where}/{ids['Ben']}", b"").code == "role_missing"
    assert Api(cast.ben, "work").raw("DELETE", f"{where}/{ids['Ben']}", b"").status == 200
    assert Api(cast.ben, "read").raw("DELETE", f"{where}/{ids['Dai']}", b"").code == "scope_missing"


def test_links_into_the_pool(cast: Cast) -> None:
    aya, where = Api(cast.aya), f"companies/{cast.company.pk}"
    made = aya.post(f"{where}/pool-links", {"name": "SNS", "most": 1}).ok(201)
    assert made["url"].startswith("http")
    listed = aya.get(f"{where}/pool-links").ok()["items"]
    assert [(one["url"], one["used"], one["closed"]) for one in listed] == [(None, 0, None)]
    token = made["url"].rstrip("/").rsplit("/", 1)[1]
    joined = Api(cast.emi).post("pool-links/join", {"token": token}).ok()
    assert joined["company"] == cast.company.pk
    assert Api(make_user("Kei")).post("pool-links/join", {"token": token}).code == "link_used_up"
    pool = {one["person"]["name"]: one for one in aya.get(f"{where}/pool").ok()["items"]}
    assert set(pool) == {"Chie", "Emi", "Fumi"}
    assert pool["Emi"]["link"] == made["id"]
    assert Api(cast.dai).get(f"{where}/pool").code == "role_missing"
    assert aya.raw("DELETE", f"pool-links/{made['id']}", b"").ok()["closed"] == "link_revoked"
    assert aya.raw("DELETE", f"{where}/pool/{pool['Emi']['id']}", b"").status == 204
    mine = PoolMember.objects.get(user=cast.chie).pk
    assert Api(cast.chie, "work").raw("DELETE", f"{where}/pool/{mine}", b"").status == 204
    assert aya.post(f"{where}/pool-links", {"name": "x", "most": 0}).fields == {"most": "out_of_range"}


def test_a_shop_and_a_profile_of_ones_own(cast: Cast) -> None:
    nao = Api(make_user("Nao"))
    shop = nao.post("shops", {"company": "Naoya", "name": "Shop"}).ok(201)
    assert [one["id"] for one in nao.get("stores").ok()["items"]] == [shop["id"]]
    assert nao.post("shops", {"company": " ", "name": "x"}).fields == {"company": "required"}
    nao.put("freelancer", {"introduction": "写真"}).ok()
    assert nao.get("me").ok()["freelancer"] is True
