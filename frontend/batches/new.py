"""Step one: which store, which work, which file."""

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.domain.queries import stores_of
from accounts.models import Store
from exchange.opening import recognise
from frontend.batches.access import person
from frontend.batches.forms import NewBatchForm
from frontend.batches.stepper import stepper
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import batches, imports
from tasks.domain.templates import templates_of
from tasks.errors import RoleMissing
from tasks.models import Batch, Template
from tasks.rules import DIRECT_ROLES
from tasks.shipped import Area, load_shipped
from tasks.states import Audience

AREAS: dict[Area, Promise] = {
    Area.TEXT: _("Texts"),
    Area.ATTRIBUTES: _("Attributes and categories"),
    Area.PICTURES: _("Pictures"),
    Area.PRICE_STOCK: _("Prices and stock"),
    Area.AUDIT: _("Checking and taking down"),
}


class Group(NamedTuple):
    """The templates of one area of work, or the shop's own. `is_open`: shown without being asked for."""

    label: Promise
    templates: list[Template]
    is_open: bool

    @property
    def names(self) -> list[str]:
        """What is inside, without what the titles add in brackets."""
        return [re.split(r"\s*[（(]", template.title)[0] or template.title for template in self.templates]


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    stores = stores_of(person(request), now(), *DIRECT_ROLES).select_related("company").order_by("pk")
    if not stores:
        raise RoleMissing
    templates = _templates(stores)
    form = NewBatchForm(
        request.POST or None,
        request.FILES or None,
        initial=_asked_for(request, stores, templates),
        stores=stores,
        templates=templates,
    )
    if request.method == "POST" and form.is_valid():
        batch = _create(request, form)
        _take_file(request, batch, form)
        return redirect("batch_source", batch.pk)
    chosen, groups = _groups(form)
    context = {
        "form": form,
        "stores": stores,
        "stages": stepper("file"),
        "groups": groups,
        "chosen": chosen,
    }
    return render(request, "batches/new.html", context, status=422 if form.errors else 200)


def _templates(stores: QuerySet[Store]) -> QuerySet[Template]:
    """One template per key: a company's own stands before the shipped one of the same key."""
    found = templates_of([store.company for store in stores])
    by_key = {template.key: template for template in sorted(found, key=lambda t: t.company_id is not None)}
    return Template.objects.filter(pk__in=[template.pk for template in by_key.values()]).order_by("key")


def _asked_for(
    request: HttpRequest, stores: QuerySet[Store], templates: QuerySet[Template]
) -> dict[str, Any]:
    """The template and store that the address names, where the reader may choose them."""
    template, store = request.GET.get("template", ""), request.GET.get("store", "")
    return {
        "template": next((one.key for one in templates if one.key == template), None),
        "store": next((one.pk for one in stores if str(one.pk) == store), None),
    }


def _groups(form: NewBatchForm) -> tuple[str, list[Group]]:
    """Which template is chosen at first, and all of them by area: the shop's own first, then the shipped."""
    templates = list(form.fields["template"].queryset)  # type: ignore[attr-defined]
    shipped = {template.key: template for template in templates if template.company_id is None}
    sorted_: list[tuple[Promise, list[Template]]] = [
        (_("Your own"), [template for template in templates if template.company_id is not None])
    ]
    for area, label in AREAS.items():
        keys = [one.key for one in load_shipped() if one.area is area]
        sorted_.append((label, [shipped[key] for key in keys if key in shipped]))
    sorted_ = [(label, found) for label, found in sorted_ if found]
    chosen = str(form["template"].value() or "") or _first(found for _label, found in sorted_)
    groups = [
        Group(label, found, is_open=number == 0 or any(one.key == chosen for one in found))
        for number, (label, found) in enumerate(sorted_)
    ]
    return chosen, groups


def _first(groups: Iterable[list[Template]]) -> str:
    return next((template.key for found in groups for template in found), "")


def _create(request: HttpRequest, form: NewBatchForm) -> Batch:
    """The draft with the template's usual terms; a nameless batch is called after its file."""
    data = form.cleaned_data
    template: Template = data["template"]
    store: Store = data["store"]
    defaults = batches.latest_version(template.key, store).defaults
    title = data["title"] or PurePath(data["file"].name).stem[:200] or str(template)
    terms = batches.Terms(
        title=title,
        template=template.key,
        audience=Audience.STAFF,
        reward=defaults.get("reward", 0),
        lease_minutes=defaults.get("lease_minutes", 60),
        answers_per_task=defaults.get("answers_per_task", 1),
        per_worker_cap=defaults.get("per_worker_cap"),
    )
    return batches.create_batch(store_id=store.pk, terms=terms, by=person(request), now=now())


def _take_file(request: HttpRequest, batch: Batch, form: NewBatchForm) -> None:
    try:
        inspect(request, batch, form.cleaned_data["file"])
    except Invalid as refused:
        for problem in refused.fields:
            messages.error(request, str(problem.message))


@transaction.atomic
def inspect(request: HttpRequest, batch: Batch, file: Any) -> None:
    """Queues a first look at a file: nothing is made of it yet."""
    imports.start_import(
        batch_id=batch.pk,
        file=file,
        name=file.name,
        format=recognise(file),
        row_filter={},
        by=person(request),
        now=now(),
        inspect_only=True,
    )
