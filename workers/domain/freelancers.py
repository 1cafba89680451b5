"""Freelancers coming and going."""

from datetime import datetime

from django.db import transaction

from accounts.domain.queries import directed_company
from accounts.models import Company, Store, User
from events import record
from kernel.errors import Missing
from workers.models import PoolLink, PoolMember, WorkerProfile


@transaction.atomic
def make_freelancer(*, user: User, by: User | None, now: datetime) -> WorkerProfile:
    """Gives a person a worker profile; repeating it changes nothing."""
    profile, made = WorkerProfile.objects.get_or_create(user=user)
    if made:
        record("freelancer.added", topics=[f"user.{user.pk}"], actor=by.pk if by else None, person=user.pk)
    return profile


def write_introduction(*, text: str, by: User, now: datetime) -> None:
    """What a freelancer says about themselves, at most 2,000 characters."""
    WorkerProfile.objects.filter(user=by).update(introduction=text.strip()[:2000])


@transaction.atomic
def add_to_pool(
    *, company: Company, user: User, by: User | None, now: datetime, link: PoolLink | None = None
) -> PoolMember:
    """Adds a freelancer to those whom a company offers its work; repeating it changes nothing."""
    member, made = PoolMember.objects.get_or_create(
        company=company, user=user, defaults={"added_by": by, "link": link}
    )
    if made:
        _record("pool.joined", member, by)
    return member


@transaction.atomic
def end_pool(*, member_id: int, by: User, now: datetime) -> PoolMember:
    """A director's removal of a freelancer, or one's own leaving.

    What they hold may be finished and is reviewed and paid; they can claim nothing more.
    """
    rows = PoolMember.objects.select_for_update(of=("self",)).select_related("company", "user")
    member = rows.filter(pk=member_id).first()
    if member is None:
        raise Missing
    if member.user_id != by.pk:
        directed_company(member.company_id, by, now)
    _record("pool.left" if member.user_id == by.pk else "pool.removed", member, by)
    PoolMember.objects.filter(pk=member.pk).delete()
    return member


def _record(name: str, member: PoolMember, by: User | None) -> None:
    desks = Store.objects.filter(company=member.company_id).values_list("pk", flat=True)
    record(
        name,
        # Not the pool's own topic: freelancers do not learn of each other.
        topics=[f"user.{member.user_id}", *(f"store.{store}" for store in desks)],
        actor=by.pk if by else None,
        company=member.company_id,
        person=member.user_id,
    )
