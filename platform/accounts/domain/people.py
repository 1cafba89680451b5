"""Bringing people in."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, Membership, Store, User
from events import record
from kernel.errors import Conflict


@transaction.atomic
def add_person(*, email: str, name: str, password: str | None, by: User | None, now: datetime) -> User:
    """Makes an account; `Conflict` if the address has one. Without a password only a reset opens it."""
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict("email_taken", _("Somebody with this address has an account already."))
    user = User.objects.create_user(email, password, name=name)
    record("person.added", topics=[f"user.{user.pk}"], actor=by.pk if by else None, person=user.pk)
    return user


@transaction.atomic
def add_store(*, company: str, name: str, by: User | None, now: datetime) -> Store:
    """The store of that name, made with its company if it is not there yet."""
    owner, _made = Company.objects.get_or_create(name=company)
    store, made = Store.objects.get_or_create(company=owner, name=name)
    if made:
        record("store.added", topics=[f"store.{store.pk}"], actor=by.pk if by else None, store=store.pk)
    return store


@transaction.atomic
def add_member(*, store: Store, user: User, role: str, by: User | None, now: datetime) -> Membership:
    """Gives a person a role in a store; repeating it changes nothing."""
    member, made = Membership.objects.get_or_create(store=store, user=user, role=role)
    if made:
        record(
            "membership.added",
            topics=[f"store.{store.pk}", f"user.{user.pk}"],
            actor=by.pk if by else None,
            store=store.pk,
            person=user.pk,
        )
    return member
