"""Finding work: what is on offer, what one may take of it, and why not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.domain.queries import stores_of
from frontend.help.steps import of_worker
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict, Text
from tasks import topics
from tasks.domain import claim, counts
from tasks.domain.queries import offered_steps, offered_tasks
from tasks.domain.waiting import in_pilot
from tasks.errors import Missing
from tasks.models import Assignment, Step
from tasks.rules import REASONS, STAFF_WORK_ROLES
from tasks.states import ON_TASK, AssignmentState, BatchState, TaskState
from workers.queries import is_freelancer, pool_company_ids

PAGE = 20
# A page listens to at most 64 topics; nobody works for more stores and pools than that at once.
TOPICS_AT_MOST = 40


@dataclass(frozen=True)
class Offer:
    """One batch on offer. `refusal` says why nothing of it can be taken now; empty if it can."""

    step: Step
    free: int
    mine: int
    refusal: Text
    hourly: int | None

    @property
    def cap(self) -> int | None:
        return self.step.per_worker_cap

    @property
    def lease(self) -> str:
        """The time for one task, in the largest unit that is exact."""
        minutes = self.step.lease_minutes
        if minutes % 1440 == 0:
            return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}
        if minutes % 60 == 0:
            return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


@login_required
@require_GET
def find(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    return render(request, "work/find.html", _find(request) | {"first_steps": of_worker(request, user)})


@login_required
@require_GET
def offers(request: HttpRequest) -> HttpResponse:
    return region_response(request, _topics(request), "work/_offers.html", lambda: _find(request))


def _find(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    found = paging.page(offered_steps(user, now()), key=["-id"], after=request.GET.get("after"), limit=PAGE)
    held = Assignment.objects.filter(worker=user, state=AssignmentState.CLAIMED)
    return {
        "offers": _offers(found.items, user),
        "next": found.next,
        "first_page": "after" not in request.GET,
        "in_hand": list(held.order_by("lease_expires_at", "pk").select_related("task__unit")[:3]),
        "topics": _topics(request),
        "freelancer": is_freelancer(user),
    }


def _offers(steps: Iterable[Step], user: Any) -> list[Offer]:
    steps = list(steps)
    counted = counts.of_batches(step.batch_id for step in steps)
    mine = Assignment.objects.filter(worker=user, step__in=steps).filter(ON_TASK)
    held = dict(mine.values_list("step").annotate(n=Count("pk")))
    moment = now()
    return [
        Offer(
            step=step,
            free=counted[step.batch_id][TaskState.OPEN],
            mine=held.get(step.pk, 0),
            refusal=_refusal(step, held.get(step.pk, 0), moment),
            hourly=_hourly(step),
        )
        for step in steps
    ]


def _refusal(step: Step, mine: int, moment: datetime) -> Text:
    """The first reason that keeps the reader from taking of an offered step; empty if none does."""
    batch = step.batch
    has_free: bool = step.__dict__["has_free"]
    for stops, reason in (
        (batch.state == BatchState.PAUSED, "batch_paused"),
        (batch.deadline is not None and batch.deadline <= moment, "deadline_passed"),
        (step.per_worker_cap is not None and mine >= step.per_worker_cap, "cap_reached"),
        (not has_free, "rest_waits" if in_pilot(step) else "nothing_left"),
    ):
        if stops:
            return REASONS[reason]
    return ""


def _hourly(step: Step) -> int | None:
    """Yen per hour at the minutes that the template calls typical; None where it names none."""
    minutes = step.template_version.defaults.get("typical_minutes")
    return step.reward * 60 // minutes if isinstance(minutes, int) and minutes > 0 and step.reward else None


def _topics(request: HttpRequest) -> list[str]:
    user: Any = request.user
    stores = stores_of(user, now(), *STAFF_WORK_ROLES).order_by("pk").values_list("pk", flat=True)
    heard = [f"user.{user.pk}", *(f"work.store.{pk}" for pk in stores[:TOPICS_AT_MOST])]
    if is_freelancer(user):
        pools = sorted(pool_company_ids(user))[:TOPICS_AT_MOST]
        heard += ["work.open", *(f"work.company.{pk}" for pk in pools)]
    return heard[:60]


@login_required
@require_GET
def choose(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The open tasks of one batch, to take a chosen one."""
    step = _offered(request, batch_id)
    return render(request, "work/choose.html", _choose(request, step))


@login_required
@require_GET
def choices(request: HttpRequest, batch_id: int) -> HttpResponse:
    step = _offered(request, batch_id)
    heard = _choice_topics(request, step)
    return region_response(request, heard, "work/_choices.html", lambda: _choose(request, step))


def _offered(request: HttpRequest, batch_id: int) -> Step:
    user: Any = request.user
    step = offered_steps(user, now()).filter(batch_id=batch_id, position=1).first()
    if step is None:
        raise Missing
    return step


def _choose(request: HttpRequest, step: Step) -> dict[str, Any]:
    user: Any = request.user
    found = paging.page(
        offered_tasks(user, step), key=["position", "id"], after=request.GET.get("after"), limit=PAGE
    )
    return {
        "offer": _offers([step], user)[0],
        "tasks": found.items,
        "next": found.next,
        "first_page": "after" not in request.GET,
        "topics": _choice_topics(request, step),
    }


def _choice_topics(request: HttpRequest, step: Step) -> list[str]:
    return [topics.of_offer(step), f"user.{request.user.pk}"]


@login_required
@require_POST
def claim_next(request: HttpRequest, batch_id: int) -> HttpResponse:
    user: Any = request.user
    try:
        taken = claim.claim_next(batch_id=batch_id, by=user, now=now())
    except Conflict as refused:
        messages.warning(request, str(refused.message))
        return redirect("work")
    return redirect("work_task", taken.pk)


@login_required
@require_POST
def claim_task(request: HttpRequest, task_id: int) -> HttpResponse:
    user: Any = request.user
    try:
        taken = claim.claim_task(task_id=task_id, by=user, now=now())
    except Conflict as refused:
        mine = Assignment.objects.filter(task_id=task_id, worker=user).filter(ON_TASK).first()
        if mine is not None:
            return redirect("work_task", mine.pk)
        messages.warning(request, str(refused.message))
        batch = request.POST.get("batch", "")
        return redirect("work_choose", int(batch)) if batch.isdigit() else redirect("work")
    messages.success(request, _("This task is yours now."))
    return redirect("work_task", taken.pk)
