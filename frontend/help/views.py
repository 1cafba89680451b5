"""Help in the product: how each role works, a file to try with, and the first steps put away."""

from django.contrib.auth.decorators import login_required
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.domain.queries import stores_of
from frontend.batches.access import person
from frontend.batches.new import inspect
from frontend.help import sample
from frontend.help.steps import HIDDEN_COOKIE, HIDDEN_FOR_SECONDS
from kernel.clock import now
from tasks.domain import batches
from tasks.errors import RoleMissing
from tasks.rules import DIRECT_ROLES
from tasks.states import Audience

TEMPLATE = "product-copy"


@login_required
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "help/page.html")


@login_required
@require_GET
def sample_file(request: HttpRequest) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{sample.NAME}"'}
    return HttpResponse(sample.content(), content_type="text/csv; charset=utf-8", headers=headers)


@login_required
@require_POST
def try_sample(request: HttpRequest) -> HttpResponse:
    """Begins a batch with the sample file, where an upload would have led to."""
    by = person(request)
    store = stores_of(by, now(), *DIRECT_ROLES).order_by("pk").first()
    if store is None:
        raise RoleMissing
    defaults = batches.latest_version(TEMPLATE, store).defaults
    with transaction.atomic():
        batch = batches.create_batch(
            store_id=store.pk,
            terms=batches.Terms(
                title=_("A first try with the sample file"),
                template=TEMPLATE,
                audience=Audience.STAFF,
                reward=defaults.get("reward", 0),
                lease_minutes=defaults.get("lease_minutes", 60),
            ),
            by=by,
            now=now(),
        )
        inspect(request, batch, ContentFile(sample.content(), sample.NAME))
    return redirect("batch_source", batch.pk)


@login_required
@require_POST
def hide_steps(request: HttpRequest) -> HttpResponse:
    """Puts the first steps away on this device."""
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    response = redirect(asked if safe else "home")
    response.set_cookie(
        HIDDEN_COOKIE,
        "1",
        max_age=HIDDEN_FOR_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response
