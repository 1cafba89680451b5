"""A shop with its people, made inside a served application by `manage.py shell -c`."""

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession

from accounts.domain import invitations
from accounts.models import Membership, User
from accounts.states import Role
from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import batches, releases, review, uploaded
from tasks.domain.claim import claim_next
from tasks.models import Assignment
from tests.factories import (
    good_answer,
    hand_in,
    make_store,
    make_user,
    products,
    read_file,
    shop_file,
)
from workers.domain import pool_links
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


def hire(tag: str, language: str, names: list[str]) -> None:
    """More staff for the shop."""
    store = Membership.objects.get(user__email=address("aya", tag)).store
    for name in names:
        user = make_user(name.title(), language, email=address(name, tag))
        Membership.objects.create(user=user, store=store, role=Role.STAFF)


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


def invitation(tag: str) -> str:
    """The path of a new invitation to the shop, for somebody without an account."""
    aya = User.objects.get(email=address("aya", tag))
    store = Membership.objects.get(user=aya).store
    return invitations.invite(
        store_id=store.pk, email=address("nao", tag), role="reviewer", until=None, by=aya, now=now()
    ).path


def pool_link(tag: str) -> str:
    """The path of a new link to the company's pool."""
    aya = User.objects.get(email=address("aya", tag))
    company = Membership.objects.get(user=aya).store.company_id
    return pool_links.make_link(company_id=company, name="広場", most=5, days=7, by=aya, now=now()).path


def uploaded_answers(tag: str) -> int:
    """Three approved answers in a file that Aya ticked as uploaded; the id of the first one.

    The first and the third title hold 最高級.
    """
    aya, dai, ben = (User.objects.get(email=address(name, tag)) for name in ("aya", "dai", "ben"))
    store = Membership.objects.get(user=aya).store
    batch = batches.create_batch(
        store_id=store.pk,
        terms=batches.Terms(title="Spring", template="product-copy", audience="staff", reward=150),
        by=aya,
        now=now(),
    )
    made = read_file(batch, shop_file(products(4)), by=aya)
    while made.state in ("queued", "running"):
        # The served application may have taken the job.
        made.refresh_from_db()
    batches.publish(batch_id=batch.pk, by=aya, now=now())
    titles = ("最高級マグカップ", "白いマグカップ", "港工房の最高級マグ")
    answers = [
        hand_in(claim_next(batch_id=batch.pk, by=ben, now=now()), {**good_answer(n), "title": title})
        for n, title in enumerate(titles)
    ]
    for answer in answers:
        review.approve(submission_id=answer.pk, by=dai, now=now())
    file = releases.request_release(batch_id=batch.pk, format="update", by=aya, now=now())
    while file.state in ("queued", "running"):
        run_pending()
        file.refresh_from_db()
    uploaded.mark_uploaded(release_id=file.pk, by=aya, now=now())
    return answers[0].pk


def waiting_answer(tag: str) -> int:
    """An answer of Ben's that waits for review; its id."""
    held = Assignment.objects.get(pk=hold(tag))
    return hand_in(held, good_answer(1)).pk
