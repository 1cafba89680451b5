"""Result files: what each kind is for, what would be in it, making one and taking it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from exchange.errors import describe_place
from frontend.batches.access import batch_of, board_page, directs, person
from frontend.batches.board import COUNTED_TO, unseen_count
from frontend.batches.progress import first_step
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict, Invalid, TenchoError
from tasks.domain import counts, releases, uploaded
from tasks.domain.queries import visible_releases
from tasks.domain.release_answers import used
from tasks.domain.release_sources import uploaded_at
from tasks.errors import Missing
from tasks.files import result_response
from tasks.models import Assignment, Batch, Release
from tasks.states import UNDECIDED, JobState, TaskState
from tasks.texts import release_problem, warning

PAGE = 20
# Cells with unknown characters shown at once.
PLACES = 50
# The page is drawn anew with every decision, so no count of it may grow with the batch.
USED_COUNTED_TO = 10_000


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
TITLES: dict[str, Promise] = {
    **{kind.format: kind.title for kind in KINDS},
    "restore": gettext_lazy("Restore file"),
}
ICONS = {**{kind.format: kind.icon for kind in KINDS}, "restore": "arrow-back-up"}
# The kinds that a fresh export of the shop can be given along with.
FROM_FRESH = ("update", "source")


@board_page
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, batch: Batch) -> HttpResponse:
    """POST asks for a file of the named kind; a job writes it."""
    if request.method == "POST":
        return _ask(request, batch)
    context = {
        **_files(request, batch),
        "kinds": KINDS,
        "from_fresh": FROM_FRESH,
        "directs": directs(request, batch),
        "uploaded": uploaded.in_order(batch.pk),
    }
    return render(request, "batches/results.html", context)


def _ask(request: HttpRequest, batch: Batch) -> HttpResponse:
    fresh = request.FILES.get("fresh")
    try:
        releases.request_release(
            batch_id=batch.pk,
            format=request.POST.get("format", ""),
            since_uploaded=request.POST.get("since_uploaded") == "1",
            fresh=fresh,
            fresh_name=(fresh.name or "") if fresh else "",
            overwrite=fresh is not None and request.POST.get("overwrite") == "1",
            by=person(request),
            now=now(),
        )
    except Conflict as refused:
        messages.warning(request, refusal_in_words(refused))
    except Invalid as refused:
        # Only the file is typed by a person; a wrong kind comes from no page.
        if not any(problem.field == "fresh" for problem in refused.fields):
            raise
        messages.warning(request, refusal_in_words(refused))
    else:
        # On a phone the list stands below the fold.
        return redirect(reverse("batch_results", args=[batch.pk]) + "#files")
    return redirect("batch_results", batch.pk)


def refusal_in_words(refused: TenchoError) -> str:
    """The messages of the fields where there are some."""
    fields = [str(problem.message) for problem in getattr(refused, "fields", [])]
    return " ".join(fields) or str(refused.message)


@login_required
@require_GET
def files(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = batch_of(request, batch_id)
    topics = [f"batch.{batch_id}"]
    return region_response(request, topics, "batches/_files.html", lambda: _files(request, batch))


def _files(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    rows = visible_releases(person(request), now()).filter(batch=batch)
    rows = rows.select_related("uploaded_by", "restores")
    found = paging.page(rows, key=["-id"], after=request.GET.get("after"), limit=PAGE)
    waiting = Assignment.objects.filter(batch=batch, state__in=UNDECIDED)
    step = first_step(batch)
    return {
        "batch": batch,
        "step": step,
        "used": len(used(batch.pk).values_list("pk")[:USED_COUNTED_TO]),
        "tasks": counts.of_batch(batch.pk)[TaskState.DONE],
        "unseen": unseen_count(batch),
        "undecided": len(waiting.values_list("pk")[:COUNTED_TO]),
        "source_at": uploaded_at(batch),
        "lines": [line_of(release) for release in found.items],
        "next": found.next,
        "first": not request.GET.get("after"),
        "topics": [f"batch.{batch.pk}"],
    }


def line_of(release: Release) -> dict[str, Any]:
    """A result file in words, for the list and for its own page. Needs `uploaded_by` and `restores`."""
    done = release.state == JobState.DONE
    return {
        "release": release,
        "title": TITLES[release.format],
        "icon": ICONS[release.format],
        "going_on": release.state in (JobState.QUEUED, JobState.RUNNING),
        "done": done,
        "nothing": done and not release.answers,
        "problem": release_problem(release.error) if release.error else "",
        "place": _place(release),
        **_places(release),
        "warnings": [warning(stored) for stored in release.warnings],
        "new": release.facts.get("new"),
    }


def _places(release: Release) -> dict[str, Any]:
    """The cells whose characters the file cannot hold, and how many there are beyond those."""
    params = release.error["params"] if release.error else {}
    shown = params.get("places", [])[:PLACES]
    return {"places": shown, "places_more": params.get("total", 0) - len(shown)}


def _place(release: Release) -> str:
    error = release.error or {}
    row, column = error.get("row"), error.get("column") or ""
    return describe_place(row, column) if row else ""


@login_required
@require_GET
def download(request: HttpRequest, release_id: int) -> HttpResponseBase:
    release = visible_releases(person(request), now()).filter(pk=release_id).first()
    if release is None or release.state != JobState.DONE:
        raise Missing
    return result_response(request, release)
