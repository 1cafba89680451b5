"""What a person is in which store. The base of every `visible_to`."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Membership, Store, User
from accounts.states import Role

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


def member_ids(store_id: int, now: datetime, *roles: str) -> list[int]:
    """Ids of the active people who hold one of `roles` in the store, each once."""
    rows = Membership.objects.active(now).filter(store_id=store_id, role__in=roles, user__is_active=True)
    return sorted(set(rows.values_list("user_id", flat=True)))
