"""Where the links of mails lead."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from kernel.clock import now
from notify.domain import mark_read, preferences
from notify.kinds import kind_of, why_kept
from notify.links import Stop, Target, read_stop, read_target
from notify.models import Delivery, Notice


@require_GET
def go(request: HttpRequest, notice_link: str) -> HttpResponse:
    """Marks the notice (or those of one mail) read and goes where it points, after sign-in."""
    target = read_target(notice_link)
    if target is None:
        raise Http404
    user: Any = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    owner = _owner(target)
    if owner is None:
        raise Http404
    if owner != user:
        # 404 as for any stranger, in kinder words: whoever asks holds the mail.
        context = {"address": _masked(owner.email), "here": request.get_full_path()}
        return render(request, "notices/other.html", context, status=404)
    notices = Notice.objects.filter(user=user)
    shown = notices.filter(pk=target.notice) if target.notice else notices.filter(delivery=target.delivery)
    paths = set(shown.values_list("path", flat=True)[:100])
    mark_read(by=user, now=now(), notice_id=target.notice, delivery_id=target.delivery)
    return redirect(paths.pop() if len(paths) == 1 else "inbox")


def _owner(target: Target) -> User | None:
    rows: Any = Notice.objects if target.notice else Delivery.objects
    found = rows.select_related("user").filter(pk=target.notice or target.delivery).first()
    owner: User | None = found.user if found else None
    return owner


def _masked(email: str) -> str:
    name, _at, host = email.rpartition("@")
    return f"{name[:1]}…@{host}"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, stop_link: str) -> HttpResponse:
    """Fewer mails, without signing in: the link is the proof, also for a program that POSTs it (RFC 8058)."""
    wanted = read_stop(stop_link)
    if wanted is None:
        raise Http404
    _speak_to_reader(request, wanted)
    of = kind_of(wanted.kind) if wanted.kind else None
    context: dict[str, Any] = {
        "of": of,
        "why": why_kept(of) if of else "",
        "less": preferences.less(wanted.kind) if wanted.kind else "off",
        "address": wanted.address,
    }
    if request.method == "POST" and "undo" in request.POST:
        preferences.undo(stop=wanted, kinds=request.POST.getlist("kind"), now=now())
        context["undone"] = True
    elif request.method == "POST":
        context["done"] = True
        context["kinds"] = preferences.stop(stop=wanted, now=now())
    return render(request, "notices/stop.html", context)


def _speak_to_reader(request: HttpRequest, wanted: Stop) -> None:
    """In the language of the mail: the browser may speak another."""
    if request.user.is_authenticated or wanted.user is None:
        return
    language = User.objects.filter(pk=wanted.user).values_list("language", flat=True).first()
    translation.activate(language or settings.LANGUAGE_CODE)
