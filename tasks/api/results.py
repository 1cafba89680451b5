"""Result files: asking for them, what they hold, and where an answer went."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.states import Scope
from exchange.csvbytes import LIMITS
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict
from tasks.api import inputs, lists, result_shapes
from tasks.api.base import ApiView, answer
from tasks.api.bodies import invalid
from tasks.api.result_rendering import cell_json, drift_json, release_json, trace_json
from tasks.api.schema import PAGING, one_of, operation
from tasks.api.shapes import page_of
from tasks.domain import release_fresh, releases, traces, uploaded
from tasks.domain.queries import visible_batches, visible_releases
from tasks.errors import Missing
from tasks.files import RESULT_TYPES, result_response
from tasks.models import Drift, Release, ReleaseCell
from tasks.states import JobState

WHOLE = OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
PART = OpenApiResponse(OpenApiTypes.BINARY, description="The part asked for, at most 16 MB of it.")
BEYOND = OpenApiResponse(description="The part asked for lies beyond the end.")
WHOLE_OR_PART: dict[Any, OpenApiResponse] = {
    **{(200, kind): WHOLE for kind in RESULT_TYPES.values()},
    **{(206, kind): PART for kind in RESULT_TYPES.values()},
    416: BEYOND,
}
KINDS = (release_fresh.CHANGED, release_fresh.ADDED, release_fresh.REMOVED)
YES = {"true": True, "false": False}


class ResultsView(ApiView):
    scopes = {"POST": Scope.DIRECT}
    max_file = LIMITS.file_bytes

    @operation(
        "results",
        "Result files of a batch, newest first",
        {200: page_of(result_shapes.Result)},
        query=PAGING,
    )
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        if not visible_batches(self.user, now()).filter(pk=batch_id).exists():
            raise Missing
        rows = visible_releases(self.user, now()).filter(batch=batch_id).select_related("uploaded_by")
        return lists.listed(
            request, rows, key=("-id",), render=lambda found: [release_json(one) for one in found]
        )

    @operation(
        "request_results",
        "Ask for a result file; a job writes it. As multipart with a fresh export of the shop",
        {202: result_shapes.Result},
        takes=inputs.RESULTS,
        form=inputs.RESULTS_WITH_FRESH,
    )
    def post(self, request: Request, batch_id: int) -> HttpResponse:
        multipart = self.body.is_multipart
        wanted = (
            inputs.RESULTS.read(_typed(self.body.form())) if multipart else self.body.read(inputs.RESULTS)
        )
        fresh = self.body.file("fresh") if multipart else None
        made = releases.request_release(
            batch_id=batch_id,
            format=wanted["format"],
            restores=wanted.get("restores"),
            since_uploaded=wanted.get("since_uploaded", False),
            overwrite=wanted.get("overwrite", False),
            answers=wanted.get("answers"),
            later_check=wanted.get("later_check"),
            fresh=fresh,
            fresh_name=(fresh.name or "") if fresh else "",
            by=self.user,
            now=now(),
        )
        return answer(release_json(made), status=202, headers={"Location": f"/api/v1/results/{made.pk}"})


def _typed(form: Mapping[str, str]) -> dict[str, Any]:
    """The texts of a form as the JSON body has them."""
    found: dict[str, Any] = dict(form)
    for name in ("restores", "later_check"):
        number = found.get(name, "")
        if number.isascii() and number.isdigit() and len(number) < 19:
            found[name] = int(number)
    for name in ("since_uploaded", "overwrite"):
        if name in found:
            found[name] = YES.get(found[name], found[name])
    return found


class OneResultView(ApiView):
    def result(self, result_id: int) -> Release:
        rows = visible_releases(self.user, now()).select_related("uploaded_by")
        found = rows.filter(pk=result_id).first()
        if found is None:
            raise Missing
        return found


class ResultView(OneResultView):
    @operation("result", "How a result file comes along, and what it holds", {200: result_shapes.Result})
    def get(self, request: Request, result_id: int) -> HttpResponse:
        return answer(release_json(self.result(result_id)))


class ResultFileView(OneResultView):
    @operation(
        "result_file",
        "The file, whole or the part that Range names",
        WHOLE_OR_PART,
        query=(OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=first-last"),),
    )
    def get(self, request: Request, result_id: int) -> HttpResponseBase:
        found = self.result(result_id)
        if found.state != JobState.DONE:
            raise Conflict("result_not_ready", _("This file is not written yet."), state=found.state)
        return result_response(request._request, found)


class CellsView(OneResultView):
    @operation(
        "result_cells",
        "The cells that a result file wrote, with what stood there before",
        {200: page_of(result_shapes.Cell)},
        query=(
            OpenApiParameter("key", str, description="of one product"),
            OpenApiParameter("column", str, description="logical name of a column"),
            *PAGING,
        ),
    )
    def get(self, request: Request, result_id: int) -> HttpResponse:
        found = self.result(result_id)
        rows = ReleaseCell.objects.filter(release=found, release__state=JobState.DONE)
        for name, column in (("key", "key"), ("column", "logical")):
            wanted = request.GET.get(name)
            if wanted is not None:
                _require_storable(name, wanted)
                rows = rows.filter(**{column: wanted})
        return lists.listed(
            request, rows, key=("id",), render=lambda cells: [cell_json(one) for one in cells]
        )


def _require_storable(name: str, text: str) -> None:
    if "\0" in text or len(text) > 255:
        raise invalid(name, "too_long" if len(text) > 255 else "unstorable")


class DriftView(OneResultView):
    @operation(
        "result_drift",
        "What the shop changed since the batch's file, found in the fresh export",
        {200: page_of(result_shapes.DriftEntry)},
        query=(
            one_of("kind", KINDS),
            one_of("answered", YES, "only what an answer would overwrite, or only the rest"),
            *PAGING,
        ),
    )
    def get(self, request: Request, result_id: int) -> HttpResponse:
        found = self.result(result_id)
        rows = Drift.objects.filter(release=found, release__state=JobState.DONE)
        kind, answered = lists.choice(request, "kind", KINDS), lists.choice(request, "answered", YES)
        if kind is not None:
            rows = rows.filter(kind=kind)
        if answered is not None:
            rows = rows.filter(answered=YES[answered])
        return lists.listed(
            request, rows, key=("id",), render=lambda drift: [drift_json(one) for one in drift]
        )


class UploadedView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation("mark_uploaded", "Tick a file off as uploaded to the shop", {200: result_shapes.Result})
    def post(self, request: Request, result_id: int) -> HttpResponse:
        return answer(release_json(uploaded.mark_uploaded(release_id=result_id, by=self.user, now=now())))


class NotUploadedView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation("mark_not_uploaded", "Take the tick back", {200: result_shapes.Result})
    def post(self, request: Request, result_id: int) -> HttpResponse:
        return answer(release_json(uploaded.mark_not_uploaded(release_id=result_id, by=self.user, now=now())))


class TraceView(ApiView):
    @operation(
        "trace",
        "Where an answer went, and others by the same worker",
        {200: result_shapes.Trace},
        query=PAGING,
    )
    def get(self, request: Request, submission_id: int) -> HttpResponse:
        submission = traces.answer_at_desk(submission_id, self.user, now())
        others = paging.page(
            traces.others_by_worker(submission, self.user, now()),
            key=("-id",),
            after=request.GET.get("after"),
            limit=lists.limit(request),
        )
        more = lists.next_address(request, "after", others.next)
        return answer(trace_json(submission, traces.releases_of(submission), others.items, more))


ROUTES: dict[str, type[APIView]] = {
    "batches/<id:batch_id>/results": ResultsView,
    "results/<id:result_id>": ResultView,
    "results/<id:result_id>/file": ResultFileView,
    "results/<id:result_id>/cells": CellsView,
    "results/<id:result_id>/drift": DriftView,
    "results/<id:result_id>/uploaded": UploadedView,
    "results/<id:result_id>/not-uploaded": NotUploadedView,
    "submissions/<id:submission_id>/trace": TraceView,
}
