"""A shop with its people, made inside a served application by `manage.py shell -c`."""

from accounts.models import Membership
from accounts.states import Role
from tests.factories import make_store, make_user
from workers.models import PoolMember, WorkerProfile

PASSWORD = "a long password"
ROLES = {"aya": Role.DIRECTOR, "dai": Role.REVIEWER, "ben": Role.STAFF}


def address(name: str, tag: str) -> str:
    return f"{name}-{tag}@example.jp"


def fill(tag: str, language: str) -> None:
    """A director, a reviewer, one of the staff, a freelancer in the pool; each run has its own."""
    store = make_store(f"Minato {tag}")
    for name, role in ROLES.items():
        user = make_user(name.title(), language, email=address(name, tag))
        Membership.objects.create(user=user, store=store, role=role)
    chie = make_user("Chie", language, email=address("chie", tag))
    WorkerProfile.objects.create(user=chie)
    PoolMember.objects.create(user=chie, company=store.company)
