"""One result file: what is in it, from which answers, what the shop changed since, and taking it back."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from frontend.batches.access import directs, person
from frontend.batches.results import line_of, refusal_in_words
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from kernel.errors import TenchoError
from tasks.domain import release_fresh, releases, uploaded
from tasks.domain.queries import visible_later_checks, visible_releases
from tasks.errors import Missing
from tasks.models import Drift, LaterCheck, Release, ReleaseCell, Unit
from tasks.states import JobState

CELLS, DRIFTS = 50, 50
KEY_MAX = 255
SHOWS = ("", "answered", release_fresh.CHANGED, release_fresh.ADDED, release_fresh.REMOVED)


def release_of(request: HttpRequest, release_id: int) -> Release:
    """A result file of a store at whose desk the reader sits. Raises `Missing`."""
    rows = visible_releases(person(request), now()).select_related("uploaded_by", "restores")
    release = rows.filter(pk=release_id).first()
    if release is None:
        raise Missing
    return release


@login_required
@require_GET
def page(request: HttpRequest, release_id: int) -> HttpResponse:
    release = release_of(request, release_id)
    context = {**_head(request, release), **_cells(request, release)}
    return render(request, "batches/release.html", context)


@login_required
@require_GET
def state(request: HttpRequest, release_id: int) -> HttpResponse:
    """How the writing comes along. `waited`: the page around it was drawn before there was anything in it."""
    release = release_of(request, release_id)
    topics = [f"batch.{release.batch_id}"]
    return region_response(
        request,
        topics,
        "batches/_release.html",
        lambda: {**_head(request, release), "waited": "waited" in request.GET},
    )


def _head(request: HttpRequest, release: Release) -> dict[str, Any]:
    line = line_of(release)
    for_shop = release.format in uploaded.FOR_THE_SHOP and line["done"] and not line["nothing"]
    return {
        "batch": release.batch,
        "release": release,
        "line": line,
        "directs": directs(request, release.batch),
        "for_shop": for_shop,
        "can_restore": for_shop and release.format != Release.Format.RESTORE,
        "restored_by": release.restored_by.filter(state=JobState.DONE).order_by("-pk")[:5],
        "later": _later(request, release),
        "drift": release.facts.get("drift"),
        "topics": [f"batch.{release.batch_id}"],
    }


def _later(request: HttpRequest, release: Release) -> LaterCheck | None:
    """The check whose findings alone it restores, if the reader may see it."""
    if release.later_check_id is None:
        return None
    return visible_later_checks(person(request), now()).filter(pk=release.later_check_id).first()


def _cells(request: HttpRequest, release: Release) -> dict[str, Any]:
    """A page of the cells, by product; those of a file that is not written are nobody's."""
    key = request.GET.get("unit", "").replace("\0", "")[:KEY_MAX].strip()
    columns = release.facts.get("columns", [])
    column = request.GET.get("column", "")
    column = column if column in {one["logical"] for one in columns} else ""
    rows = ReleaseCell.objects.filter(release=release, release__state=JobState.DONE)
    rows = rows.filter(key=key) if key else rows
    rows = rows.filter(logical=column) if column else rows
    found = paging.page(rows, key=["id"], after=request.GET.get("after"), limit=CELLS)
    keys = {cell.key for cell in found.items}
    titles = dict(Unit.objects.filter(batch=release.batch_id, key__in=keys).values_list("key", "title"))
    return {
        "units": [
            {"key": one, "title": titles.get(one, ""), "cells": list(cells)}
            for one, cells in groupby(found.items, lambda cell: cell.key)
        ],
        "columns": columns,
        "column": column,
        "unit": key,
        "filtered": bool(key or column),
        "next": found.next,
        "first": not request.GET.get("after"),
    }


@login_required
@require_GET
def drift(request: HttpRequest, release_id: int) -> HttpResponse:
    """What the shop changed since the batch's file: numbers first, then a page of it."""
    release = release_of(request, release_id)
    facts = release.facts.get("drift")
    show = request.GET.get("show", "")
    show = show if show in SHOWS else ""
    rows = Drift.objects.filter(release=release, release__state=JobState.DONE)
    if show == "answered":
        found = paging.page(
            rows.filter(answered=True), key=["key", "id"], after=request.GET.get("after"), limit=DRIFTS
        )
    else:
        rows = rows.filter(kind=show) if show else rows
        found = paging.page(rows, key=["id"], after=request.GET.get("after"), limit=DRIFTS)
    context = {
        "batch": release.batch,
        "release": release,
        "drift": facts,
        "tabs": _tabs(facts) if facts else [],
        "show": show,
        "rows": found.items,
        "next": found.next,
        "first": not request.GET.get("after"),
    }
    return render(request, "batches/drift.html", context)


def _tabs(facts: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = (release_fresh.CHANGED, release_fresh.ADDED, release_fresh.REMOVED)
    return [
        {"value": "", "label": _("All"), "n": sum(facts[kind] for kind in kinds)},
        {"value": "answered", "label": _("Where answers are"), "n": facts["answered"] + facts["gone"]},
        {"value": kinds[0], "label": _("Changed cells"), "n": facts[kinds[0]]},
        {"value": kinds[1], "label": _("New rows"), "n": facts[kinds[1]]},
        {"value": kinds[2], "label": _("Rows that are gone"), "n": facts[kinds[2]]},
    ]


@login_required
@require_POST
def tick(request: HttpRequest, release_id: int) -> HttpResponse:
    release = release_of(request, release_id)
    uploaded.mark_uploaded(release_id=release.pk, by=person(request), now=now())
    messages.success(request, _("Noted: this file is in the shop."))
    return redirect("result", release.pk)


@login_required
@require_POST
def untick(request: HttpRequest, release_id: int) -> HttpResponse:
    release = release_of(request, release_id)
    uploaded.mark_not_uploaded(release_id=release.pk, by=person(request), now=now())
    messages.success(request, _("Noted: this file is not in the shop."))
    return redirect("result", release.pk)


@login_required
@require_POST
def restore(request: HttpRequest, release_id: int) -> HttpResponse:
    """Asks for the file that puts back what this one overwrote."""
    release = release_of(request, release_id)
    fresh = request.FILES.get("fresh")
    try:
        made = releases.request_release(
            batch_id=release.batch_id,
            format=Release.Format.RESTORE,
            restores=release.pk,
            fresh=fresh,
            fresh_name=(fresh.name or "") if fresh else "",
            overwrite=request.POST.get("overwrite") == "1",
            by=person(request),
            now=now(),
        )
    except TenchoError as refused:
        if refused.code == "role_missing":
            raise
        messages.warning(request, refusal_in_words(refused))
        return redirect("result", release.pk)
    return redirect("result", made.pk)
