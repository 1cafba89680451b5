"""Result files: what each kind is for, what would be in it, making one and taking it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from frontend.batches.access import batch_of, board_page, directs, person
from frontend.batches.board import COUNTED_TO, unseen_count
from frontend.batches.progress import first_step
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict
from tasks.domain import counts, releases
from tasks.domain.queries import visible_releases
from tasks.errors import Missing
from tasks.files import ranged_response
from tasks.models import Assignment, Batch, Release
from tasks.states import UNDECIDED, JobState, TaskState
from tasks.texts import release_problem, warning

PAGE = 20
# The page is drawn anew with every decision, so no count of it may grow with the batch.
USED_COUNTED_TO = 10_000
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


@dataclass(frozen=True)
class Kind:
    format: str
    icon: str
    title: Promise
    text: Promise


KINDS = (
    Kind(
        "update",
        "file-diff",
        gettext_lazy("Update file"),
        gettext_lazy(
            "Only the products and columns that changed. Stock and prices are never in it, "
            "so what moved in the shop meanwhile stays as it is."
        ),
    ),
    Kind(
        "source",
        "file-spreadsheet",
        gettext_lazy("Whole file"),
        gettext_lazy(
            "The file you uploaded with the answers put in; every other cell is byte for byte the same. "
            "Importing it also brings back the stock and prices of then."
        ),
    ),
    Kind(
        "csv",
        "table",
        gettext_lazy("CSV for people"),
        gettext_lazy(
            "A table of the answers to look through in a spreadsheet. Not for importing into the shop."
        ),
    ),
    Kind(
        "jsonl",
        "braces",
        gettext_lazy("JSON Lines"),
        gettext_lazy("One answer per line for programs, with its worker and time."),
    ),
)
TITLES = {kind.format: kind.title for kind in KINDS}
ICONS = {kind.format: kind.icon for kind in KINDS}


@board_page
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, batch: Batch) -> HttpResponse:
    """POST asks for a file of the named kind; a job writes it."""
    if request.method == "POST":
        try:
            releases.request_release(
                batch_id=batch.pk, format=request.POST.get("format", ""), by=person(request), now=now()
            )
        except Conflict as refused:
            messages.warning(request, str(refused.message))
        return redirect("batch_results", batch.pk)
    context = {**_files(request, batch), "kinds": KINDS, "directs": directs(request, batch)}
    return render(request, "batches/results.html", context)


@login_required
@require_GET
def files(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = batch_of(request, batch_id)
    topics = [f"batch.{batch_id}"]
    return region_response(request, topics, "batches/_files.html", lambda: _files(request, batch))


def _files(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    rows = visible_releases(person(request), now()).filter(batch=batch)
    found = paging.page(rows, key=["-id"], after=request.GET.get("after"), limit=PAGE)
    waiting = Assignment.objects.filter(batch=batch, state__in=UNDECIDED)
    step = first_step(batch)
    return {
        "batch": batch,
        "step": step,
        "used": len(releases.used(batch.pk).values_list("pk")[:USED_COUNTED_TO]),
        "tasks": counts.of_batch(batch.pk)[TaskState.DONE],
        "unseen": unseen_count(batch),
        "undecided": len(waiting.values_list("pk")[:COUNTED_TO]),
        "source_at": _uploaded_at(batch),
        "lines": [_line(release) for release in found.items],
        "next": found.next,
        "first": not request.GET.get("after"),
        "topics": [f"batch.{batch.pk}"],
    }


def _uploaded_at(batch: Batch) -> datetime | None:
    """When the file was uploaded that the tasks were made from."""
    landed = batch.imports.filter(state=JobState.DONE, inspect_only=False, units_made__gt=0)
    uploaded = batch.imports.filter(sha256__in=landed.values("sha256")).order_by("pk")
    return uploaded.values_list("created_at", flat=True).first()


def _line(release: Release) -> dict[str, Any]:
    return {
        "release": release,
        "title": TITLES[release.format],
        "icon": ICONS[release.format],
        "going_on": release.state in (JobState.QUEUED, JobState.RUNNING),
        "done": release.state == JobState.DONE,
        "nothing": release.state == JobState.DONE and not release.answers,
        "problem": release_problem(release.error) if release.error else "",
        "warnings": [warning(stored) for stored in release.warnings],
    }


@login_required
@require_GET
def download(request: HttpRequest, release_id: int) -> HttpResponseBase:
    release = visible_releases(person(request), now()).filter(pk=release_id).first()
    if release is None or release.state != JobState.DONE:
        raise Missing
    kind = TYPES.get(release.format, "text/csv; charset=utf-8")
    return ranged_response(request, release.file, release.name, kind)
