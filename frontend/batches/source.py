"""Steps one and two of a draft: its file, what was recognised in it, and which products become tasks."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exchange.errors import describe_place
from exchange.source import TABLE
from frontend.batches.access import draft_page, person
from frontend.batches.forms import ChoiceForm, FileForm
from frontend.batches.new import inspect
from frontend.batches.progress import first_step
from frontend.batches.stepper import stepper
from frontend.batches.wording import COLUMNS, ENCODINGS, STATUSES, choice_in_words, kind_of_file, without
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import batches, counts, imports
from tasks.models import Batch, Import, ImportRefusal
from tasks.states import JobState, TaskState
from tasks.texts import import_problem

REFUSALS_SHOWN = 20
GOING_ON = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Sources:
    """Where a draft stands with its file."""

    latest: Import | None
    read: Import | None
    tasks: int

    @property
    def phase(self) -> str:
        if self.latest is None:
            return "empty"
        if self.latest.state in GOING_ON:
            return "working"
        if self.tasks:
            return "landed"
        if self.read is not None and self.read.format == TABLE and self.read.mapping_id is None:
            return "columns"
        return "choose" if self.read is not None else "refused"


def sources_of(batch: Batch) -> Sources:
    rows = list(
        batch.imports.exclude(state=JobState.DISCARDED).select_related("mapping").order_by("-pk")[:20]
    )
    read = next((row for row in rows if row.state == JobState.DONE), None)
    tasks = counts.of_batch(batch.pk)[TaskState.OPEN]
    return Sources(rows[0] if rows else None, read, tasks)


@draft_page
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, batch: Batch) -> HttpResponse:
    """Shows what the draft's file is waiting for; POST chooses the products."""
    sources = sources_of(batch)
    if sources.phase == "columns":
        return redirect("batch_source_columns", batch.pk)
    if sources.phase == "choose":
        return _choose(request, batch, sources)
    if request.method == "POST":
        return redirect("batch_source", batch.pk)
    if sources.phase == "working":
        return render(request, "batches/reading.html", _reading(batch, sources))
    if sources.phase == "landed":
        return render(request, "batches/landed.html", _landed(request, batch, sources))
    return _ask_for_file(request, batch, FileForm(), sources)


@draft_page
@require_GET
def progress(request: HttpRequest, batch: Batch) -> HttpResponse:
    topics = [f"batch.{batch.pk}"]
    return region_response(
        request, topics, "batches/_reading.html", lambda: _reading(batch, sources_of(batch))
    )


def _reading(batch: Batch, sources: Sources) -> dict[str, Any]:
    return {
        "batch": batch,
        "source": sources.latest,
        "working": sources.phase == "working",
        "topics": [f"batch.{batch.pk}"],
        "stages": stepper("file" if sources.read is None else "choice", batch),
    }


def _ask_for_file(
    request: HttpRequest, batch: Batch, form: FileForm, sources: Sources, status: int = 200
) -> HttpResponse:
    failed = sources.latest if sources.phase == "refused" else None
    context = {
        "batch": batch,
        "form": form,
        "failed": failed,
        "problem": import_problem(failed.error) if failed and failed.error else "",
        "place": describe_place(failed.error["row"], failed.error["column"] or "")
        if failed and failed.error and (failed.error["row"] or failed.error["column"])
        else "",
        "stages": stepper("file", batch),
    }
    return render(request, "batches/file.html", context, status=status)


