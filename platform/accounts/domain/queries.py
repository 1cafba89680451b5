"""What a person is in which store. The base of every `visible_to`."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Company, Membership, Store, User
from accounts.states import Role
from kernel.errors import Missing, RoleMissing

DESK = (Role.DIRECTOR, Role.REVIEWER)


def roles_of(user: User, now: datetime) -> dict[int, frozenset[str]]:
    """Store id → the roles that `user` holds there now."""
    found: dict[int, set[str]] = {}
    for store_id, role in Membership.objects.active(now).filter(user=user).values_list("store_id", "role"):
        found.setdefault(store_id, set()).add(role)
    return {store: frozenset(roles) for store, roles in found.items()}


def stores_of(user: User, now: datetime, *roles: str) -> QuerySet[Store]:
    """Stores in which `user` holds one of `roles` (any role if none is named)."""
    mine = Membership.objects.active(now).filter(user=user)
    if roles:
        mine = mine.filter(role__in=roles)
    return Store.objects.filter(pk__in=mine.values("store_id"))


def has_role(user: User, store_id: int, now: datetime, *roles: str) -> bool:
    return Membership.objects.active(now).filter(user=user, store_id=store_id, role__in=roles).exists()


def directed_store(store_id: int, user: User, now: datetime) -> Store:
    """The store, for its directors. Raises `RoleMissing` for its other people, `Missing` for anybody else."""
    held = roles_of(user, now).get(store_id, frozenset())
    if not held:
        raise Missing
    if Role.DIRECTOR not in held:
        raise RoleMissing
    return Store.objects.select_related("company").get(pk=store_id)


def directed_company(company_id: int, user: User, now: datetime) -> Company:
    """The company, for the directors of its stores. Raises like `directed_store`."""
    found = Company.objects.filter(stores__in=stores_of(user, now), pk=company_id).first()
    if found is None:
        raise Missing
    if not stores_of(user, now, Role.DIRECTOR).filter(company=found).exists():
        raise RoleMissing
    return found


def member_ids(store_id: int, now: datetime, *roles: str) -> list[int]:
    """Ids of the active people who hold one of `roles` in the store, each once."""
    rows = Membership.objects.active(now).filter(store_id=store_id, role__in=roles, user__is_active=True)
    return sorted(set(rows.values_list("user_id", flat=True)))
