"""One template to read: its versions, what each is used by, and what changed between any two."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.domain.queries import stores_of
from frontend.library.access import directs, reader, template_of
from frontend.library.listing import stores_to_make_in
from kernel.clock import now
from tasks.answers.manual import render_manual
from tasks.domain.template_diff import Differences, differences
from tasks.domain.template_draft import is_waiting
from tasks.domain.template_file import write_file
from tasks.errors import Missing
from tasks.models import Step, Template, TemplateDraft, TemplateVersion

VERSIONS_SHOWN = 100
HEAVY = ("manual_ja", "manual_en", "form", "checks", "inputs", "checklist", "defaults")


@login_required
@require_GET
def page(request: HttpRequest, template_id: int) -> HttpResponse:
    template = template_of(request, template_id)
    rows = template.versions.select_related("created_by").defer(*HEAVY).order_by("-number")
    versions = list(rows[:VERSIONS_SHOWN])
    newest = template.versions.order_by("-number").first()
    draft = TemplateDraft.objects.filter(template=template).select_related("saved_by").first()
    context: dict[str, Any] = {
        "template": template,
        "versions": versions,
        "newest": newest,
        "used": _used(request, template),
        "manual": render_manual(newest.manual) if newest else "",
        "draft": draft if is_waiting(draft) else None,
        "may_edit": directs(request, template),
        "stores": stores_to_make_in(request),
        **_compared(request, template, versions),
    }
    return render(request, "library/template.html", context)


def _used(request: HttpRequest, template: Template) -> dict[int, int]:
    """Version id → in how many batches of the reader's stores it is."""
    stores = stores_of(reader(request), now())
    rows = Step.objects.filter(template_version__template=template, batch__store__in=stores)
    counted = rows.values("template_version").annotate(n=Count("batch", distinct=True))
    return dict(counted.values_list("template_version", "n"))


def _compared(request: HttpRequest, template: Template, versions: list[TemplateVersion]) -> dict[str, Any]:
    """The two versions to compare: as asked, else the last two."""
    if len(versions) < 2:
        return {}
    before = _asked(request, "from", template) or _whole(template, versions[1].number)
    after = _asked(request, "to", template) or _whole(template, versions[0].number)
    if before is None or after is None:
        return {}
    return {"before": before, "after": after, "difference": _in_both(differences(before, after))}


def _asked(request: HttpRequest, name: str, template: Template) -> TemplateVersion | None:
    typed = request.GET.get(name, "")
    return _whole(template, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _whole(template: Template, number: int) -> TemplateVersion | None:
    return template.versions.filter(number=number).first()


def _in_both(found: Differences) -> dict[str, Any]:
    """Sentences in the reader's language; the manual in each that changed."""
    return {
        "changes": [(change, str(change.text)) for change in found.changes],
        "manual": [(language, passages) for language, passages in found.manual.items() if passages],
        "none": not found,
    }


@login_required
@require_GET
def file(request: HttpRequest, template_id: int) -> HttpResponse:
    """A version as a file: the newest, or `?version=<number>`."""
    template = template_of(request, template_id)
    found = _asked(request, "version", template) or template.versions.order_by("-number").first()
    if found is None:
        raise Missing
    response = HttpResponse(write_file(found), content_type="application/json")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{template.key}-v{found.number}.tencho.json"'
    )
    return response
