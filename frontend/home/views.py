"""The director's first page: what needs a person now, and what is running."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Min, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.domain.queries import DESK, roles_of
from accounts.models import User
from accounts.states import Role
from frontend.batches.access import person
from frontend.batches.progress import with_progress
from frontend.help.steps import of_director, of_reviewer
from frontend.regions import region_response
from kernel.clock import now
from tasks.domain.queries import review_queue, visible_batches
from tasks.domain.questions import waiting_of
from tasks.models import Assignment, Batch, Import, Report
from tasks.states import RUNNING_BATCH, BatchState, JobState, Use
from workers.queries import is_freelancer

COUNTED_TO = 1000
RUNNING_SHOWN = 20
DRAFTS_SHOWN = 5
ENDED_SHOWN = 3


@dataclass(frozen=True)
class Desk:
    """Where the reader sits: stores at whose desk they are, and those they direct."""

    stores: list[int]
    directed: list[int]
    works: bool

    @property
    def topics(self) -> list[str]:
        return [f"store.{store}" for store in self.stores]


def _desk(user: User) -> Desk:
    roles = roles_of(user, now())
    return Desk(
        stores=sorted(store for store, held in roles.items() if held & set(DESK)),
        directed=sorted(store for store, held in roles.items() if Role.DIRECTOR in held),
        works=any(Role.STAFF in held for held in roles.values()),
    )


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Directors and reviewers stay; a worker is sent to the work."""
    user = person(request)
    desk = _desk(user)
    if not desk.stores and (desk.works or is_freelancer(user)):
        return redirect("work")
    if not desk.stores:
        return redirect("start")
    context = _context(user, desk)
    steps = of_director(request, user, desk.directed) if desk.directed else of_reviewer(request, user)
    context |= {"first_steps": steps, "offers_sample": bool(desk.directed) and steps and not steps[0].done}
    return render(request, "home/home.html", context)


@login_required
@require_GET
def now_region(request: HttpRequest) -> HttpResponse:
    user = person(request)
    desk = _desk(user)
    return region_response(request, desk.topics, "home/_now.html", lambda: _context(user, desk))


def _context(user: User, desk: Desk) -> dict[str, Any]:
    clocks = list(
        review_queue(user, now())
        .order_by("auto_approve_at")
        .values_list("auto_approve_at", flat=True)[:COUNTED_TO]
    )
    unseen = _unseen(desk)
    asked = waiting_of(desk.stores)
    reported = _reported(desk)
    drafts = _drafts(desk)
    running = visible_batches(user, now()).filter(state__in=RUNNING_BATCH).order_by("-pk")[:RUNNING_SHOWN]
    ended = (
        visible_batches(user, now())
        .filter(state__in=[BatchState.CLOSED, BatchState.COMPLETED])
        .order_by("-pk")[:ENDED_SHOWN]
    )
    lines = with_progress([*running, *ended])
    return {
        "to_review": len(clocks),
        "first_clock": clocks[0] if clocks else None,
        "unseen": unseen,
        "reported": reported,
        "failed": [draft for draft in drafts if draft.last_import == JobState.FAILED],
        "drafts": [draft for draft in drafts if draft.last_import != JobState.FAILED],
        "questions": asked,
        "calm": not (clocks or unseen or reported or drafts or asked),
        "running": [line for line in lines if line["batch"].state in RUNNING_BATCH],
        "ended": [line for line in lines if line["batch"].state not in RUNNING_BATCH],
        "directs": bool(desk.directed),
        "many_stores": len(desk.stores) > 1,
        "topics": desk.topics,
    }


@dataclass(frozen=True)
class Unseen:
    batch_id: int
    title: str
    n: int
    since: datetime | None


def _unseen(desk: Desk) -> list[Unseen]:
    """Per batch the answers approved by silence that a person has to accept; counted up to 1,000."""
    rows = Assignment.objects.filter(store__in=desk.stores, state="approved", use=Use.UNSEEN)
    found = list(
        rows.order_by("decided_at").values_list("batch_id", "batch__title", "decided_at")[:COUNTED_TO]
    )
    counted = Counter(batch_id for batch_id, _title, _at in found)
    first: dict[int, Unseen] = {}
    for batch_id, title, at in found:
        first.setdefault(batch_id, Unseen(batch_id, title, counted[batch_id], at))
    return list(first.values())


def _reported(desk: Desk) -> list[dict[str, Any]]:
    """Per directed batch the open reports of what cannot be done, with the nearest clock."""
    rows = Report.objects.filter(batch__store__in=desk.directed, closed_at=None).order_by()
    found = rows.values("batch_id", "batch__title").annotate(
        n=Count("pk"), due=Min("assignment__report_due_at")
    )
    return list(found.order_by("due")[:COUNTED_TO])


def _drafts(desk: Desk) -> Any:
    """The director's unfinished batches, the newest first, with the state of their last file."""
    kept = Import.objects.exclude(state=JobState.DISCARDED)
    last = kept.filter(batch=OuterRef("pk")).order_by("-pk").values("state")[:1]
    rows = Batch.objects.filter(store__in=desk.directed, state=BatchState.DRAFT).select_related("store")
    return list(rows.annotate(last_import=Subquery(last)).order_by("-pk")[:DRAFTS_SHOWN])
