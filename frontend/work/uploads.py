"""Pictures: taking them in, and showing them to those who may see them."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from frontend.work.replies import problem_json
from kernel.clock import now
from kernel.errors import FieldProblem, Invalid
from tasks.domain.queries import visible_uploads
from tasks.domain.uploads import keep_image


def upload_url(upload_id: str) -> str:
    """Where a picture of an answer is shown; empty for what is no id."""
    is_id = upload_id.isascii() and upload_id.isdigit() and len(upload_id) < 19
    return reverse("upload", args=[int(upload_id)]) if is_id else ""


@login_required
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Keeps the picture `file`; 201 with its id and address, 422 with the reason."""
    user: Any = request.user
    file = request.FILES.get("file")
    if file is None:
        message = _("Choose a picture.")
        return problem_json(
            Invalid("file_missing", message, fields=[FieldProblem("file", "file_missing", message)])
        )
    try:
        kept = keep_image(file=file, name=file.name or "", by=user, now=now())
    except Invalid as refused:
        return problem_json(refused)
    url = reverse("upload", args=[kept.pk])
    return JsonResponse(
        {"id": str(kept.pk), "url": url, "width": kept.width, "height": kept.height}, status=201
    )


@login_required
@require_GET
def show(request: HttpRequest, upload_id: int) -> HttpResponse | FileResponse:
    user: Any = request.user
    found = visible_uploads(user, now()).filter(pk=upload_id).first()
    if found is None:
        raise Http404
    try:
        file = found.file.open("rb")
    except FileNotFoundError as gone:
        raise Http404 from gone
    response = FileResponse(file, content_type=found.content_type)
    response.headers["Content-Disposition"] = "inline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # A picture never changes under its number; but it is for this reader alone.
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response
