"""Files in and out: sources, their imports, result files, pictures."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from accounts.states import Scope
from exchange.csvbytes import LIMITS
from exchange.source import SHOPIFY
from kernel import paging
from kernel.clock import now
from tasks.api import inputs, lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.bodies import invalid, parse_json, refused, unstorable
from tasks.api.rendering import import_json, upload_json
from tasks.api.results import BEYOND, PART, WHOLE
from tasks.api.schema import operation
from tasks.domain import imports, uploads
from tasks.domain.queries import visible_imports, visible_uploads
from tasks.errors import Missing
from tasks.files import ranged_response
from tasks.models import ImportRefusal


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
            format=form.get("format", SHOPIFY),
            mapping=_json(form, "mapping", None),
            row_filter=_json(form, "row_filter", {}),
            by=self.user,
            now=now(),
        )
        where = {"Location": f"/api/v1/imports/{made.pk}"}
        return answer(import_json(made, [], None), status=202, headers=where)


def _json(form: Mapping[str, str], name: str, default: Any) -> Any:
    text = form.get(name, "")
    if not text.strip():
        return default
    try:
        found = parse_json(text)
    except ParseError as error:
        raise invalid(name, "wrong_type") from error
    problems = list(unstorable(name, found))
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
