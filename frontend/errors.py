"""What Django itself refuses, as pages of ours."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from kernel.errors import NotAllowed


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: most often a page that was open since before another sign-in."""
    problem = NotAllowed(
        "csrf",
        _(
            "This page was open for long, you have signed in anew meanwhile, or your browser keeps no "
            "cookies. Go back, load the page again and send it once more."
        ),
    )
    return render(request, "problem.html", {"problem": problem}, status=403)