def _choose(request: HttpRequest, batch: Batch, sources: Sources) -> HttpResponse:
    assert sources.read is not None
    assert sources.latest is not None
    step = first_step(batch)
    facts = sources.read.facts
    missing = facts["missing"]
    initial = {
        "pick": next((column for column, n in _in_order(missing, facts) if n), "all"),
        "answers_per_task": step.answers_per_task,
    }
    form = ChoiceForm(request.POST or None, facts=facts, initial=initial)
    if request.method == "POST" and form.is_valid() and _read(request, batch, sources.read, form):
        return redirect("batch_source", batch.pk)
    latest = sources.latest
    context = {
        "batch": batch,
        "form": form,
        "facts": facts,
        "source": sources.read,
        "nothing_matched": not latest.inspect_only and latest.state == JobState.DONE,
        "problem": import_problem(latest.error) if latest.error else "",
        "gaps": [
            {"column": column, "label": without(column, facts), "n": n}
            for column, n in _in_order(missing, facts)
            if n
        ],
        "statuses": [
            {"value": value, "label": STATUSES.get(value, value), "n": n}
            for value, n in facts.get("statuses", {}).items()
        ],
        "all_sampled": len(facts["sample"]) >= facts["products"],
        "stages": stepper("choice", batch),
        **_recognised(request, sources.read),
    }
    return render(request, "batches/choose.html", context, status=422 if form.errors else 200)


def _in_order(missing: dict[str, int], facts: dict[str, Any]) -> list[tuple[str, int]]:
    """Blank columns as they are offered: a shop's export by what matters most, a table by its columns."""
    names = facts["missing"] if facts.get("labels") else [name for name in COLUMNS if name in missing]
    return [(name, missing[name]) for name in names]


def _read(request: HttpRequest, batch: Batch, source: Import, form: ChoiceForm) -> bool:
    """Fixes the answers per task, then lets the chosen products be read."""
    by, at = person(request), now()
    changes = {"answers_per_task": form.cleaned_data["answers_per_task"]}
    try:
        with transaction.atomic():
            batches.change_batch(batch_id=batch.pk, changes=changes, by=by, now=at)
            imports.read_again(import_id=source.pk, row_filter=form.row_filter(), by=by, now=at)
    except Invalid as refused:
        for problem in refused.fields:
            form.add_error("handles", str(problem.message))
        return False
    return True


def _landed(request: HttpRequest, batch: Batch, sources: Sources) -> dict[str, Any]:
    assert sources.read is not None
    step = first_step(batch)
    return {
        "batch": batch,
        "step": step,
        "source": sources.read,
        "tasks": sources.tasks,
        "answers": sources.tasks * step.answers_per_task,
        "choice": choice_in_words(sources.read.row_filter, sources.read.facts),
        "can_choose_again": batch.imports.filter(inspect_only=True, state=JobState.DONE).exists(),
        "stages": stepper("choice", batch, tasks=sources.tasks),
        **_recognised(request, sources.read),
    }


def _recognised(request: HttpRequest, source: Import) -> dict[str, Any]:
    """What the file is, and the rows that were refused, a page of them."""
    refused = ImportRefusal.objects.filter(source=source)
    found = paging.page(refused, key=["row", "id"], after=request.GET.get("after"), limit=REFUSALS_SHOWN)
    return {
        "dialect": kind_of_file(source),
        "encoding": ENCODINGS.get(source.facts.get("encoding", ""), "UTF-8"),
        "refusals": [
            {
                "row": row.row,
                "column": row.column,
                "message": import_problem({"code": row.code, "params": row.params}),
            }
            for row in found.items
        ],
        "next": found.next,
        "first": not request.GET.get("after"),
    }


@draft_page
@require_POST
def take_file(request: HttpRequest, batch: Batch) -> HttpResponse:
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            inspect(request, batch, form.cleaned_data["file"])
            return redirect("batch_source", batch.pk)
        except Invalid as refused:
            for problem in refused.fields:
                form.add_error("file", str(problem.message))
    return _ask_for_file(request, batch, form, sources_of(batch), status=422)


@draft_page
@require_POST
def remove(request: HttpRequest, batch: Batch) -> HttpResponse:
    """Takes the file out, so that another can be chosen."""
    batches.remove_source(batch_id=batch.pk, by=person(request), now=now())
    messages.success(request, _("The file was removed. The name and the terms are kept."))
    return redirect("batch_source", batch.pk)


@draft_page
@require_POST
def choose_again(request: HttpRequest, batch: Batch) -> HttpResponse:
    """Takes the tasks out, so that other products of the same file can be chosen."""
    batches.remove_tasks(batch_id=batch.pk, by=person(request), now=now())
    return redirect("batch_source", batch.pk)
