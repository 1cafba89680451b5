"""The list of templates, and the ways in which one begins."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.domain.queries import stores_of
from accounts.models import Store
from frontend.library.access import reader
from kernel import paging
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import template_make
from tasks.domain.queries import visible_templates
from tasks.domain.template_file import FILE_MAX
from tasks.errors import Missing
from tasks.models import Step, TemplateDraft, TemplateVersion
from tasks.rules import DIRECT_ROLES
from tasks.shipped import position

PAGE = 50
TABS = (("", gettext_lazy("In use")), ("archived", gettext_lazy("Archived")))


@dataclass(frozen=True)
class Line:
    template: Any
    version: TemplateVersion | None


@login_required
@require_GET
def templates(request: HttpRequest) -> HttpResponse:
    return render(request, "library/list.html", _context(request))


def _context(request: HttpRequest, **more: Any) -> dict[str, Any]:
    show = "archived" if request.GET.get("show") == "archived" else ""
    rows = _rows(request).filter(archived_at__isnull=not show)
    page = paging.page(
        rows.filter(company__isnull=False), key=["-id"], after=request.GET.get("after"), limit=PAGE
    )
    shipped = sorted(rows.filter(company=None), key=lambda one: position(one.key)) if not show else []
    versions = TemplateVersion.objects.defer("manual_ja", "manual_en", "form", "checks").in_bulk(
        [one.newest for one in [*page.items, *shipped] if one.newest]
    )
    return {
        "own": [Line(one, versions.get(one.newest)) for one in page.items],
        "shipped": [Line(one, versions.get(one.newest)) for one in shipped],
        "next": page.next,
        "show": show,
        "tabs": [{"value": value, "label": label} for value, label in TABS],
        "stores": stores_to_make_in(request),
        **more,
    }


def _rows(request: HttpRequest) -> QuerySet[Any]:
    """Templates with their newest version, waiting draft and in how many batches of one's stores they are."""
    newest = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number").values("pk")[:1]
    steps = Step.objects.filter(
        template_version__template=OuterRef("pk"), batch__store__in=stores_of(reader(request), now())
    )
    used = steps.order_by().values("template_version__template").annotate(n=Count("batch", distinct=True))
    waiting = TemplateDraft.objects.filter(template=OuterRef("pk")).exclude(content={})
    return visible_templates(reader(request), now()).annotate(
        newest=Subquery(newest),
        used=Coalesce(Subquery(used.values("n"), output_field=IntegerField()), 0),
        waiting=Exists(waiting),
    )


def stores_to_make_in(request: HttpRequest) -> list[Store]:
    """One store for each company for which the reader may make templates."""
    found = stores_of(reader(request), now(), *DIRECT_ROLES).select_related("company").order_by("pk")
    return list({store.company_id: store for store in reversed(found)}.values())[::-1]


def _store_id(request: HttpRequest) -> int:
    """The store for whose company a template is made; a page of one company need not say it."""
    typed = request.POST.get("store", "")
    if typed.isascii() and typed.isdigit() and len(typed) < 19:
        return int(typed)
    found = stores_to_make_in(request)
    if typed or not found:
        raise Missing
    return found[0].pk


@login_required
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    title = request.POST.get("title", "")
    try:
        made = template_make.create_template(
            store_id=_store_id(request), title=title, by=reader(request), now=now()
        )
    except Invalid as refused:
        return _again(request, refused, typed=title)
    return redirect("template_edit", made.pk)


@login_required
@require_http_methods(["POST"])
def take_file(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose a template file."))
        return redirect("templates")
    try:
        # One byte more than allowed is enough to refuse it.
        data = file.read(FILE_MAX + 1)
        made = template_make.import_template(
            store_id=_store_id(request), data=data, by=reader(request), now=now()
        )
    except Invalid as refused:
        return _again(request, refused, from_file=file.name)
    messages.success(request, _("The template is here as a draft. Look through it and publish it."))
    return redirect("template_edit", made.pk)


def _again(request: HttpRequest, refused: Invalid, **more: Any) -> HttpResponse:
    context = _context(request, refused=refused, problems=refused.fields[:20], **more)
    return render(request, "library/list.html", context, status=422)


@login_required
@require_POST
def copy(request: HttpRequest, version_id: int) -> HttpResponse:
    made = template_make.copy_template(
        store_id=_store_id(request), version_id=version_id, by=reader(request), now=now()
    )
    messages.success(request, _("This is your own copy. Change it and publish it."))
    return redirect("template_edit", made.pk)


@login_required
@require_POST
def archive(request: HttpRequest, template_id: int) -> HttpResponse:
    template_make.archive_template(template_id=template_id, by=reader(request), now=now())
    messages.success(request, _("Put away. Running batches go on; new ones cannot choose it."))
    return redirect("templates")


@login_required
@require_POST
def unarchive(request: HttpRequest, template_id: int) -> HttpResponse:
    template_make.unarchive_template(template_id=template_id, by=reader(request), now=now())
    messages.success(request, _("The template can be chosen again."))
    return redirect("template", template_id)
