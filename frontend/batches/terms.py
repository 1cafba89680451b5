"""Step three: who does the work, for how much, until when."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from frontend.batches.access import draft_page, person
from frontend.batches.forms import TermsForm, local_input, who_of
from frontend.batches.progress import first_step, progress_of
from frontend.batches.stepper import stepper
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import batches
from tasks.models import Batch
from tasks.states import TaskState
from workers.models import PoolMember


@draft_page
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, batch: Batch) -> HttpResponse:
    step = first_step(batch)
    progress = progress_of(batch, step)
    tasks = progress.counts[TaskState.OPEN]
    if not tasks:
        return redirect("batch_source", batch.pk)
    initial = {
        "title": batch.title,
        "who": who_of(step.audience, step.open_to_all),
        "reward": step.reward,
        "lease_minutes": step.lease_minutes,
        "deadline": local_input(batch.deadline),
        "per_worker_cap": step.per_worker_cap,
        "pilot_tasks": step.pilot_tasks,
    }
    form = TermsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _save(request, batch, form):
        return redirect("batch_preview", batch.pk)
    context: dict[str, Any] = {
        "batch": batch,
        "step": step,
        "form": form,
        "progress": progress,
        "pool": PoolMember.objects.filter(company=batch.store.company_id).count(),
        "earliest": local_input(now()),
        "stages": stepper("terms", batch, tasks=tasks),
    }
    return render(request, "batches/terms.html", context, status=422 if form.errors else 200)


def _save(request: HttpRequest, batch: Batch, form: TermsForm) -> bool:
    try:
        batches.change_batch(batch_id=batch.pk, changes=form.changes(), by=person(request), now=now())
    except Invalid as refused:
        form.add_problems(refused)
        return False
    return True
