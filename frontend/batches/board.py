"""The board of a published batch, and what a director may do with the batch."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from frontend.batches import activity, cards, pilot_panel
from frontend.batches.access import batch_of, board_page, directs, person
from frontend.batches.forms import who_of
from frontend.batches.progress import first_step, progress_of
from frontend.regions import region_response
from kernel.clock import now
from tasks.domain import batches, questions, reports
from tasks.errors import IllegalMove, RoleMissing
from tasks.models import Assignment, Batch
from tasks.states import REPAIRABLE_BATCH, BatchState, PauseReason, TaskState, Use

COUNTED_TO = 100
# Which verbs are offered in which state, in the order of the menu.
VERBS = {
    BatchState.DRAFT: ("cancel",),
    BatchState.OPEN: ("pause", "close", "cancel"),
    BatchState.PAUSED: ("resume", "close", "cancel"),
}
DO: dict[str, Callable[..., Batch]] = {
    "pause": batches.pause,
    "resume": batches.resume,
    "close": batches.close,
    "cancel": batches.cancel,
}
DONE: dict[str, Promise] = {
    "pause": _("The batch is paused."),
    "resume": _("The batch is open again."),
    "close": _("The batch is closed."),
    "cancel": _("The batch is cancelled."),
}


@board_page
@require_GET
def page(request: HttpRequest, batch: Batch) -> HttpResponse:
    if request.GET.get("show") == "unseen":
        return redirect(reverse("batch_tasks", args=[batch.pk]) + "?show=unseen")
    director = directs(request, batch)
    context = {
        **_board(batch),
        "directs": director,
        "repairable": director and batch.state in REPAIRABLE_BATCH and not _is_set_up(batch),
        "verbs": VERBS.get(BatchState(batch.state), ()) if director and not _is_set_up(batch) else (),
        "topics": [f"batch.{batch.pk}"],
    }
    return render(request, "batches/board.html", context)


@login_required
@require_GET
def region(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = batch_of(request, batch_id)

    def context() -> dict[str, Any]:
        return {**_board(batch), "directs": directs(request, batch)}

    return region_response(request, [f"batch.{batch_id}"], "batches/_board.html", context)


def _board(batch: Batch) -> dict[str, Any]:
    """Costs the same however many tasks there are: counters, index ranges, no counting."""
    step = first_step(batch)
    progress = progress_of(batch, step)
    found = cards.columns(batch.pk)
    return {
        "batch": batch,
        "step": step,
        "progress": progress,
        "who": who_of(step.audience, step.open_to_all),
        "columns": [
            {
                "state": state.value,
                "label": state.label,
                "n": progress.counts[state],
                "cards": found[state],
            }
            for state in cards.COLUMNS
        ],
        "cancelled": progress.counts[TaskState.CANCELLED],
        "unseen": unseen_count(batch),
        "lines": activity.latest(batch.pk),
        "topics": [f"batch.{batch.pk}"],
        **_waiting(batch),
        **pilot_panel.context_of(batch, step, progress),
    }


def _waiting(batch: Batch) -> dict[str, int]:
    """How many reports and questions wait for the store."""
    found = Batch.objects.filter(pk=batch.pk).values(
        reported=_count(reports.open_reports(OuterRef("pk"))),
        asked=_count(questions.unanswered(OuterRef("pk"))),
    )[0]
    return {"reports": found["reported"] or 0, "questions": found["asked"] or 0}


def _count(rows: "QuerySet[Any]") -> Subquery:
    return Subquery(rows.order_by().values("batch_id").annotate(n=Count("pk")).values("n"))


def _is_set_up(batch: Batch) -> bool:
    """A job moves its tasks and lets it go on by itself."""
    return batch.pause_reason in (PauseReason.REPAIR, PauseReason.PILOT)


def unseen_count(batch: Batch) -> int:
    """Answers approved by silence that nobody has accepted, counted up to 100."""
    rows = Assignment.objects.filter(store_id=batch.store_id, batch=batch, state="approved", use=Use.UNSEEN)
    return len(rows.values_list("pk")[:COUNTED_TO])


@login_required
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, batch_id: int, verb: str) -> HttpResponse:
    """GET says what the transition would do, in numbers; POST does it."""
    batch = batch_of(request, batch_id)
    if not directs(request, batch):
        raise RoleMissing
    if request.method == "POST":
        draft = batch.state == BatchState.DRAFT
        DO[verb](batch_id=batch.pk, by=person(request), now=now())
        messages.success(request, str(_("The draft was discarded.") if draft else DONE[verb]))
        return redirect("batches" if draft else "batch", *([] if draft else [batch.pk]))
    if verb not in VERBS.get(BatchState(batch.state), ()):
        raise IllegalMove(batch.state, verb)
    context = {"batch": batch, "verb": verb, "progress": progress_of(batch, first_step(batch))}
    return render(request, "batches/move.html", context)
