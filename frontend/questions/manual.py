"""Putting an answer into the manual: the proposed text, changed at will, becomes a new version."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.domain.queries import has_role
from frontend.batches.access import person
from frontend.batches.wording import version_name
from frontend.questions.shown import line_of
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import manuals, questions
from tasks.errors import RoleMissing
from tasks.models import Question, Step
from tasks.rules import DIRECT_ROLES


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, question_id: int) -> HttpResponse:
    found = questions.question_for(person(request), question_id, now())
    if not has_role(person(request), found.batch.store_id, now(), *DIRECT_ROLES):
        raise RoleMissing
    if request.method == "GET":
        return _page(request, found)
    typed = {name: request.POST.get(name, "") for name in ("manual_ja", "manual_en")}
    try:
        version = questions.into_manual(question_id=found.pk, by=person(request), now=now(), **typed)
    except (Invalid, Conflict) as refused:
        return _page(request, found, typed=typed, refused=refused)
    text = _("The manual is now version %(n)d. Everybody who works on this batch sees what is new.")
    messages.success(request, text % {"n": version.number})
    return redirect("question", found.pk)


def _newer(step: Step) -> dict[str, Any]:
    newest = manuals.newest(step)
    if newest is None:
        return {}
    own = step.template_version
    return {
        "newest": newest,
        "own": version_name(own, beside=newest),
        "newer": version_name(newest, beside=own),
    }


def _page(
    request: HttpRequest,
    question: Question,
    *,
    typed: dict[str, str] | None = None,
    refused: Invalid | Conflict | None = None,
) -> HttpResponse:
    step = manuals.step_of(question.batch_id)
    proposed = questions.proposed_manual(question, step.template_version)
    fields = refused.fields if isinstance(refused, Invalid) else []
    context = {
        **line_of(request, question),
        "version": step.template_version,
        **_newer(step),
        "typed": typed or {f"manual_{language}": text for language, text in proposed.items()},
        "problem": refused.message if refused else "",
        "errors": {one.field: one.message for one in fields},
    }
    status = 200 if refused is None else 422 if isinstance(refused, Invalid) else 409
    return render(request, "questions/manual.html", context, status=status)
