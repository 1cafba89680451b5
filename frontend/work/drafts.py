"""Keeping what a worker types: autosave, signs of life, and texts that came too late."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from frontend.answerform.render import answer_from_post, input_name
from frontend.work.page import form_of, shown_fields
from frontend.work.replies import problem_json
from frontend.work.views import own, posted_fence
from kernel.clock import now
from kernel.errors import Invalid, TenchoError
from tasks.answers.schema import Form
from tasks.domain import draft as keeping
from tasks.domain import hold
from tasks.domain.versions import checks_of
from tasks.errors import Missing
from tasks.models import Assignment


class Unreadable(Invalid):
    def __init__(self) -> None:
        super().__init__("malformed", _("The browser sent something that cannot be read."))


@login_required
@require_http_methods(["PUT", "POST"])
def draft(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Takes `{"answer": {field: text or texts}, "fence": n}`; answers with the next fence.

    409 `draft_outdated` carries the other window's draft, its fence, and the number of the kept text.
    """
    user: Any = request.user
    form = form_of(own(request, assignment_id))
    try:
        answer, fence = _typed(request.body, form)
        saved = keeping.save_draft(
            assignment_id=assignment_id, answer=answer, fence=fence, by=user, now=now()
        )
    except TenchoError as refused:
        return problem_json(refused)
    return JsonResponse({"fence": saved.fence, "saved_at": saved.draft_saved_at, **_lease(saved)})


@login_required
@require_POST
def heartbeat(request: HttpRequest, assignment_id: int) -> HttpResponse:
    user: Any = request.user
    try:
        held = hold.heartbeat(assignment_id=assignment_id, by=user, now=now())
    except TenchoError as refused:
        return problem_json(refused)
    return JsonResponse(_lease(held))


def _lease(assignment: Assignment) -> dict[str, Any]:
    return {"state": assignment.state, "lease_expires_at": assignment.lease_expires_at}


def _typed(body: bytes, form: Form) -> tuple[keeping.Answer, int]:
    """The draft as the form's own reader sees it, so that page and script store the same."""
    try:
        sent = json.loads(body)
        typed, fence = sent["answer"], sent["fence"]
        texts = {name: value if isinstance(value, list) else [value] for name, value in typed.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable from error
    plain = all(isinstance(text, str) for found in texts.values() for text in found)
    if not plain or not isinstance(fence, int) or isinstance(fence, bool) or abs(fence) >= 2**31:
        raise Unreadable
    posted = QueryDict(mutable=True)
    for name, found in texts.items():
        posted.setlist(input_name(name), found)
    return answer_from_post(form, posted), fence


@login_required
@require_GET
def alternatives(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Texts that met a newer draft, the latest first, beside the present draft."""
    assignment = own(request, assignment_id)
    form = form_of(assignment)
    checks = checks_of(assignment.step, assignment.template_version_id)
    kept = assignment.alternatives.order_by("-pk")[: keeping.ALTERNATIVES_KEPT]
    context = {
        "assignment": assignment,
        "unit": assignment.task.unit,
        "open": assignment.state in keeping.DRAFT_STATES,
        "present": shown_fields(form, checks, values=assignment.draft, edit=False),
        "alternatives": [
            (alternative, shown_fields(form, checks, values=alternative.answer, edit=False))
            for alternative in kept
        ],
    }
    return render(request, "work/alternatives.html", context)


@login_required
@require_POST
def take_alternative(request: HttpRequest, assignment_id: int, alternative_id: int) -> HttpResponse:
    """Makes a kept text the draft; the draft so far is kept in its place."""
    user: Any = request.user
    assignment = own(request, assignment_id)
    chosen = assignment.alternatives.filter(pk=alternative_id).first()
    if chosen is None:
        raise Missing
    fence = posted_fence(request)
    present = assignment.draft
    try:
        keeping.save_draft(assignment_id=assignment_id, answer=chosen.answer, fence=fence, by=user, now=now())
        if present and present != chosen.answer:
            _keep_beside(assignment_id, present, fence, user)
    except TenchoError as refused:
        messages.warning(request, str(refused.message))
        return redirect("work_alternatives", assignment_id)
    messages.success(request, _("The kept text is your draft now."))
    return redirect("work_task", assignment_id)


def _keep_beside(assignment_id: int, answer: keeping.Answer, fence: int, user: Any) -> None:
    """Brings the replaced draft as a late save, which keeps it as an alternative."""
    try:
        keeping.save_draft(assignment_id=assignment_id, answer=answer, fence=fence - 1, by=user, now=now())
    except keeping.DraftOutdated:
        return
