"""My work: what is in hand, what came back, what waits, what is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.models import User
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from kernel.errors import Text
from tasks.domain.corrections import correction_of
from tasks.domain.draft import may_submit_late
from tasks.domain.queries import visible_assignments
from tasks.models import Assignment, Review
from tasks.states import OFF_TASK, ON_TASK, UNDECIDED, AssignmentState, Audience, Decision
from workers.queries import is_freelancer

PAGE = 20


@dataclass(frozen=True)
class Tab:
    """A part of one's work: the states it shows, and the order of its rows."""

    name: str
    label: Text
    states: Sequence[str]
    key: tuple[str, ...]
    empty: Text


TABS = (
    Tab(
        "returned",
        _("Returned"),
        (AssignmentState.CHANGES_REQUESTED,),
        ("resubmit_by", "id"),
        _("Nothing has come back to you. What a reviewer returns stands here first."),
    ),
    Tab(
        "hand",
        _("In hand"),
        (AssignmentState.CLAIMED, AssignmentState.REPORTED),
        ("claimed_at", "id"),
        _("You have nothing in hand. Take a task and it stands here until you hand it in."),
    ),
    Tab(
        "waiting",
        _("Waiting for review"),
        UNDECIDED,
        ("-submitted_at", "-id"),
        _("Nothing of yours is waiting for review."),
    ),
    Tab(
        "done",
        _("Decided"),
        (AssignmentState.APPROVED, AssignmentState.REJECTED, AssignmentState.SETTLED),
        ("-id",),
        _("Nothing has been decided yet. Approved and rejected work stands here."),
    ),
    Tab(
        "kept",
        _("Kept drafts"),
        OFF_TASK,
        ("-id",),
        _("No drafts of ended tasks. What you typed is kept here when your time runs out."),
    ),
)


@dataclass(frozen=True)
class Row:
    assignment: Assignment
    review: Review | None
    late_possible: bool
    corrected: bool


@login_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    return render(request, "work/mine.html", _mine(request))


@login_required
@require_GET
def mine_list(request: HttpRequest) -> HttpResponse:
    return region_response(request, _topics(request), "work/_mine.html", lambda: _mine(request))


def _topics(request: HttpRequest) -> list[str]:
    return [f"user.{request.user.pk}"]


def _mine(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    moment = now()
    counted = _counted(user)
    tab = _tab(request.GET.get("tab", ""), counted)
    found = paging.page(_rows(user, tab), key=tab.key, after=request.GET.get("after"), limit=PAGE)
    return {
        "tabs": [(one, counted.get(one.name)) for one in TABS],
        "tab": tab,
        "rows": _with_reviews(found.items, moment),
        "next": found.next,
        "first_page": "after" not in request.GET,
        "earned": _earned(user, moment) if is_freelancer(user) else None,
        "topics": _topics(request),
    }


def _tab(asked: str, counted: dict[str, int]) -> Tab:
    """The tab asked for; else the first that holds something: what came back, what is in hand, what waits."""
    by_name = {tab.name: tab for tab in TABS}
    filled = next((name for name in ("returned", "hand", "waiting") if counted[name]), "hand")
    return by_name.get(asked) or by_name[filled]


def _counted(user: User) -> dict[str, int]:
    """How many are in the parts that stay small."""
    small = TABS[:3]
    states = [state for tab in small for state in tab.states]
    found = (
        Assignment.objects.filter(worker=user, state__in=states).values_list("state").annotate(n=Count("pk"))
    )
    by_state = dict(found)
    return {tab.name: sum(by_state.get(state, 0) for state in tab.states) for tab in small}


def _rows(user: User, tab: Tab) -> QuerySet[Assignment]:
    rows = visible_assignments(user).filter(state__in=tab.states)
    if tab.name != "kept":
        return rows
    again = Assignment.objects.filter(task_id=OuterRef("task_id"), worker=user).filter(ON_TASK)
    return rows.exclude(draft={}).filter(~Exists(again))


def _with_reviews(assignments: list[Assignment], moment: datetime) -> list[Row]:
    """Each with the latest person's decision on it."""
    reviews: dict[int, Review] = {}
    wanted = [a.pk for a in assignments if a.state in ("changes_requested", "approved", "rejected")]
    decided = Review.objects.filter(submission__assignment__in=wanted)
    decided = decided.exclude(decision__in=[Decision.ACCEPTED, Decision.UNDONE])
    for review in decided.select_related("submission__correction").order_by("pk"):
        reviews[review.submission.assignment_id] = review
    return [_row(one, reviews.get(one.pk), moment) for one in assignments]


def _row(assignment: Assignment, review: Review | None, moment: datetime) -> Row:
    corrected = review is not None and correction_of(review.submission) is not None
    return Row(assignment, review, may_submit_late(assignment, moment), corrected)


def _earned(user: User, moment: datetime) -> int:
    """Yen approved since the first of the month, in the reader's zone."""
    start = timezone.localtime(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    approved = Assignment.objects.filter(
        worker=user, state=AssignmentState.APPROVED, decided_at__gte=start, step__audience=Audience.CROWD
    )
    return int(approved.aggregate(sum=Sum("reward"))["sum"] or 0)
