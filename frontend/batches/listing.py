"""The list of batches."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.domain.queries import DESK, roles_of, stores_of
from frontend.batches.access import person
from frontend.batches.progress import with_progress
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from tasks.domain.queries import visible_batches
from tasks.models import Batch
from tasks.rules import DIRECT_ROLES
from tasks.states import BatchState

PAGE = 20
# The tabs: which states each shows.
SHOWS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (_("All"), ()),
    "running": (_("Running"), (BatchState.OPEN, BatchState.PAUSED)),
    "draft": (BatchState.DRAFT.label, (BatchState.DRAFT,)),
    "ended": (_("Ended"), (BatchState.CLOSED, BatchState.COMPLETED, BatchState.CANCELLED)),
}


def listed_batches(request: HttpRequest) -> QuerySet[Batch]:
    """What the reader sees in lists: a draft is its directors' alone."""
    roles = roles_of(person(request), now())
    own = [store for store, held in roles.items() if held & set(DIRECT_ROLES)]
    return visible_batches(person(request), now()).filter(~Q(state=BatchState.DRAFT) | Q(store__in=own))


@login_required
@require_GET
def batches(request: HttpRequest) -> HttpResponse:
    return render(request, "batches/list.html", _context(request))


@login_required
@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    return region_response(request, _topics(request), "batches/_list.html", lambda: _context(request))


def _topics(request: HttpRequest) -> list[str]:
    desks = stores_of(person(request), now(), *DESK)
    return [f"store.{pk}" for pk in sorted(desks.values_list("pk", flat=True))]


def _context(request: HttpRequest) -> dict[str, Any]:
    show = request.GET.get("show", "")
    show = show if show in SHOWS else ""
    states = SHOWS[show][1]
    found = listed_batches(request)
    if states:
        found = found.filter(state__in=states)
    page = paging.page(found, key=["-id"], after=request.GET.get("after"), limit=PAGE)
    topics = _topics(request)
    return {
        "lines": with_progress(page.items),
        "next": page.next,
        "show": show,
        "tabs": [{"value": value, "label": label} for value, (label, _states) in SHOWS.items()],
        "topics": topics,
        "many_stores": len(topics) > 1,
        "first": not request.GET.get("after"),
    }
