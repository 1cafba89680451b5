"""What became of people's work: numbers for whoever decides with whom to work on."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.models import Company
from tasks.models import Assignment
from tasks.states import AssignmentState


@dataclass(frozen=True)
class Record:
    """Answers of one person for one company, by what became of them."""

    approved: int = 0
    rejected: int = 0
    in_hand: int = 0


def records_of(company: Company, workers: Iterable[int]) -> dict[int, Record]:
    """User id → record with the company; everybody asked for is in it."""
    workers = list(workers)
    in_hand = (AssignmentState.CLAIMED, AssignmentState.CHANGES_REQUESTED)
    rows = (
        Assignment.objects.filter(worker__in=workers, store__company=company)
        .values("worker")
        .annotate(
            approved=Count("pk", filter=Q(state=AssignmentState.APPROVED)),
            rejected=Count("pk", filter=Q(state=AssignmentState.REJECTED)),
            in_hand=Count("pk", filter=Q(state__in=in_hand)),
        )
        .order_by()
    )
    found = {row.pop("worker"): Record(**row) for row in rows}
    return {worker: found.get(worker, Record()) for worker in workers}
