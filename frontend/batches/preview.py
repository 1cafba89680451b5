"""Step four: one real task as the worker will see it, the whole in numbers, and the decision."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from frontend.answerform.render import render_form
from frontend.batches.access import draft_page, person
from frontend.batches.forms import duration, who_of
from frontend.batches.progress import first_step, progress_of
from frontend.batches.stepper import stepper
from frontend.work.inputs import describe_inputs, manual_html
from kernel.clock import now
from kernel.errors import Conflict
from tasks.answers.schema import parse_form
from tasks.domain import batches, mappings
from tasks.domain.versions import checks_of
from tasks.models import Batch, Step, Task
from tasks.states import JobState, TaskState
from workers.models import PoolMember


@draft_page
@require_GET
def page(request: HttpRequest, batch: Batch) -> HttpResponse:
    step = first_step(batch)
    progress = progress_of(batch, step)
    tasks = progress.counts[TaskState.OPEN]
    task, before, after = _task_at(batch, request.GET.get("at", ""))
    if task is None or not tasks:
        return redirect("batch_source", batch.pk)
    version = step.template_version
    form = parse_form(version.form)
    checks = checks_of(step, version.pk)
    context: dict[str, Any] = {
        "batch": batch,
        "step": step,
        "progress": progress,
        "task": task,
        "before": before,
        "after": after,
        "manual": manual_html(version),
        "inputs": describe_inputs(version, task.unit),
        "answer_form": render_form(
            form, checks, values={}, errors=[], mode="preview", unit_values=task.unit.values
        ),
        "who": who_of(step.audience, step.open_to_all),
        "pool": PoolMember.objects.filter(company=batch.store.company_id).count(),
        "homeless": mappings.homeless(form, batch.imports.filter(inspect_only=False, state=JobState.DONE)),
        "lease": duration(step.lease_minutes),
        "obstacle": _obstacle(batch, step),
        "stages": stepper("preview", batch, tasks=tasks),
    }
    return render(request, "batches/preview.html", context)


def _task_at(batch: Batch, at: str) -> tuple[Task | None, int | None, int | None]:
    """The task at a position (the first if there is none), and the positions beside it."""
    rows = (
        Task.objects.filter(batch=batch, state=TaskState.OPEN, unit__source__state=JobState.DONE)
        .select_related("unit")
        .order_by("position")
    )
    wanted = int(at) if at.isdecimal() and len(at) < 10 else 0
    found = list(rows.filter(position__gte=wanted)[:2]) or list(rows[:1])
    if not found:
        return None, None, None
    previous = rows.filter(position__lt=found[0].position).order_by("-position")
    before = previous.values_list("position", flat=True).first()
    return found[0], before, found[1].position if len(found) > 1 else None


def _obstacle(batch: Batch, step: Step) -> str:
    """What would stop the publication and can be mended in the terms, or nothing."""
    if batch.deadline and batch.deadline <= now():
        return _("The deadline has passed already.")
    if step.audience == "crowd" and step.reward < 1:
        return _("Freelance work needs a reward.")
    return ""


@draft_page
@require_POST
def publish(request: HttpRequest, batch: Batch) -> HttpResponse:
    try:
        batches.publish(batch_id=batch.pk, by=person(request), now=now())
    except Conflict as refused:
        messages.error(request, str(refused.message))
        return redirect("batch_preview", batch.pk)
    messages.success(request, _("Published. The work is on offer from now on, and this board follows it."))
    return redirect("batch", batch.pk)
