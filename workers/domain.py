"""Bringing freelancers in."""

from datetime import datetime

from django.db import transaction

from accounts.models import Company, User
from events import record
from workers.models import PoolMember, WorkerProfile


@transaction.atomic
def make_freelancer(*, user: User, by: User | None, now: datetime) -> WorkerProfile:
    """Gives a person a worker profile; repeating it changes nothing."""
    profile, made = WorkerProfile.objects.get_or_create(user=user)
    if made:
        record("freelancer.added", topics=[f"user.{user.pk}"], actor=by.pk if by else None, person=user.pk)
    return profile


@transaction.atomic
def add_to_pool(*, company: Company, user: User, by: User | None, now: datetime) -> PoolMember:
    """Adds a freelancer to those whom a company offers its work; repeating it changes nothing."""
    member, made = PoolMember.objects.get_or_create(company=company, user=user, defaults={"added_by": by})
    if made:
        record(
            "pool.joined",
            topics=[f"user.{user.pk}", f"work.company.{company.pk}"],
            actor=by.pk if by else None,
            company=company.pk,
            person=user.pk,
        )
    return member
