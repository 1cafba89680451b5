"""The manual was wrong: correct it, see in numbers what follows, do it, and watch it being done."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from frontend.batches.access import batch_of, directs, person
from frontend.batches.repair_form import Offer, Typed, context_of, last_repair, number_of
from frontend.regions import region_response
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import pilot, repair_choice, repair_plans, repair_scope
from tasks.domain import repair as repairing
from tasks.domain.repair_choice import Choice
from tasks.domain.template_diff import Differences, differences
from tasks.errors import RoleMissing
from tasks.models import Batch, Repair, RepairPlan
from tasks.states import REPAIRABLE_BATCH, BatchState, JobState

GOING_ON = (JobState.QUEUED, JobState.RUNNING)


def _directed(request: HttpRequest, batch: Batch) -> Batch:
    if not directs(request, batch):
        raise RoleMissing
    return batch


@login_required
@require_GET
def page(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The form; while a repair runs, how far it is; afterwards its report on top."""
    batch = _directed(request, batch_of(request, batch_id))
    if batch.state == BatchState.DRAFT:
        return redirect("batch", batch.pk)
    last = last_repair(batch)
    if last is not None and (last.state in GOING_ON or "report" in request.GET):
        return render(request, "batches/repair_state.html", _state(batch, last))
    if batch.state not in REPAIRABLE_BATCH:
        return redirect("batch", batch.pk)
    return _form(request, Offer(batch))


def _form(request: HttpRequest, offer: Offer, refused: Invalid | Conflict | None = None) -> HttpResponse:
    typed = Typed.of(request.POST, offer)
    if isinstance(refused, Conflict):
        context = {**context_of(offer, typed, None), "problem": refused.message}
        return render(request, "batches/repair.html", context, status=409)
    status = 200 if refused is None else 422
    return render(request, "batches/repair.html", context_of(offer, typed, refused), status=status)


@login_required
@require_POST
def check(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Shows what would change and what it costs; nothing has happened yet."""
    offer = Offer(_directed(request, batch_of(request, batch_id)))
    if "back" in request.POST:
        return _form(request, offer)
    typed = Typed.of(request.POST, offer)
    try:
        wanted = typed.choice(offer)
        choice = repair_choice.check(step=offer.step, now=now(), **wanted)
        numbers = _numbers(request, offer, typed.scope, choice)
    except (Invalid, Conflict) as refused:
        return _form(request, offer, refused)
    changed = differences(offer.own, choice.after)
    context = {
        "batch": offer.batch,
        "offer": offer,
        "typed": typed,
        "forgotten": _forgotten(choice, changed),
        "left_out": offer.newest if offer.newest != choice.base and choice.corrected else None,
        "changed": changed,
        "deadline": wanted["deadline"] or offer.batch.deadline,
        "moved": wanted["deadline"] is not None,
        "taken": offer.batch.releases.filter(state=JobState.DONE).exists(),
        **numbers,
    }
    return render(request, "batches/repair_check.html", context)


def _forgotten(choice: Choice, changed: Differences) -> str:
    """The language whose manual stays as it was while the other one is corrected."""
    if not choice.corrected:
        return ""
    texts = {"ja": choice.after.manual_ja, "en": choice.after.manual_en}
    same = [language for language, passages in changed.manual.items() if texts[language] and not passages]
    return same[0] if len(same) == 1 and any(changed.manual.values()) else ""


def _numbers(request: HttpRequest, offer: Offer, scope: str, choice: Choice) -> dict[str, Any]:
    """All is counted at once; to know what the checks refuse is a job's work."""
    if scope == Repair.Scope.ALL:
        after = None if choice.corrected else choice.base
        return {"scope": Repair.Scope.ALL, "plan": repair_scope.plan(offer.step, after)}
    row = repair_plans.ask(
        batch_id=offer.batch.pk, judge=choice.base, corrected=choice.corrected, by=person(request), now=now()
    )
    where = reverse("batch_repair_plan", args=[offer.batch.pk])
    return {
        **_counted(offer.batch, row),
        "plan_url": f"{where}?version={row.judge_id}&corrected={int(row.corrected)}",
        "topics": [f"batch.{offer.batch.pk}"],
    }


def _counted(batch: Batch, row: RepairPlan | None) -> dict[str, Any]:
    found: dict[str, Any] = {"batch": batch, "scope": Repair.Scope.FAILING, "count": row}
    if row is not None and row.state == JobState.DONE:
        return {**found, "plan": repair_scope.plan_of(row), "stale": repair_plans.is_stale(row)}
    return {**found, "counting": row is not None and row.state in GOING_ON}


@login_required
@require_GET
def plan(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The region of the numbers while a job counts them, and when they are there."""
    batch = _directed(request, batch_of(request, batch_id))
    version = request.GET.get("version", "")
    rows = RepairPlan.objects.select_related("step", "judge").filter(batch=batch)
    row = rows.filter(judge=number_of(version), corrected=request.GET.get("corrected") == "1").first()
    heard = [f"batch.{batch.pk}"]
    return region_response(request, heard, "batches/_repair_numbers.html", lambda: _counted(batch, row))


@login_required
@require_POST
def start(request: HttpRequest, batch_id: int) -> HttpResponse:
    offer = Offer(_directed(request, batch_of(request, batch_id)))
    if "back" in request.POST:
        return _form(request, offer)
    try:
        wanted = Typed.of(request.POST, offer).choice(offer)
        repairing.start(batch_id=offer.batch.pk, by=person(request), now=now(), **wanted)
    except Invalid as refused:
        return _form(request, offer, refused)
    except Conflict as refused:
        messages.warning(request, str(refused.message))
    return redirect(reverse("batch_repair", args=[offer.batch.pk]) + "?report=1")


@login_required
@require_GET
def state(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = _directed(request, batch_of(request, batch_id))
    heard = [f"batch.{batch.pk}"]
    return region_response(
        request, heard, "batches/_repair_state.html", lambda: _state(batch, last_repair(batch))
    )


def _state(batch: Batch, last: Repair | None) -> dict[str, Any]:
    return {
        "batch": batch,
        "repair": last,
        "going_on": last is not None and last.state in GOING_ON,
        "topics": [f"batch.{batch.pk}"],
    }


@login_required
@require_POST
def go_on(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The director's word after a pilot."""
    batch = batch_of(request, batch_id)
    try:
        pilot.go_on(batch_id=batch.pk, by=person(request), now=now())
    except Conflict as refused:
        messages.warning(request, str(refused.message))
    else:
        messages.success(request, _("The rest is on offer now."))
    return redirect("batch", batch.pk)
