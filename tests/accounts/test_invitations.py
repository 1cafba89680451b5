"""Invitations to a store: offered, accepted once, taken back, too old."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from accounts.domain import invitations
from accounts.domain.invitations import AlreadyMember, InvitationUnusable
from accounts.domain.queries import has_role, roles_of
from accounts.models import Invitation, Membership
from events.models import Event
from kernel.clock import now
from kernel.errors import Conflict, Invalid, Missing, RoleMissing
from notify.models import Delivery, Unwanted
from tasks.domain import inviting
from tasks.domain.inviting import MailUnwanted
from tests.factories import Cast, make_cast, make_user
from tests.tasks.domain.test_races import at_once


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def invited(cast: Cast, email: str = "nao@example.jp", role: str = "staff", until: Any = None) -> str:
    """The token of a new invitation."""
    made = invitations.invite(
        store_id=cast.store.pk, email=email, role=role, until=until, by=cast.aya, now=now()
    )
    return made.path.split("/")[2]


def test_whoever_has_the_link_gets_the_role_once(cast: Cast) -> None:
    end = now() + timedelta(days=30)
    token = invited(cast, role="reviewer", until=end)
    assert token not in str(Invitation.objects.values())
    nao = make_user("Nao")
    member = invitations.accept(token=token, by=nao, now=now())
    assert (member.role, member.until) == ("reviewer", end)
    # The same person again: friendly. Somebody else: not any more.
    assert invitations.accept(token=token, by=nao, now=now()) == member
    with pytest.raises(InvitationUnusable) as refused:
        invitations.accept(token=token, by=cast.emi, now=now())
    assert refused.value.code == "invitation_used"
    assert not roles_of(cast.emi, now())
    told = Event.objects.filter(name__in=["member.invited", "member.joined"]).order_by("id")
    assert [event.name for event in told] == ["member.invited", "member.joined"]


def test_somebody_with_the_role_already_keeps_it(cast: Cast) -> None:
    with pytest.raises(AlreadyMember):
        invited(cast, email="BEN@example.jp", role="staff")
    # Invited under another address: the shorter end does not shorten what Ben has.
    token = invited(cast, email="ben@home.example", until=now() + timedelta(days=1))
    invitations.accept(token=token, by=cast.ben, now=now())
    assert Membership.objects.get(user=cast.ben).until is None


def test_an_ended_membership_lives_again_by_an_invitation(cast: Cast) -> None:
    start = now()
    Membership.objects.filter(user=cast.ben).update(until=start, ended_at=start)
    invitations.accept(token=invited(cast), by=cast.ben, now=now())
    member = Membership.objects.get(user=cast.ben)
    assert (member.until, member.ended_at) == (None, None)
    assert has_role(cast.ben, cast.store.pk, now(), "staff")


def test_what_is_too_old_taken_back_or_unknown_is_refused(cast: Cast) -> None:
    nao = make_user("Nao")
    token = invited(cast)
    late = now() + invitations.VALID_FOR
    with pytest.raises(InvitationUnusable, match="invitation_expired"):
        invitations.accept(token=token, by=nao, now=late)
    made = Invitation.objects.get()
    for _ in range(2):
        invitations.revoke(invitation_id=made.pk, by=cast.aya, now=now())
    with pytest.raises(InvitationUnusable, match="invitation_revoked"):
        invitations.accept(token=token, by=nao, now=now())
    with pytest.raises(Missing):
        invitations.accept(token="x" * 43, by=nao, now=now())
    short = invited(cast, until=now() + timedelta(hours=1))
    with pytest.raises(InvitationUnusable, match="invitation_expired"):
        invitations.accept(token=short, by=nao, now=now() + timedelta(hours=2))
    assert not roles_of(nao, now())


def test_inviting_again_sends_a_link_in_place_of_the_older(cast: Cast) -> None:
    old = invited(cast)
    inviting.invite_again(invitation_id=Invitation.objects.get().pk, by=cast.aya, now=now())
    letter = Delivery.objects.get()
    assert (letter.address, letter.kind) == ("nao@example.jp", "invited")
    assert letter.params.items() >= {"who": "Aya (aya@example.jp)", "store": "Minato"}.items()
    found = re.fullmatch(r"/invitations/([\w-]+)/", letter.path)
    assert found is not None
    nao = make_user("Nao")
    with pytest.raises(InvitationUnusable):
        invitations.accept(token=old, by=nao, now=now())
    invitations.accept(token=found.group(1), by=nao, now=now())
    with pytest.raises(InvitationUnusable):
        inviting.invite_again(invitation_id=Invitation.objects.latest("pk").pk, by=cast.aya, now=now())


def test_who_wants_no_mail_gets_none_and_the_director_hears_so(cast: Cast) -> None:
    Unwanted.objects.create(address="nao@example.jp", since=now())
    wanted: dict[str, Any] = {"email": "nao@example.jp", "role": "staff", "until": None}
    with pytest.raises(MailUnwanted):
        inviting.invite(store_id=cast.store.pk, by=cast.aya, now=now(), **wanted)
    assert not Invitation.objects.exists()


def test_directors_alone_invite(cast: Cast) -> None:
    wanted: dict[str, Any] = {"email": "x@example.jp", "role": "staff", "until": None, "now": now()}
    for colleague in (cast.ben, cast.dai):
        with pytest.raises(RoleMissing):
            invitations.invite(store_id=cast.store.pk, by=colleague, **wanted)
    for stranger in (cast.gen, cast.chie):
        with pytest.raises(Missing):
            invitations.invite(store_id=cast.store.pk, by=stranger, **wanted)
    invited(cast)
    made = Invitation.objects.get()
    with pytest.raises(RoleMissing):
        invitations.revoke(invitation_id=made.pk, by=cast.dai, now=now())
    with pytest.raises(Missing):
        invitations.revoke(invitation_id=made.pk, by=cast.gen, now=now())
    assert Invitation.objects.open(now()).count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.c\nBcc: x@y.z"}, "email"),
        ({"role": "owner"}, "role"),
        ({"until": timedelta(0)}, "until"),
    ],
)
def test_what_is_wrong_is_named(cast: Cast, wrong: dict[str, Any], field: str) -> None:
    if "until" in wrong:
        wrong = {"until": now() + wrong["until"]}
    with pytest.raises(Invalid) as refused:
        invited(cast, **wrong)
    assert [one.field for one in refused.value.fields] == [field]


def test_a_store_cannot_send_mail_without_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "A_DAY_AT_MOST", 2)
    invited(cast, "a@example.jp")
    invited(cast, "b@example.jp")
    with pytest.raises(Conflict, match="too_many_invitations"):
        invited(cast, "c@example.jp")


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_two_people_with_one_link_at_the_same_moment() -> None:
    cast = make_cast()
    token, people = invited(cast), [make_user(f"N{n}") for n in range(4)]
    codes = at_once(*(partial(invitations.accept, token=token, by=one, now=now()) for one in people))
    assert sorted(codes) == ["", *["invitation_used"] * 3]
    assert Membership.objects.filter(user__in=people).count() == 1
