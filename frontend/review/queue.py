"""The order of the review desk: the nearest clock first, from a place onward."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from accounts.domain.queries import DESK, stores_of
from accounts.models import User
from tasks.domain.queries import review_queue
from tasks.domain.undo import GRACE
from tasks.models import Assignment, Correction, Review
from tasks.states import AssignmentState, BatchState, Decision, Use

TOPICS_AT_MOST = 40
SECOND_PERSON_SHOWN = 20


@dataclass(frozen=True)
class Place:
    """Where an item stands in the queue. It keeps its place in an address after it has been decided."""

    at: datetime
    assignment: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.assignment}"

    @classmethod
    def of(cls, assignment: Assignment) -> "Place | None":
        return cls(assignment.auto_approve_at, assignment.pk) if assignment.auto_approve_at else None

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """None for what is no place: the queue then begins at its head."""
        at, _separator, number = text.partition("~")
        try:
            moment = parse_datetime(at)
        except ValueError:
            return None
        known = number.isascii() and number.isdigit() and len(number) < 19
        if moment is None or moment.tzinfo is None or not known:
            return None
        return cls(moment, int(number))


def waiting(user: User, now: datetime, batch_id: int | None) -> QuerySet[Assignment]:
    """What waits for this person, of one batch if it is named."""
    rows = review_queue(user, now)
    return rows if batch_id is None else rows.filter(batch_id=batch_id)


def after(user: User, now: datetime, batch_id: int | None, place: Place | None) -> Assignment | None:
    """The next item that this person could decide on, behind `place`; at the end the queue begins again."""
    held = Q(state=AssignmentState.IN_REVIEW, review_lease_until__gt=now) & ~Q(reviewer=user)
    rows = waiting(user, now, batch_id).exclude(held).exclude(worker=user)
    rows = rows.order_by("auto_approve_at", "pk")
    if place is None:
        return rows.first()
    behind = Q(auto_approve_at__gt=place.at) | Q(auto_approve_at=place.at, pk__gt=place.assignment)
    found = rows.filter(auto_approve_at__gte=place.at).filter(behind).first()
    return found or rows.exclude(pk=place.assignment).first()


def undoable(user: User, now: datetime) -> Review | None:
    """The approval that this person gave within the last minute and may still take back."""
    mine = Review.objects.filter(
        reviewer=user,
        decision=Decision.APPROVED,
        created_at__gt=now - GRACE,
        submission__assignment__state=AssignmentState.APPROVED,
    )
    mine = mine.exclude(submission__assignment__batch__state=BatchState.COMPLETED)
    return mine.select_related("submission__assignment__task__unit").order_by("-pk").first()


def second_person(user: User, now: datetime, batch_id: int | None) -> list[Correction]:
    """Corrected prices and addresses that somebody has to accept for use, the oldest first."""
    rows = Correction.objects.filter(
        second_person=True,
        submission__assignment__store__in=stores_of(user, now, *DESK),
        submission__assignment__state=AssignmentState.APPROVED,
        submission__assignment__use=Use.UNSEEN,
    )
    if batch_id is not None:
        rows = rows.filter(submission__assignment__batch=batch_id)
    related = "submission__assignment__task__unit", "submission__assignment__batch", "corrected_by"
    return list(rows.select_related(*related).order_by("pk")[:SECOND_PERSON_SHOWN])


def topics_of(user: User, now: datetime) -> list[str]:
    """The review queues of the stores whose desk the person sits at."""
    stores = stores_of(user, now, *DESK).order_by("pk").values_list("pk", flat=True)
    return [f"review.store.{pk}" for pk in stores[:TOPICS_AT_MOST]] + [f"store.{pk}" for pk in stores[:20]]


def is_close(assignment: Assignment, now: datetime) -> bool:
    """Whether less than a day is left before silence decides."""
    at = assignment.auto_approve_at
    return at is not None and at - now < timedelta(days=1)
