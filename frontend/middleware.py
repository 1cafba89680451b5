"""Failures of domain functions as pages, in the reader's language."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from kernel.errors import Conflict, Invalid, NotAllowed, TenchoError, Unavailable
from kernel.intake import BODY_MAX
from tasks.errors import Missing

STATUS: list[tuple[type[TenchoError], int]] = [
    (NotAllowed, 403),
    (Conflict, 409),
    (Invalid, 422),
    (Unavailable, 503),
]


class LargeBodies:
    """Refuses a request of which the server has kept only the beginning. The API does so in its own words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        size = request.META.get("CONTENT_LENGTH") or "0"
        if request.path.startswith("/api/") or not size.isdigit() or int(size) <= BODY_MAX:
            return None
        problem = Invalid("too_large", _("The request is too large."))
        return render(request, "problem.html", {"problem": problem}, status=413)


class ErrorPages:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, (Missing, Http404)):
            return render(request, "404.html", status=404)
        if isinstance(error, TenchoError):
            status = next(status for base, status in STATUS if isinstance(error, base))
            return render(request, "problem.html", {"problem": error}, status=status)
        return None
