"""One's own things: inbox, settings, API keys, the counters in the bar."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.domain.api_keys import create_key, revoke_key
from accounts.models import ApiKey
from accounts.states import Language
from frontend.context import shell
from frontend.people.forms import KeyForm, SettingsForm
from frontend.regions import region_response
from kernel import paging
from kernel.clock import now
from notify.domain import mark_read, unread_count
from notify.domain.refusals import refused_address
from notify.kinds import kind_of
from notify.models import Notice
from notify.texts import place, words
from tasks.domain.queries import review_queue
from tasks.models import Assignment
from tasks.states import AssignmentState

COUNTED_TO = 100
PAGE = 50


@login_required
@require_GET
def counters(request: HttpRequest) -> HttpResponse:
    user: Any = request.user

    def count() -> dict[str, Any]:
        in_hand = (AssignmentState.CLAIMED, AssignmentState.CHANGES_REQUESTED)
        mine = Assignment.objects.filter(worker=user, state__in=in_hand)
        queue = review_queue(user, now()).order_by()
        return {
            "counters": {
                "review": len(queue.values_list("pk")[:COUNTED_TO]),
                "work": len(mine.values_list("pk")[:COUNTED_TO]),
                "inbox": unread_count(user),
            }
        }

    topics = shell(request)["shell"]["topics"]
    return region_response(request, topics, "shell/counters.html", count)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Changes the reader's language and stays on the page."""
    chosen, target = request.POST.get("language", ""), request.POST.get("next", "/")
    if chosen not in Language.values:
        raise Http404
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = "/"
    user: Any = request.user
    if user.is_authenticated:
        user.language = chosen
        user.save(update_fields=["language"])
    translation.activate(chosen)
    response = HttpResponseRedirect(target)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax")
    return response


@login_required
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    return render(request, "inbox/page.html", {**_inbox(request), "refused": refused_address(user)})


@login_required
@require_GET
def inbox_list(request: HttpRequest) -> HttpResponse:
    return region_response(request, [f"user.{request.user.pk}"], "inbox/_list.html", lambda: _inbox(request))


def _inbox(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    rows = Notice.objects.filter(user=user)
    unread_only = request.GET.get("show") == "unread"
    if unread_only:
        rows = rows.filter(read_at=None)
    found = paging.page(rows, key=["-id"], after=request.GET.get("after"), limit=PAGE)
    lines = [
        {
            "notice": notice,
            "text": words(notice.kind, notice.params),
            "place": place(notice.params),
            "icon": kind_of(notice.kind).icon,
        }
        for notice in found.items
    ]
    return {
        "lines": lines,
        "next": found.next,
        "unread_only": unread_only,
        "list_url": reverse("inbox_list") + ("?show=unread" if unread_only else ""),
        "topics": [f"user.{user.pk}"],
    }


@login_required
@require_POST
def inbox_read(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    mark_read(by=user, now=now())
    return redirect("inbox")


@login_required
@require_POST
def inbox_open(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Marks a notice read and goes where it points."""
    user: Any = request.user
    notice = get_object_or_404(Notice, pk=notice_id, user=user)
    mark_read(by=user, now=now(), notice_id=notice.pk)
    return redirect(notice.path)


@login_required
def settings_page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = SettingsForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        with translation.override(user.language):
            messages.success(request, _("Saved."))
        return redirect("settings")
    return render(request, "settings/page.html", {"form": form})


@login_required
def keys(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = KeyForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        _key, secret = create_key(
            user=user,
            name=data["name"],
            scopes=data["scopes"],
            days=data["days"] or None,
            by=user,
            now=now(),
        )
        form = KeyForm()
    rows = ApiKey.objects.filter(user=user, revoked_at=None).order_by("-pk")[:100]
    response = render(
        request, "settings/keys.html", {"form": form, "keys": rows, "secret": secret, "now": now()}
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def key_revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    user: Any = request.user
    try:
        revoke_key(key_id=key_id, by=user, now=now())
    except ApiKey.DoesNotExist as missing:
        raise Http404 from missing
    messages.success(request, _("The key no longer works."))
    return redirect("keys")
