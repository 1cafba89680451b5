"""What follows from a sign-in, in whichever way it was done."""

from typing import Any

from allauth.account.signals import user_logged_in
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from accounts.domain.devices import note_sign_in
from accounts.models import User
from kernel.clock import now

COOKIE = "tencho_device"
YEAR = 365 * 86400


@receiver(user_logged_in)
def on_sign_in(request: HttpRequest, user: User, response: HttpResponse | None = None, **_more: Any) -> None:
    mark = note_sign_in(user=user, mark=request.COOKIES.get(COOKIE, "")[:100], now=now())
    if mark and response is not None:
        response.set_cookie(
            COOKIE,
            mark,
            max_age=YEAR,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            path="/",
        )
