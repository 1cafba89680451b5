"""Files in and out: sources, their imports, result files, pictures."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from accounts.states import Scope
from exchange.csvbytes import LIMITS
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict
from tasks.api import inputs, lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.bodies import invalid, parse_json, refused, unstorable
from tasks.api.rendering import import_json, release_json, upload_json
from tasks.api.schema import operation
from tasks.domain import imports, releases, uploads
from tasks.domain.queries import visible_imports, visible_releases, visible_uploads
from tasks.errors import Missing
from tasks.files import ranged_response
from tasks.models import ImportRefusal
from tasks.states import JobState

CONTENT_TYPES = {"jsonl": "application/x-ndjson"}
WHOLE = OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
PART = OpenApiResponse(OpenApiTypes.BINARY, description="The part asked for, at most 16 MB of it.")
BEYOND = OpenApiResponse(description="The part asked for lies beyond the end.")


class SourceView(ApiView):
    scopes = {"POST": Scope.DIRECT}
    max_file = LIMITS.file_bytes

    @operation(
        "upload_source",
        "Give a draft batch its product file; a job reads it",
        {202: shapes.Import},
        form=inputs.SOURCE,
    )
    def post(self, request: Request, batch_id: int) -> HttpResponse:
        form = self.body.form()
        file = self.body.file("file")
        made = imports.start_import(
            batch_id=batch_id,
            file=file,
            name=file.name or "",
            format=form.get("format", "shopify"),
            row_filter=_row_filter(form.get("row_filter", "")),
            by=self.user,
            now=now(),
        )
        where = {"Location": f"/api/v1/imports/{made.pk}"}
        return answer(import_json(made, [], None), status=202, headers=where)


def _row_filter(text: str) -> Any:
    if not text.strip():
        return {}
    try:
        found = parse_json(text)
    except ParseError as error:
        raise invalid("row_filter", "wrong_type") from error
    problems = list(unstorable("row_filter", found))
    if problems:
        raise refused(problems)
    return found


class ImportView(ApiView):
    @operation(
        "import",
        "How the reading of a file goes, and the rows it refused",
        {200: shapes.Import},
        query=(
            OpenApiParameter("refused_after", str, description="from `refused_next`"),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
        ),
    )
    def get(self, request: Request, import_id: int) -> HttpResponse:
        source = visible_imports(self.user, now()).filter(pk=import_id).first()
        if source is None:
            raise Missing
        rows: QuerySet[ImportRefusal] = ImportRefusal.objects.filter(source=source)
        after = request.GET.get("refused_after")
        found = paging.page(rows, key=("row", "id"), after=after, limit=lists.limit(request))
        more = lists.next_address(request, "refused_after", found.next)
        return answer(import_json(source, found.items, more))


class ResultsView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "request_results",
        "Ask for a result file; a job writes it",
        {202: shapes.Result},
        takes=inputs.RESULTS,
    )
    def post(self, request: Request, batch_id: int) -> HttpResponse:
        wanted = self.body.read(inputs.RESULTS)
        made = releases.request_release(batch_id=batch_id, format=wanted["format"], by=self.user, now=now())
        return answer(release_json(made), status=202, headers={"Location": f"/api/v1/results/{made.pk}"})


class ResultView(ApiView):
    @operation("result", "How a result file comes along", {200: shapes.Result})
    def get(self, request: Request, result_id: int) -> HttpResponse:
        found = visible_releases(self.user, now()).filter(pk=result_id).first()
        if found is None:
            raise Missing
        return answer(release_json(found))


class ResultFileView(ApiView):
    @operation(
        "result_file",
        "The file, whole or the part that Range names",
        {(200, "text/csv"): WHOLE, (206, "text/csv"): PART, 416: BEYOND},
        query=(OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=first-last"),),
    )
    def get(self, request: Request, result_id: int) -> HttpResponseBase:
        found = visible_releases(self.user, now()).filter(pk=result_id).first()
        if found is None:
            raise Missing
        if found.state != JobState.DONE:
            raise Conflict("result_not_ready", _("This file is not written yet."), state=found.state)
        content_type = CONTENT_TYPES.get(found.format, "text/csv")
        return ranged_response(request._request, found.file, found.name, content_type)


class UploadsView(ApiView):
    scopes = {"POST": Scope.WORK}
    max_file = uploads.BYTES_MAX

    @operation(
        "upload_picture",
        "Hand in a picture for an image field: JPEG, PNG, GIF or WebP",
        {201: shapes.Upload},
        form=inputs.PICTURE,
    )
    def post(self, request: Request) -> HttpResponse:
        file = self.body.file("file")
        made = uploads.keep_image(file=file, name=file.name or "", by=self.user, now=now())
        where = {"Location": f"/api/v1/uploads/{made.pk}/file"}
        return answer(upload_json(made), status=201, headers=where)


class UploadFileView(ApiView):
    @operation(
        "picture",
        "A picture that the reader may see",
        {(200, "image/*"): WHOLE, (206, "image/*"): PART, 416: BEYOND},
    )
    def get(self, request: Request, upload_id: int) -> HttpResponseBase:
        found = visible_uploads(self.user, now()).filter(pk=upload_id).first()
        if found is None:
            raise Missing
        return ranged_response(request._request, found.file, f"{found.pk}", found.content_type)
