"""A check found later: stating it beside an answer, watching it being run, and acting on what it found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from frontend.batches import trace
from frontend.batches.access import person
from frontend.batches.later_form import Typed, chosen_definition, problems_of
from frontend.batches.results import ICONS, TITLES, refusal_in_words
from frontend.context import roles_in
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict, Invalid, TenchoError
from tasks.answers.checks import ChecksRefused, describe
from tasks.domain import later_acts, later_checks, later_scope, releases, traces
from tasks.domain.check_words import asked_for
from tasks.domain.queries import visible_findings, visible_later_checks, visible_releases
from tasks.domain.versions import known
from tasks.errors import Missing, RoleMissing
from tasks.models import LaterCheck, Release
from tasks.rules import DIRECT_ROLES
from tasks.states import AnswerPlace, JobState

FOUND = 50
WORKERS = 50
CHIPS = {AnswerPlace.UPLOADED: "bad", AnswerPlace.FILE: "warn", AnswerPlace.TAKEN_BACK: "ok"}
TABS: tuple[tuple[str, Promise | str], ...] = (
    ("", gettext_lazy("All")),
    ("uploaded", AnswerPlace.UPLOADED.label),
    ("file", AnswerPlace.FILE.label),
    ("none", AnswerPlace.NONE.label),
    ("taken_back", AnswerPlace.TAKEN_BACK.label),
)


@login_required
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, submission_id: int) -> HttpResponse:
    """`try` says only what the check finds in this answer; else it goes through all of them."""
    by = person(request)
    submission = traces.answer_at_desk(submission_id, by, now())
    if request.method == "GET":
        # Somebody comes back to the address of a form, after another language was chosen for example.
        return redirect("trace", submission.pk)
    definition = chosen_definition(submission, request.POST)
    try:
        result = later_checks.try_on(submission_id=submission.pk, check=definition, by=by, now=now())
        if "try" in request.POST:
            return trace.shown(request, submission, typed=Typed.of(request.POST), tried=result)
        made = later_checks.start(submission_id=submission.pk, check=definition, by=by, now=now())
    except ChecksRefused as refused:
        typed = replace(Typed.of(request.POST), problems=problems_of(refused))
        return trace.shown(request, submission, typed=typed, status=422)
    except Conflict as refused:
        messages.warning(request, str(refused.message))
        return trace.shown(request, submission, typed=Typed.of(request.POST), status=409)
    if result.passed:
        messages.info(request, _("The answer you came from passes this check."))
    else:
        messages.info(request, _("The answer you came from fails it: %(why)s") % {"why": result.message})
    return redirect("later_check", made.pk)


def later_of(request: HttpRequest, later_check_id: int) -> LaterCheck:
    """One whose answers the reader may all see. Raises `Missing`."""
    found = visible_later_checks(person(request), now()).filter(pk=later_check_id).first()
    if found is None:
        raise Missing
    return found


@login_required
@require_GET
def page(request: HttpRequest, later_check_id: int) -> HttpResponse:
    later = later_of(request, later_check_id)
    context = {**_head(later), **_found(request, later)}
    if later.state == JobState.DONE and later.failing:
        context |= _acts(request, later)
    return render(request, "batches/later.html", context)


@login_required
@require_GET
def state(request: HttpRequest, later_check_id: int) -> HttpResponse:
    """How far it is. `waited`: the page around it was drawn before everything was looked at."""
    later = later_of(request, later_check_id)
    return region_response(
        request,
        [f"later_check.{later.pk}"],
        "batches/_later.html",
        lambda: {**_head(later), "waited": "waited" in request.GET},
    )


def in_words(later: LaterCheck) -> dict[str, Any]:
    """The name of its field, and what it asks for."""
    form = known(later.version_id).form
    check = later_scope.read_check(form, later.definition)
    name, _dot, column = check.field.partition(".")
    labels = [str(one.label) for one in (form.at(name), form.at(check.field) if column else None) if one]
    return {
        "later": later,
        "field": " → ".join(labels),
        "asked": asked_for(later.definition),
        "label": check.label,
    }


def _head(later: LaterCheck) -> dict[str, Any]:
    return {
        **in_words(later),
        "going_on": later.state in later_checks.GOING_ON,
        "topics": [f"later_check.{later.pk}"],
    }


def _found(request: HttpRequest, later: LaterCheck) -> dict[str, Any]:
    place, worker = request.GET.get("place", ""), request.GET.get("worker", "")
    place = place if place in AnswerPlace.values else ""
    workers = _workers(later)
    worker = worker if worker in {str(one["worker"]) for one in workers} else ""
    rows = visible_findings(later)
    rows = rows.filter(place=place) if place else rows
    rows = rows.filter(worker=int(worker)) if worker else rows
    found = paging.page(rows, key=["id"], after=request.GET.get("after"), limit=FOUND)
    return {
        "lines": [
            {"found": one, "what": describe(one.result), "chip": CHIPS.get(AnswerPlace(one.place), "")}
            for one in found.items
        ],
        "tabs": _tabs(later),
        "place": place,
        "workers": workers,
        "worker": worker,
        "filtered": bool(place or worker),
        "next": found.next,
        "first": not request.GET.get("after"),
    }


def _tabs(later: LaterCheck) -> list[dict[str, Any]]:
    elsewhere = later.in_file + later.uploaded + later.taken_back
    counted: Mapping[str, int] = {
        "": later.failing,
        "uploaded": later.uploaded,
        "file": later.in_file,
        "none": later.failing - elsewhere,
        "taken_back": later.taken_back,
    }
    return [{"value": value, "label": label, "n": counted[value]} for value, label in TABS]


def _workers(later: LaterCheck) -> list[dict[str, Any]]:
    """Whose answers were found, the most first, at most 50."""
    rows = later.findings.order_by().values("worker", "worker__name").annotate(n=Count("pk"))
    return list(rows.order_by("-n", "worker")[:WORKERS])


def _acts(request: HttpRequest, later: LaterCheck) -> dict[str, Any]:
    roles = roles_in(request)
    directed = {store for store, held in roles.items() if not held.isdisjoint(DIRECT_ROLES)}
    versions = later_acts.versions_with(later)
    holding = [
        {
            "holding": one,
            "title": TITLES[one.release.format],
            "icon": ICONS[one.release.format],
            "directs": one.release.batch.store_id in directed,
        }
        for one in later_acts.files_of(later)
    ]
    batches = later_acts.repairable(later, versions)
    return {
        "holding": holding,
        "with_check": versions[0] if versions else None,
        "repairable": [batch for batch in batches if batch.store_id in directed],
        "may_change_template": later.stores.filter(pk__in=directed).exists(),
        "counted_to": later_acts.COUNTED_TO,
    }


@login_required
@require_POST
def restore(request: HttpRequest, later_check_id: int) -> HttpResponse:
    """Asks for the file that takes back only what the check found of `release`."""
    later = later_of(request, later_check_id)
    typed = request.POST.get("release", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
    release = visible_releases(person(request), now()).filter(pk=number).first()
    if release is None:
        _require_director(request, later)
        messages.warning(request, _("Choose the file to take back."))
        return redirect("later_check", later.pk)
    fresh = request.FILES.get("fresh")
    try:
        made = releases.request_release(
            batch_id=release.batch_id,
            format=Release.Format.RESTORE,
            restores=release.pk,
            later_check=later.pk,
            fresh=fresh,
            fresh_name=(fresh.name or "") if fresh else "",
            overwrite=fresh is not None and request.POST.get("overwrite") == "1",
            by=person(request),
            now=now(),
        )
    except (Conflict, Invalid) as refused:
        messages.warning(request, refusal_in_words(refused))
        return redirect("later_check", later.pk)
    return redirect("result", made.pk)


def _require_director(request: HttpRequest, later: LaterCheck) -> None:
    directed = [store for store, held in roles_in(request).items() if not held.isdisjoint(DIRECT_ROLES)]
    if not later.stores.filter(pk__in=directed).exists():
        raise RoleMissing


@login_required
@require_POST
def into_template(request: HttpRequest, later_check_id: int) -> HttpResponse:
    later = later_of(request, later_check_id)
    try:
        template = later_acts.put_into_template(later_check_id=later.pk, by=person(request), now=now())
    except TenchoError as refused:
        if refused.code == "role_missing":
            raise
        messages.warning(request, refusal_in_words(refused))
        return redirect("later_check", later.pk)
    messages.success(request, _("The check stands in the draft. Look at it and publish."))
    return redirect("template_edit", template.pk)
