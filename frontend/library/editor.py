"""The editor: a page whose script keeps the draft, and the addresses it keeps it at."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from frontend.library.access import own_template, reader, sent
from frontend.library.words import builder_words
from frontend.work.replies import problem_json
from kernel.clock import now
from kernel.errors import Conflict, TenchoError
from tasks.domain.queries import visible_tasks
from tasks.domain.template_draft import (
    NOTE_MAX,
    current,
    discard_template_draft,
    is_waiting,
    newest_version,
    problems_in,
    publish_draft,
    save_template_draft,
)
from tasks.domain.template_words import COLUMNS, DEFAULTS
from tasks.models import Template

UNITS_SHOWN = 20


@login_required
@require_GET
def page(request: HttpRequest, template_id: int) -> HttpResponse:
    template = own_template(request, template_id)
    content, fence, draft = current(template)
    newest = newest_version(template)
    tasks = visible_tasks(reader(request), now()).select_related("batch").order_by("-pk")[:UNITS_SHOWN]
    context: dict[str, Any] = {
        "template": template,
        "newest": newest,
        "waiting": is_waiting(draft),
        "tasks": tasks,
        "words": builder_words(),
        "columns": COLUMNS,
        "defaults": DEFAULTS,
        "note_max": NOTE_MAX,
        "start": {
            "content": content,
            "fence": fence,
            "waiting": is_waiting(draft),
            "newest": newest.number if newest else 0,
            "problems": _problems(template, content),
        },
    }
    response = render(request, "library/editor.html", context)
    # Going back must not show a draft with a fence of yesterday.
    response.headers["Cache-Control"] = "no-store"
    return response


def _problems(template: Template, content: dict[str, Any]) -> list[dict[str, str]]:
    return [{"place": one.field, "message": str(one.message)} for one in problems_in(template, content)[:100]]


@login_required
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, template_id: int) -> HttpResponse:
    """Takes `{"content", "fence"}`, answers with the next fence and what is still wrong. GET: the draft."""
    template = own_template(request, template_id)
    if request.method == "GET":
        content, fence, _draft = current(template)
        return JsonResponse({"content": content, "fence": fence})
    try:
        body = sent(request, content=dict, fence=int)
        saved = save_template_draft(
            template_id=template_id,
            content=body["content"],
            fence=body["fence"],
            by=reader(request),
            now=now(),
        )
    except TenchoError as refused:
        return problem_json(refused)
    problems = _problems(template, body["content"])
    return JsonResponse({"fence": saved.fence, "saved_at": saved.saved_at, "problems": problems})


@login_required
@require_POST
def discard(request: HttpRequest, template_id: int) -> HttpResponse:
    template = own_template(request, template_id)
    try:
        _content, fence, _draft = current(template)
        discard_template_draft(template_id=template_id, fence=fence, by=reader(request), now=now())
    except Conflict as refused:
        messages.warning(request, str(refused.message))
        return redirect("template_edit", template_id)
    messages.success(request, _("The changes are gone. The newest version stands as it was."))
    return redirect("template", template_id)


@login_required
@require_POST
def publish(request: HttpRequest, template_id: int) -> HttpResponse:
    """Takes `{"fence", "note", "newest"}`; answers with the address to go on to."""
    template = own_template(request, template_id)
    try:
        body = sent(request, fence=int, note=str, newest=int)
        version = publish_draft(
            template_id=template.pk,
            fence=body["fence"],
            note=body["note"],
            newest_seen=body["newest"],
            by=reader(request),
            now=now(),
        )
    except TenchoError as refused:
        return problem_json(refused)
    messages.success(
        request,
        _("Version %(number)d is published. New batches begin with it; running ones keep theirs.")
        % {"number": version.number},
    )
    return JsonResponse({"number": version.number, "url": reverse("template", args=[template.pk])})
