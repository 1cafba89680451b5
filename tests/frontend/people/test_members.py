"""The director's pages about people."""

import re
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Invitation, Membership
from accounts.states import Role
from kernel.clock import now
from notify.models import Delivery
from tests.factories import Cast, make_approved, make_batch, make_freelancer, make_member, make_user
from tests.frontend.conftest import SignedIn
from workers.models import PoolLink, PoolMember


def test_everybody_of_the_store_with_roles_and_ends(cast: Cast, signed_in: SignedIn) -> None:
    make_member(cast.ben, cast.store, Role.REVIEWER)
    Membership.objects.filter(user=cast.dai).update(until=now() - timedelta(days=1))
    page = signed_in(cast.aya).get("/people/")
    lines = {line["person"].name: [one.role for one in line["roles"]] for line in page.context["lines"]}
    assert lines == {"Aya": ["director"], "Ben": ["staff", "reviewer"], "Dai": ["reviewer"]}
    assert "ended" in page.content.decode()
    found = signed_in(cast.aya).get("/people/?q=BEN@").context["lines"]
    assert [line["person"] for line in found] == [cast.ben]
    assert "Nobody found" in signed_in(cast.aya).get("/people/?q=zzz").content.decode()


def test_pages_go_by_key_and_ask_the_same_for_many(cast: Cast, signed_in: SignedIn) -> None:
    client, counted = signed_in(cast.aya), []
    for many in (1, 60):
        for number in range(many):
            make_member(make_user(f"N{many}-{number:03}"), cast.store, Role.STAFF)
        client.get("/people/")
        with CaptureQueriesContext(connection) as asked:
            page = client.get("/people/")
        counted.append(len(asked))
    assert counted[0] == counted[1]
    seen = [line["person"].name for line in page.context["lines"]]
    rest = client.get(f"/people/?after={page.context['next']}").context["lines"]
    names = seen + [line["person"].name for line in rest]
    assert names == sorted(names)
    assert len(names) == len(set(names)) == 64


def test_those_who_direct_nothing_are_told_where_to_look(cast: Cast, signed_in: SignedIn) -> None:
    for user in (cast.dai, cast.chie):
        for path in (
            "/people/",
            "/people/invited/",
            "/people/invite/",
            "/people/pool/",
            "/people/pool/links/",
        ):
            page = signed_in(user).get(path).content.decode()
            assert "Your stores and pools" in page
            assert "Aya" not in page
    assert signed_in(cast.gen).get(f"/people/?store={cast.store.pk}").status_code == 404


def test_an_invitation_goes_out_again_and_is_taken_back(
    cast: Cast, signed_in: SignedIn, django_capture_on_commit_callbacks: object
) -> None:
    client = signed_in(cast.aya)
    end = (now() + timedelta(days=30)).date()
    sent = {"store": cast.store.pk, "email": "Nao@example.jp", "role": "reviewer", "until": str(end)}
    assert client.post("/people/invite/", sent).status_code == 302
    made = Invitation.objects.get()
    assert (made.email, made.role) == ("nao@example.jp", "reviewer")
    # The last day counts to its end, in the director's zone.
    assert made.until is not None
    assert made.until.astimezone(cast.aya.zone).date() == end + timedelta(days=1)
    assert str(end) in client.get("/people/invited/").content.decode()
    client.post(f"/people/invited/{made.pk}/again/")
    latest = Invitation.objects.waiting().get()
    assert latest.pk != made.pk
    client.post(f"/people/invited/{latest.pk}/revoke/")
    assert not Invitation.objects.waiting().exists()


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(cast: Cast, signed_in: SignedIn) -> None:
    sent = {"store": cast.store.pk, "email": "nao@example.jp", "role": "reviewer", "until": "2020-01-01"}
    page = signed_in(cast.aya).post("/people/invite/", sent)
    assert list(page.context["form"].errors) == ["until"]
    text = page.content.decode()
    assert 'value="nao@example.jp"' in text
    assert 'value="2020-01-01"' in text
    assert re.search(r'value="reviewer" checked', text)
    assert not Delivery.objects.exists()


