"""Who is a freelancer, and whose pools they are in."""

from accounts.models import User
from workers.models import PoolMember, WorkerProfile


def is_freelancer(user: User) -> bool:
    return WorkerProfile.objects.filter(user=user).exists()


def pool_company_ids(user: User) -> list[int]:
    return list(PoolMember.objects.filter(user=user).values_list("company_id", flat=True))
