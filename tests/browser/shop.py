"""A shop with its people, made inside a served application by `manage.py shell -c`."""

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession

from accounts.models import Membership, User
from accounts.states import Role
from kernel.clock import now
from tasks.domain import batches
from tasks.domain.claim import claim_next
from tests.factories import make_store, make_user, products, read_file, shop_file
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


def hold(tag: str) -> int:
    """A published batch of the shop, of which Ben holds the first task; its assignment's id."""
    aya, ben = (User.objects.get(email=address(name, tag)) for name in ("aya", "ben"))
    batch = batches.create_batch(
        store_id=Membership.objects.get(user=aya).store_id,
        terms=batches.Terms(title="Spring", template="product-copy", audience="staff", reward=150),
        by=aya,
        now=now(),
    )
    made = read_file(batch, shop_file(products(2)), by=aya)
    while made.state in ("queued", "running"):
        # The served application may have taken the job.
        made.refresh_from_db()
    batches.publish(batch_id=batch.pk, by=aya, now=now())
    return claim_next(batch_id=batch.pk, by=ben, now=now()).pk


def end_sessions(email: str) -> None:
    """Every session of a person is over, as if their days had passed."""
    for mine in UserSession.objects.filter(user__email=email):
        mine.end()


def second_step(email: str) -> str:
    """Switches the authenticator app on for a person; its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(User.objects.get(email=email), secret)
    return secret
