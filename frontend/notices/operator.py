"""How mail stands, for the operator. For anybody else there is nothing here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from kernel import paging
from kernel.clock import now
from kernel.errors import Missing
from notify.domain import status
from notify.mails import name_of
from notify.models import Delivery

PAGE = 50
TONES = {
    status.Verdict.FINE: "ok",
    status.Verdict.PUT_OFF: "warn",
    status.Verdict.NO_SERVER: "bad",
    status.Verdict.NOBODY_SENDS: "bad",
}


def for_operator(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if not user.is_operator:
            raise Missing
        return view(request)

    return guarded


@for_operator
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    at, found = now(), status.status(now())
    refused = request.GET.get("show") == "refused"
    rows = status.refused(at) if refused else status.late(at)
    key = ["-ended_at", "-id"] if refused else ["created_at", "id"]
    listed = paging.page(rows.select_related("user"), key=key, after=request.GET.get("after"), limit=PAGE)
    context = {
        "status": found,
        "tone": TONES[found.verdict],
        "refused": refused,
        "lines": [_line(one) for one in listed.items],
        "next": listed.next,
        "first_page": "after" not in request.GET,
    }
    return render(request, "notices/operator.html", context)


def _line(delivery: Delivery) -> dict[str, Any]:
    return {"mail": delivery, "name": name_of(delivery)}


@for_operator
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    tried = status.try_now(by=user, now=now())
    text = ngettext("%(n)d mail is tried now.", "%(n)d mails are tried now.", tried)
    if tried:
        messages.success(request, text % {"n": tried})
    else:
        messages.info(request, _("Nothing waits for a later attempt."))
    return redirect("operator_mail")
