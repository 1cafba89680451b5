"""The manual was wrong: correct it, see in numbers what follows, do it, and watch it being done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from frontend.batches.access import batch_of, directs, person
from frontend.regions import region_response
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import manuals, pilot, repair_scope
from tasks.domain import repair as repairing
from tasks.domain.template_diff import Differences, differences
from tasks.errors import RoleMissing
from tasks.models import Batch, Repair, Step, TemplateVersion
from tasks.states import RUNNING_BATCH, BatchState, JobState

VERSIONS_SHOWN = 20
GOING_ON = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Typed:
    """What the director has filled in. `how`: "text" for a corrected manual, else a version's number."""

    how: str
    manual_ja: str
    manual_en: str
    scope: str
    note: str

    @classmethod
    def of(cls, posted: Mapping[str, str], step: Step) -> "Typed":
        version = step.template_version
        return cls(
            how=posted.get("how", "text"),
            manual_ja=posted.get("manual_ja", version.manual_ja).replace("\r\n", "\n"),
            manual_en=posted.get("manual_en", version.manual_en).replace("\r\n", "\n"),
            scope=posted.get("scope", Repair.Scope.ALL),
            note=posted.get("note", "").replace("\r\n", "\n"),
        )

    def choice(self) -> dict[str, Any]:
        """As `tasks.domain.repair.start` takes it."""
        if self.how == "text":
            return {"manual_ja": self.manual_ja, "manual_en": self.manual_en}
        number = self.how.removeprefix("v")
        return {"version_id": int(number) if number.isdecimal() and len(number) < 19 else 0}


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
    last = _last(batch)
    if last is not None and (last.state in GOING_ON or "report" in request.GET):
        return render(request, "batches/repair_state.html", _state(batch, last))
    if batch.state not in RUNNING_BATCH:
        return redirect("batch", batch.pk)
    return _form(request, batch)


def _form(
    request: HttpRequest, batch: Batch, *, problems: Invalid | None = None, status: int = 200
) -> HttpResponse:
    step = repairing.step_of(batch)
    typed = Typed.of(request.POST, step)
    last = _last(batch)
    newer = list(manuals.newer_versions(step)[:VERSIONS_SHOWN])
    context = {
        "batch": batch,
        "step": step,
        "typed": typed,
        "newer": newer,
        "failed": last if last is not None and last.state == JobState.FAILED else None,
        "plan": repair_scope.plan(step, Repair.Scope.ALL),
        "errors": {one.field: one.message for one in problems.fields} if problems else {},
        "problem": problems.message if problems else "",
    }
    return render(request, "batches/repair.html", context, status=status)


def _last(batch: Batch) -> Repair | None:
    rows = Repair.objects.filter(batch=batch).select_related("before", "after__template", "created_by")
    return rows.order_by("-pk").first()


@login_required
@require_POST
def check(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Shows what would change and what it costs; nothing has happened yet."""
    batch = _directed(request, batch_of(request, batch_id))
    if "back" in request.POST:
        return _form(request, batch)
    step = repairing.step_of(batch)
    typed = Typed.of(request.POST, step)
    try:
        after = repairing.check(step=step, scope=typed.scope, note=typed.note, **typed.choice())
    except Invalid as refused:
        return _form(request, batch, problems=refused, status=422)
    chosen = after if after.pk else None
    context = {
        "batch": batch,
        "step": step,
        "typed": typed,
        "after": chosen,
        "scope": Repair.Scope(typed.scope),
        "plan": repair_scope.plan(step, typed.scope, chosen),
        "changed": _changed(step.template_version, after),
    }
    return render(request, "batches/repair_check.html", context)


def _changed(before: TemplateVersion, after: TemplateVersion) -> Differences:
    return differences(before, after)


@login_required
@require_POST
def start(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = _directed(request, batch_of(request, batch_id))
    if "back" in request.POST:
        return _form(request, batch)
    typed = Typed.of(request.POST, repairing.step_of(batch))
    try:
        repairing.start(
            batch_id=batch.pk,
            scope=typed.scope,
            note=typed.note,
            by=person(request),
            now=now(),
            **typed.choice(),
        )
    except Invalid as refused:
        return _form(request, batch, problems=refused, status=422)
    except Conflict as refused:
        messages.warning(request, str(refused.message))
    return redirect(reverse("batch_repair", args=[batch.pk]) + "?report=1")


@login_required
@require_GET
def state(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = _directed(request, batch_of(request, batch_id))
    heard = [f"batch.{batch.pk}"]
    return region_response(request, heard, "batches/_repair_state.html", lambda: _state(batch, _last(batch)))


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
