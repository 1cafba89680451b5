"""What the editor asks while somebody works: previews, a check tried on samples, pictures taken in."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from frontend.answerform.render import render_form
from frontend.library.access import Unreadable, own_template, reader, sent
from frontend.library.samples import sample_values
from frontend.work.inputs import describe_inputs
from frontend.work.replies import problem_json
from kernel.clock import now
from kernel.errors import FieldProblem, Invalid, TenchoError
from tasks.answers.checks import parse_checks
from tasks.answers.manual import render_manual
from tasks.answers.schema import parse_form
from tasks.domain.queries import visible_tasks
from tasks.domain.template_content import as_version, problems_of, storable
from tasks.domain.template_pictures import keep_picture
from tasks.domain.template_tryout import try_check
from tasks.domain.template_words import local_text
from tasks.models import Template, Unit

LANGUAGES = ("ja", "en")


@login_required
@require_POST
def preview(request: HttpRequest, template_id: int) -> HttpResponse:
    """The worker's page of `{"content", "language", "task" or "sample"}`, as HTML."""
    template = own_template(request, template_id)
    try:
        body = sent(request, content=dict, language=str)
        content = _with_labels(storable(body["content"]))
        unit = _unit(request, body)
    except TenchoError as refused:
        return problem_json(refused)
    with override(body["language"] if body["language"] in LANGUAGES else "ja"):
        return render(request, "library/_preview.html", _as_worker(template, content, unit))


def _unit(request: HttpRequest, body: dict[str, Any]) -> Unit:
    number = body.get("task")
    if type(number) is int and 0 < number < 2**63:
        found = visible_tasks(reader(request), now()).filter(pk=number).first()
        if found is not None:
            return found.unit
    title, values = sample_values(body.get("sample"))
    return Unit(key="sample", title=title or _("A product"), values=values)


def _with_labels(content: dict[str, Any]) -> dict[str, Any]:
    """The same with something to read where a label is still to be written: a card is seen from the start."""
    blank = {language: _("(without a name)") for language in LANGUAGES}
    for entry in content["inputs"]:
        if isinstance(entry, dict) and not local_text(entry.get("label")):
            entry["label"] = blank
    fields = [content["form"]]
    for prop in fields:
        held = prop.get("properties") if isinstance(prop, dict) else None
        for inner in held.values() if isinstance(held, dict) else ():
            if isinstance(inner, dict):
                inner["x-label"] = inner.get("x-label") if local_text(inner.get("x-label")) else blank
                fields.append(inner.get("items"))
    return content


def _as_worker(template: Template, content: dict[str, Any], unit: Unit) -> dict[str, Any]:
    """What the task page shows; where a part cannot be drawn yet, why."""
    problems = problems_of(content)
    places = {problem.field.split(".")[0] for problem in problems}
    version = as_version(template, content)
    shown: dict[str, Any] = {"unit": unit, "manual": render_manual(version.manual)}
    if "inputs" not in places:
        shown["inputs"] = describe_inputs(version, unit)
    if "form" not in places:
        form = parse_form(content["form"])
        checks = parse_checks(content["checks"], form) if "checks" not in places else []
        shown["answer_form"] = render_form(form, checks, values={}, errors=[], mode="edit")
    shown["problems"] = [one for one in problems if one.field.split(".")[0] in ("inputs", "form")]
    return shown


@login_required
@require_POST
def manual(request: HttpRequest, template_id: int) -> HttpResponse:
    """`{"markdown"}` as the reader will see it."""
    own_template(request, template_id)
    try:
        body = sent(request, markdown=str)
    except TenchoError as refused:
        return problem_json(refused)
    return render(request, "work/_manual.html", {"manual": render_manual(body["markdown"])})


@login_required
@require_POST
def try_out(request: HttpRequest, template_id: int) -> HttpResponse:
    """`{"form", "check", "samples"}`: each line with what the check finds, as HTML."""
    own_template(request, template_id)
    try:
        body = sent(request, samples=str)
        if len(body["samples"]) > 500_000:
            raise Unreadable
        found = try_check(form=body.get("form"), check=body.get("check"), samples=body["samples"])
    except Invalid as refused:
        return render(
            request, "library/_tried.html", {"problems": refused.fields, "refused": refused}, status=422
        )
    return render(request, "library/_tried.html", {"tried": found})


@login_required
@require_POST
def picture(request: HttpRequest, template_id: int) -> HttpResponse:
    """Keeps the picture `file` for the manual; 201 with its address and the Markdown that shows it."""
    own_template(request, template_id)
    file = request.FILES.get("file")
    try:
        if file is None:
            text = _("Choose a picture.")
            raise Invalid("file_missing", text, fields=[FieldProblem("file", "file_missing", text)])
        name = file.name or ""
        kept = keep_picture(template_id=template_id, file=file, name=name, by=reader(request), now=now())
    except TenchoError as refused:
        return problem_json(refused)
    url = reverse("upload", args=[kept.pk])
    alt = name.rsplit(".", 1)[0].translate(str.maketrans("", "", "[]()!\\\n"))[:80]
    return JsonResponse({"id": kept.pk, "url": url, "markdown": f"![{alt}]({url})"}, status=201)
