"""The reader's own language and time zone, for pages and messages."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

Handler = Callable[[HttpRequest], HttpResponse]


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
        translation.activate(user.language)
        with timezone.override(user.zone):
            response = self.get_response(request)
        response.headers["Content-Language"] = user.language
        return response