def test_who_is_here_already_is_said_on_the_form_or_beside_the_invitation(
    cast: Cast, signed_in: SignedIn
) -> None:
    client = signed_in(cast.aya)
    sent = {"store": cast.store.pk, "email": cast.dai.email, "role": "reviewer", "until": "2099-01-01"}
    page = client.post("/people/invite/", sent).content.decode()
    assert "already has this role" in page
    assert f'value="{cast.dai.email}"' in page
    assert 'value="2099-01-01"' in page
    assert not Invitation.objects.exists()
    made = client.post("/people/invite/", sent | {"role": "staff"}, follow=True).content.decode()
    assert "also here, or invited, as: Reviewer" in made


def test_a_role_is_changed_and_taken_away(cast: Cast, signed_in: SignedIn) -> None:
    client, ben = signed_in(cast.aya), Membership.objects.get(user=cast.ben)
    client.post(f"/people/members/{ben.pk}/", {"role": "reviewer", "until": ""})
    ben.refresh_from_db()
    assert (ben.role, ben.until) == ("reviewer", None)
    own = Membership.objects.get(user=cast.aya)
    refused = client.post(f"/people/members/{own.pk}/remove/", follow=True)
    assert refused.redirect_chain == [(f"/people/members/{own.pk}/", 302)]
    assert "director" in refused.content.decode()
    typed = {"role": "staff", "until": "2099-01-01"}
    kept = client.post(f"/people/members/{own.pk}/", typed).content.decode()
    assert 'value="2099-01-01"' in kept
    assert re.search(r'value="staff" checked', kept)
    assert Membership.objects.get(pk=own.pk).role == "director"
    client.post(f"/people/members/{ben.pk}/remove/")
    assert not Membership.objects.filter(user=cast.ben).exists()


def test_the_pool_with_its_record_and_links(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, audience="crowd", count=4)
    make_approved(batch, cast.chie, cast.dai)
    client = signed_in(cast.aya)
    records = {
        line["member"].user.name: line["record"] for line in client.get("/people/pool/").context["lines"]
    }
    assert (records["Chie"].approved, records["Fumi"].approved) == (1, 0)
    page = client.post("/people/pool/links/", {"store": cast.store.pk, "name": "SNS", "most": 3, "days": 7})
    found = re.search(r"/pools/([\w-]+)/", page.content.decode())
    assert found is not None
    assert page.headers["Cache-Control"] == "no-store"
    assert found.group(1) not in client.get("/people/pool/links/").content.decode()
    assert signed_in(cast.emi).post(f"/pools/{found.group(1)}/").status_code == 302
    assert PoolMember.objects.filter(user=cast.emi, link__name="SNS").exists()
    link = PoolLink.objects.get()
    client.post(f"/people/pool/links/{link.pk}/revoke/")
    assert signed_in(make_freelancer("Kei")).get(f"/pools/{found.group(1)}/").status_code == 410
    member = PoolMember.objects.get(user=cast.emi)
    assert signed_in(cast.fumi).post(f"/people/pool/{member.pk}/remove/").status_code == 404
    assert client.post(f"/people/pool/{member.pk}/remove/").headers["Location"] == "/people/pool/"


def test_everybody_leaves_by_themselves(cast: Cast, signed_in: SignedIn) -> None:
    ben = signed_in(cast.ben)
    mine = Membership.objects.get(user=cast.ben)
    assert signed_in(cast.dai).post(f"/settings/places/{mine.pk}/leave/").status_code == 404
    assert "Minato" in ben.get("/settings/places/").content.decode()
    ben.post(f"/settings/places/{mine.pk}/leave/")
    assert "You belong nowhere yet" in ben.get("/settings/places/").content.decode()
    chie = PoolMember.objects.get(user=cast.chie)
    signed_in(cast.chie).post(f"/people/pool/{chie.pk}/remove/")
    assert not PoolMember.objects.filter(user=cast.chie).exists()
