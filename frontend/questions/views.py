"""Questions of a batch, for its desk and for whoever works on it: the same page, with other names on it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from frontend.batches.access import person
from frontend.questions.shown import line_of, lines_of, panel
from frontend.regions import region_response
from frontend.work.replies import problem_json
from kernel.clock import now
from kernel.errors import Conflict, Invalid, TenchoError
from tasks.domain import questions


@login_required
@require_http_methods(["GET", "POST"])
def of_batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = questions.batch_for(person(request), batch_id, now())
    if request.method == "GET":
        return _page(request, batch_id)
    quiet = request.headers.get("X-Requested-With") == "fetch"
    task = request.POST.get("task", "")
    try:
        questions.ask(
            batch_id=batch.pk,
            text=request.POST.get("text", ""),
            by=person(request),
            now=now(),
            task_id=int(task) if task.isdecimal() and len(task) < 19 else None,
        )
    except (Invalid, Conflict) as refused:
        if quiet:
            return problem_json(refused)
        return _page(request, batch_id, refused=refused, typed=request.POST.get("text", ""))
    if quiet:
        return JsonResponse({"said": _("Your question is asked. You hear of the answer.")})
    messages.success(request, _("Your question is asked. You hear of the answer."))
    return redirect(_back(request, batch_id))


def _back(request: HttpRequest, batch_id: int) -> Any:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if safe else request.path


def _page(
    request: HttpRequest, batch_id: int, *, refused: TenchoError | None = None, typed: str = ""
) -> HttpResponse:
    batch = questions.batch_for(person(request), batch_id, now())
    context = {
        **panel(request, batch, after=request.GET.get("after")),
        "typed": typed,
        "error": _said(refused),
    }
    return render(request, "questions/page.html", context, status=_status(refused))


def _said(refused: TenchoError | None) -> str:
    if isinstance(refused, Invalid) and refused.fields:
        return str(refused.fields[0].message)
    return str(refused.message) if refused else ""


def _status(refused: TenchoError | None) -> int:
    if refused is None:
        return 200
    return 422 if isinstance(refused, Invalid) else 409


@login_required
@require_GET
def listing(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = questions.batch_for(person(request), batch_id, now())
    heard = [f"questions.{batch_id}"]
    after = request.GET.get("after")
    return region_response(request, heard, "questions/_list.html", lambda: panel(request, batch, after=after))


@login_required
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, question_id: int) -> HttpResponse:
    found = questions.question_for(person(request), question_id, now())
    refused: TenchoError | None = None
    if request.method == "POST":
        try:
            questions.reply(
                question_id=found.pk, text=request.POST.get("text", ""), by=person(request), now=now()
            )
        except (Invalid, Conflict) as problem:
            refused = problem
        else:
            messages.success(request, _("Your reply is there for everybody."))
            return redirect("question", found.pk)
    context = {
        **lines_of(request, found.batch, [found]),
        "typed": request.POST.get("text", ""),
        "error": _said(refused),
    }
    context["line"] = context["lines"][0]
    return render(request, "questions/one.html", context, status=_status(refused))


@login_required
@require_GET
def replies(request: HttpRequest, question_id: int) -> HttpResponse:
    found = questions.question_for(person(request), question_id, now())
    heard = [f"questions.{found.batch_id}"]
    return region_response(request, heard, "questions/_one.html", lambda: line_of(request, found))


@login_required
@require_POST
def hide(request: HttpRequest, question_id: int) -> HttpResponse:
    """Takes the question, or the named reply to it, from view."""
    reply = request.POST.get("reply", "")
    reply_id = int(reply) if reply.isdecimal() and len(reply) < 19 else None
    hidden = questions.hide(question_id=question_id, by=person(request), now=now(), reply_id=reply_id)
    messages.success(request, _("It is no longer shown."))
    return redirect("question", hidden.pk) if reply_id else redirect("batch_questions", hidden.batch_id)
