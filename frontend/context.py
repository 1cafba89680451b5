"""What the frame around every page needs."""

from typing import Any

from django.http import HttpRequest

from accounts.domain.queries import DESK, roles_of
from accounts.states import Role
from kernel.clock import now
from workers.queries import is_freelancer


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation and topics of the signed-in person; nothing for a stranger. Lazy: regions never ask."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    if not hasattr(request, "_shell"):
        request._shell = _shell_of(user)  # type: ignore[attr-defined]  # once a request
    return {"shell": request._shell}  # type: ignore[attr-defined]


def _shell_of(user: Any) -> dict[str, Any]:
    roles = roles_of(user, now())
    desk = sorted(store for store, held in roles.items() if held & set(DESK))
    freelancer = is_freelancer(user)
    return {
        "directs": any(Role.DIRECTOR in held for held in roles.values()),
        "reviews": bool(desk),
        "works": freelancer or any(Role.STAFF in held for held in roles.values()),
        "freelancer": freelancer,
        "topics": [f"user.{user.pk}", *(f"review.store.{store}" for store in desk)],
    }
