"""What the frame around every page needs."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.domain.queries import DESK, roles_of
from accounts.states import Role
from kernel.clock import now
from workers.queries import is_freelancer


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation and topics of the signed-in person; nothing for a stranger. Lazy: regions never ask."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"shell": SimpleLazyObject(lambda: _shell_of(request, user))}


def roles_in(request: HttpRequest) -> dict[int, frozenset[str]]:
    """Store id → the roles that the signed-in person holds there; asked once a request."""
    if not hasattr(request, "_roles"):
        request._roles = roles_of(request.user, now())  # type: ignore[attr-defined, arg-type]  # behind a sign-in
    found: dict[int, frozenset[str]] = request._roles  # type: ignore[attr-defined]
    return found


def _shell_of(request: HttpRequest, user: Any) -> dict[str, Any]:
    roles = roles_in(request)
    desk = sorted(store for store, held in roles.items() if held & set(DESK))
    freelancer = is_freelancer(user)
    return {
        "directs": any(Role.DIRECTOR in held for held in roles.values()),
        "reviews": bool(desk),
        "works": freelancer or any(Role.STAFF in held for held in roles.values()),
        "freelancer": freelancer,
        "topics": [f"user.{user.pk}", *(f"review.store.{store}" for store in desk)],
    }
