"""The reader's own language and time zone; and a second step for directors where the operator asks for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from accounts.domain.installation import mfa_for_directors
from accounts.domain.queries import stores_of
from accounts.models import User
from accounts.states import Role
from kernel.clock import now

Handler = Callable[[HttpRequest], HttpResponse]
# How long somebody was away is a hint for people; writing it at every request would double the writes.
ACTIVE_EVERY = timedelta(minutes=10)
# Where a director without a second step may still go: to set it up, and out. The API has its keys.
OPEN_PATHS = ("/accounts/", "/settings/security/", "/session/", "/language/", "/counters/", "/api/")


class PreferencesMiddleware:
    """After sign-in the person's choice counts, before it the browser's (LocaleMiddleware)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A request without the cookie has nobody to ask about, and API keys bring no session.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            with timezone.override(ZoneInfo(settings.TIME_ZONE)):
                return self.get_response(request)
        user = request.user
        _note_activity(user)
        translation.activate(user.language)
        with timezone.override(user.zone):
            response = self.get_response(request)
        response.headers["Content-Language"] = user.language
        return response


class SecondStepMiddleware:
    """Leads directors without a second step to where they set one up, if the operator requires it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and self._lacks(request):
            return redirect("security")
        return self.get_response(request)

    def _lacks(self, request: HttpRequest) -> bool:
        if request.path.startswith(OPEN_PATHS) or not mfa_for_directors():
            return False
        user: Any = request.user
        if not user.is_authenticated or is_mfa_enabled(user):
            return False
        return stores_of(user, now(), Role.DIRECTOR).exists()


def _note_activity(user: User) -> None:
    at = now()
    if user.last_active_at is None or at - user.last_active_at > ACTIVE_EVERY:
        User.objects.filter(pk=user.pk).update(last_active_at=at)
