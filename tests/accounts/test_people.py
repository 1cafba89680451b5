"""Who is what in which store, until when."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.domain import members, people
from accounts.domain.api_keys import recognise
from accounts.domain.queries import has_role, member_ids, roles_of, stores_of
from accounts.models import Membership, User
from accounts.states import Role
from events.models import Event
from kernel.clock import now
from kernel.errors import Conflict
from tests.factories import make_cast, make_member, make_user

pytestmark = pytest.mark.django_db


def test_roles_count_in_their_store_and_until_their_date() -> None:
    cast, start = make_cast(), now()
    make_member(cast.aya, cast.store, Role.STAFF)
    assert roles_of(cast.aya, start) == {cast.store.pk: {"director", "staff"}}
    assert has_role(cast.aya, cast.store.pk, start, "director")
    assert not has_role(cast.aya, cast.other_store.pk, start, "director")
    assert not has_role(cast.ben, cast.store.pk, start, "director", "reviewer")
    Membership.objects.filter(user=cast.aya, role="director").update(until=start + timedelta(days=1))
    assert has_role(cast.aya, cast.store.pk, start, "director")
    after = start + timedelta(days=1)
    assert not has_role(cast.aya, cast.store.pk, after, "director")
    assert list(stores_of(cast.aya, after, "director")) == []
    assert list(stores_of(cast.aya, after)) == [cast.store]
    assert list(stores_of(cast.emi, after)) == []


def test_members_are_named_once_and_only_if_active() -> None:
    cast = make_cast()
    make_member(cast.aya, cast.store, Role.REVIEWER)
    both = ("director", "reviewer")
    assert member_ids(cast.store.pk, now(), *both) == sorted([cast.aya.pk, cast.dai.pk])
    User.objects.filter(pk=cast.dai.pk).update(is_active=False)
    assert member_ids(cast.store.pk, now(), *both) == [cast.aya.pk]


def test_an_address_has_one_account_however_it_is_written() -> None:
    aya = people.add_person(email="Aya@Example.JP", name="Aya", password=None, by=None, now=now())
    assert (aya.email, aya.has_usable_password()) == ("aya@example.jp", False)
    with pytest.raises(Conflict):
        people.add_person(email="AYA@example.jp", name="Aya", password="x", by=None, now=now())
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="AYA@example.jp", name="Aya")


def test_bringing_the_same_in_twice_changes_nothing() -> None:
    aya = make_user("Aya")
    for _ in range(2):
        store = people.add_store(company="Minato", name="Shop", by=aya, now=now())
        members.give_role(store=store, user=aya, role="director", by=aya, now=now())
    assert Membership.objects.count() == 1
    names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert [name for name in names if name.startswith(("store.", "member"))] == [
        "store.added",
        "member.joined",
    ]


def test_a_role_that_does_not_exist_is_refused_by_the_database() -> None:
    cast = make_cast()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(store=cast.store, user=cast.emi, role="owner")


def test_the_command_prints_a_key_that_works() -> None:
    aya, out = make_user("Aya"), StringIO()
    call_command("api_key", "AYA@example.jp", "--scope", "work", stdout=out)
    key = recognise(out.getvalue().strip(), now())
    assert key is not None
    assert (key.user, key.scopes) == (aya, ["read", "work"])
    with pytest.raises(CommandError):
        call_command("api_key", "nobody@example.jp")
