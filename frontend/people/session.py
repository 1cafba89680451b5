"""Signing in again in place: the page asks whose session it is, and may send a password and a second step."""

import json
from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.internal.stagekit import get_pending_stage
from allauth.core.exceptions import ImmediateHttpResponse, RateLimited
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts import passkeys


@never_cache
@ensure_csrf_cookie
def session(request: HttpRequest) -> HttpResponse:
    """GET: who is signed in. POST {login, password}, then {code} or {credential} if a second step is due."""
    if request.method != "POST" or request.user.is_authenticated:
        return _state(request)
    try:
        sent = {name: str(value)[:10_000] for name, value in json.loads(request.body).items()}
    except (ValueError, AttributeError, RecursionError):
        return JsonResponse({"message": _("The request cannot be read.")}, status=400)
    try:
        return (
            _second_step(request, sent) if {"code", "credential"} & sent.keys() else _password(request, sent)
        )
    except RateLimited:
        return JsonResponse(
            {"message": _("Too many attempts. Wait a few minutes and try again.")}, status=429
        )
    except ImmediateHttpResponse:
        return _state(request)


def _password(request: HttpRequest, sent: dict[str, str]) -> HttpResponse:
    form = LoginForm(data={**sent, "remember": "on"}, request=request)
    if not form.is_valid():
        return _refused(form)
    return _with_cookies_of(form.login(request, redirect_url="/"), _state(request))


def _second_step(request: HttpRequest, sent: dict[str, str]) -> HttpResponse:
    stage = get_pending_stage(request)
    if stage is None or stage.key != AuthenticateStage.key:
        return _state(request)
    kind = AuthenticateForm if "code" in sent else passkeys.AuthenticateForm
    form = kind(user=stage.login.user, data=sent)
    if not form.is_valid():
        return _refused(form)
    form.save()
    return _with_cookies_of(stage.exit(), _state(request))


def _refused(form: Any) -> HttpResponse:
    messages = [str(text) for texts in form.errors.values() for text in texts]
    return JsonResponse({"message": " ".join(messages)}, status=422)


def _state(request: HttpRequest) -> JsonResponse:
    user: Any = request.user
    if user.is_authenticated:
        found = {"user": user.pk, "name": user.name, "csrf": get_token(request)}
        return JsonResponse(found)
    stage = get_pending_stage(request)
    waits = stage is not None and stage.key == AuthenticateStage.key
    body: dict[str, Any] = {"user": None, "csrf": get_token(request), "second_step": waits}
    if waits and stage is not None:
        keys = Authenticator.objects.filter(user=stage.login.user, type=Authenticator.Type.WEBAUTHN)
        body["passkey"] = passkeys.challenge(stage.login.user) if keys.exists() else None
    return JsonResponse(body)


def _with_cookies_of(response: HttpResponse, answer: JsonResponse) -> JsonResponse:
    """The mark of the device travels on the redirect that nobody follows here."""
    answer.cookies.update(response.cookies)
    return answer
