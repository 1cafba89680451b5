"""Changing, leaving, being removed; a store is never without a director."""

from datetime import timedelta
from functools import partial

import pytest

from accounts.domain import members, people
from accounts.domain.members import LastDirector
from accounts.domain.queries import has_role, roles_of
from accounts.models import Membership, Store
from accounts.states import Role
from events.models import Event
from kernel.clock import now
from kernel.errors import Conflict, Invalid, Missing, RoleMissing
from tests.factories import Cast, make_cast, make_member, make_user
from tests.tasks.domain.test_races import at_once


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def of(cast: Cast, name: str) -> int:
    return Membership.objects.get(user=cast.people()[name], store=cast.store).pk


def test_a_director_removes_and_anybody_leaves(cast: Cast) -> None:
    members.end(membership_id=of(cast, "ben"), by=cast.aya, now=now())
    members.end(membership_id=of(cast, "dai"), by=cast.dai, now=now())
    assert not roles_of(cast.ben, now())
    assert not roles_of(cast.dai, now())
    told = Event.objects.filter(name__startswith="member.").order_by("id")
    assert list(told.values_list("name", "actor_id")) == [
        ("member.removed", cast.aya.pk),
        ("member.left", cast.dai.pk),
    ]


def test_others_remove_nobody(cast: Cast) -> None:
    with pytest.raises(RoleMissing):
        members.end(membership_id=of(cast, "ben"), by=cast.dai, now=now())
    for stranger in (cast.gen, cast.chie):
        with pytest.raises(Missing):
            members.end(membership_id=of(cast, "ben"), by=stranger, now=now())
    with pytest.raises(Missing):
        members.end(membership_id=0, by=cast.aya, now=now())


def test_the_last_director_stays_by_every_way_out(cast: Cast) -> None:
    aya, soon = of(cast, "aya"), now() + timedelta(days=9)
    # A director whose time ends is no help: the day comes by itself.
    temporary = make_member(make_user("Kei"), cast.store, Role.DIRECTOR)
    Membership.objects.filter(user=temporary).update(until=soon)
    with pytest.raises(LastDirector):
        members.end(membership_id=aya, by=cast.aya, now=now())
    for role, until in (("reviewer", None), ("director", soon)):
        with pytest.raises(LastDirector):
            members.change(membership_id=aya, role=role, until=until, by=cast.aya, now=now())
    Membership.objects.filter(user=temporary).update(until=None)
    members.end(membership_id=aya, by=temporary, now=now())
    assert not roles_of(cast.aya, now())


def test_a_change_counts_at_once_and_is_told(cast: Cast) -> None:
    ben, soon = of(cast, "ben"), now() + timedelta(days=9)
    members.change(membership_id=ben, role="reviewer", until=soon, by=cast.aya, now=now())
    assert has_role(cast.ben, cast.store.pk, now(), "reviewer")
    assert not has_role(cast.ben, cast.store.pk, soon, "reviewer")
    assert Event.objects.get(name="member.changed").payload["until"] == soon.isoformat()
    with pytest.raises(Invalid):
        members.change(membership_id=ben, role="owner", until=now(), by=cast.aya, now=now())
    make_member(cast.ben, cast.store, Role.STAFF)
    with pytest.raises(Conflict, match="already_member"):
        members.change(membership_id=ben, role="staff", until=None, by=cast.aya, now=now())


def test_a_shop_of_ones_own_is_nobody_elses(cast: Cast) -> None:
    nao = make_user("Nao")
    store = people.open_shop(company="Minato", name="Minato", by=nao, now=now())
    assert store.company != cast.company
    assert roles_of(nao, now()) == {store.pk: {"director"}}
    with pytest.raises(Invalid) as refused:
        people.open_shop(company=" ", name="x" * 201, by=nao, now=now())
    assert [one.field for one in refused.value.fields] == ["company", "name"]
    assert Store.objects.count() == 3


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_two_directors_who_leave_at_once_leave_one() -> None:
    cast = make_cast()
    for number in range(4):
        kei = make_member(make_user(f"Kei{number}"), cast.store, Role.DIRECTOR)
        mine, theirs = of(cast, "aya"), Membership.objects.get(user=kei).pk
        codes = at_once(
            partial(members.end, membership_id=mine, by=cast.aya, now=now()),
            partial(members.end, membership_id=theirs, by=kei, now=now()),
        )
        assert sorted(codes) == ["", "last_director"]
        Membership.objects.filter(store=cast.store, role="director").delete()
        make_member(cast.aya, cast.store, Role.DIRECTOR)
