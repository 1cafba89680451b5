"""Bringing people in."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.members import give_role
from accounts.models import Company, Store, User
from accounts.states import Role
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid


@transaction.atomic
def add_person(
    *, email: str, name: str, password: str | None, by: User | None, now: datetime, verified: bool = True
) -> User:
    """Makes an account; `Conflict` if the address has one. Without a password only a reset opens it.

    `verified`: whoever adds the person vouches for the address.
    """
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict("email_taken", _("Somebody with this address has an account already."))
    user = User.objects.create_user(email, password, name=name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    record("person.added", topics=[f"user.{user.pk}"], actor=by.pk if by else None, person=user.pk)
    return user


@transaction.atomic
def sign_up(*, email: str, name: str, password: str, language: str, verified: bool, now: datetime) -> User:
    """An account that a person makes for themselves. `verified`: the address is proven, by a link sent to it.

    Raises `Conflict` (email_taken).
    """
    user = add_person(email=email, name=name, password=password, by=None, now=now, verified=verified)
    user.language = language
    user.save(update_fields=["language"])
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
def open_shop(*, company: str, name: str, by: User, now: datetime) -> Store:
    """A company of its own with its first store, directed by `by`. Raises `Invalid`."""
    names = {"company": company.strip(), "name": name.strip()}
    wrong = [
        FieldProblem(field, "required", _("Give a name of at most 200 characters."))
        for field, value in names.items()
        if not 0 < len(value) <= 200
    ]
    if wrong:
        raise Invalid("shop_invalid", _("The shop could not be opened."), fields=wrong)
    # Never somebody else's company of the same name.
    store = Store.objects.create(company=Company.objects.create(name=names["company"]), name=names["name"])
    record("store.added", topics=[f"store.{store.pk}"], actor=by.pk, store=store.pk)
    give_role(store=store, user=by, role=Role.DIRECTOR, by=by, now=now)
    return store
