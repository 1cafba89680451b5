"""Saving what a director changes in the planner. All that was typed comes back where it is refused."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.domain.queries import directed_store
from frontend.batches.access import person
from frontend.planner.lines import FIELDS, OWN_FIELDS
from frontend.planner.views import Refused, shown
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain.operations import add_operation, change_operations, set_terms

View = Callable[[HttpRequest, int], HttpResponse]


def form_of_page(view: View) -> Any:
    """Where a form of the planner is sent. Whoever comes back to its address is led to the page."""

    @login_required
    @require_http_methods(["GET", "POST"])
    @wraps(view)
    def guarded(request: HttpRequest, store_id: int) -> HttpResponse:
        directed_store(store_id, person(request), now())
        if request.method == "GET":
            return redirect("operations", store_id)
        return view(request, store_id)

    return guarded


def back(store_id: int, show: str = "", at: str = "") -> HttpResponse:
    query, place = f"?show={show}" if show else "", f"#op-{at}" if at else ""
    return redirect(f"{reverse('operations', args=[store_id])}{query}{place}")


@form_of_page
def save(request: HttpRequest, store_id: int) -> HttpResponse:
    """Saves the rows that were changed on this page, all or none; `hide` and `show_again` name one more."""
    show = request.POST.get("show", "")
    changes = typed_changes(request.POST)
    for name, hidden in (("hide", True), ("show_again", False)):
        slug = request.POST.get(name)
        if slug:
            changes.setdefault(slug, {})["hidden"] = hidden
    try:
        changed = change_operations(store_id=store_id, changes=changes, by=person(request), now=now())
    except Invalid as wrong:
        return shown(request, store_id, Refused("rows", wrong, request.POST.dict(), show))
    messages.success(request, _said(request, len(changed)))
    # Back to the row somebody worked at, not to the top of the page.
    return back(store_id, show if show.replace("-", "").isalpha() else "", _place(request, changes))


def _said(request: HttpRequest, n: int) -> str:
    if request.POST.get("hide"):
        return _("Hidden. It waits under “Hidden” and counts in no sum.")
    if not n:
        return _("Nothing was changed.")
    return ngettext("%(n)d operation saved.", "%(n)d operations saved.", n) % {"n": n}


def _place(request: HttpRequest, changes: Mapping[str, object]) -> str:
    moved = {request.POST.get("hide"), request.POST.get("show_again")}
    left = [slug for slug in changes if slug not in moved]
    return left[0] if left else ""


def typed_changes(posted: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Slug → the fields whose text is another than the page was given.

    A field that nobody touched is left alone: somebody else may have changed it meanwhile.
    """
    found: dict[str, dict[str, object]] = {}
    for name, raw in posted.items():
        if not name.startswith("was."):
            continue
        slug = name.removeprefix("was.")
        for one, was in zip((*FIELDS, *OWN_FIELDS), _was(raw), strict=False):
            text = posted.get(f"{one}.{slug}", was)
            if text.strip() != was:
                found.setdefault(slug, {})[one] = text
    return found


def _was(raw: str) -> list[str]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    return [one if isinstance(one, str) else "" for one in found] if isinstance(found, list) else []


@form_of_page
def add(request: HttpRequest, store_id: int) -> HttpResponse:
    """Adds an operation of the store's own."""
    asked = ("name", "group", "core", "pii", "volume", "minutes", "price")
    raw = {name: request.POST.get(name, "") for name in asked}
    try:
        made = add_operation(store_id=store_id, raw=raw, by=person(request), now=now())
    except Invalid as wrong:
        return shown(request, store_id, Refused("add", wrong, request.POST.dict()))
    except Conflict as full:
        messages.warning(request, str(full.message))
        return back(store_id)
    messages.success(request, _("“%(name)s” was added.") % {"name": made.name})
    return back(store_id, at=made.slug)


@form_of_page
def terms(request: HttpRequest, store_id: int) -> HttpResponse:
    """With what the plan reckons: the wage of an hour, and the share of checking."""
    try:
        set_terms(
            store_id=store_id,
            hourly_wage=request.POST.get("hourly_wage", ""),
            review_percent=request.POST.get("review_percent", ""),
            by=person(request),
            now=now(),
        )
    except Invalid as wrong:
        return shown(request, store_id, Refused("terms", wrong, request.POST.dict()))
    messages.success(request, _("Saved. Every sum below is reckoned with it."))
    return back(store_id)
