"""The freelancers a company offers its work to, and the links by which they join."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from frontend.batches.access import person
from frontend.people.member_forms import LinkForm
from frontend.people.members import PAGE, chosen_store, frame, matching
from kernel import paging
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain.records import records_of
from workers.domain import pool_links
from workers.domain.freelancers import end_pool
from workers.models import PoolLink, PoolMember


@login_required
@require_GET
def pool(request: HttpRequest) -> HttpResponse:
    store = chosen_store(request)
    if store is None:
        return render(request, "people/none.html")
    context = frame(request, store, "pool")
    rows = PoolMember.objects.filter(company=store.company).select_related("user", "link")
    if context["q"]:
        rows = rows.filter(matching("user__", context["q"]))
    page = paging.page(rows, key=["-id"], after=request.GET.get("after"), limit=PAGE)
    records = records_of(store.company, [member.user_id for member in page.items])
    context |= {
        "lines": [{"member": one, "record": records[one.user_id]} for one in page.items],
        "next": page.next,
        "links": PoolLink.objects.open(now()).filter(company=store.company).count(),
    }
    return render(request, "people/pool.html", context)


@login_required
def links(request: HttpRequest) -> HttpResponse:
    """The links of the company's pool, and a form for a new one. Its address is shown once."""
    store = chosen_store(request)
    if store is None:
        return render(request, "people/none.html")
    form, made = LinkForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = pool_links.make_link(
                company_id=store.company_id, by=person(request), now=now(), **form.cleaned_data
            )
        except Invalid as wrong:
            form.take(wrong)
        else:
            form = LinkForm()
    rows = PoolLink.objects.filter(company=store.company).select_related("created_by")
    page = paging.page(rows, key=["-id"], after=request.GET.get("after"), limit=PAGE)
    context: dict[str, Any] = {
        "form": form,
        "address": made.url if made else "",
        "links": [{"link": one, "closed": pool_links.unusable(one, now())} for one in page.items],
        "next": page.next,
    }
    response = render(request, "people/links.html", {**frame(request, store, "pool"), **context})
    response.headers["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def link_revoke(request: HttpRequest, link_id: int) -> HttpResponse:
    link = pool_links.revoke_link(link_id=link_id, by=person(request), now=now())
    messages.success(request, _("Nobody can join by “%(name)s” any more.") % {"name": link.name})
    return redirect("people_links")


@login_required
@require_POST
def pool_remove(request: HttpRequest, pool_member_id: int) -> HttpResponse:
    ended = end_pool(member_id=pool_member_id, by=person(request), now=now())
    if ended.user_id == person(request).pk:
        messages.success(request, _("You left the pool of %(name)s.") % {"name": ended.company.name})
        return redirect("places")
    messages.success(request, _("%(name)s is no longer in the pool.") % {"name": ended.user.name})
    return redirect("people_pool")
