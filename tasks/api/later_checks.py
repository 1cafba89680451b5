"""Checks found later: stating one, what it found, and where that stands."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.states import Scope
from kernel.clock import now
from tasks.answers.check_kinds import as_json
from tasks.answers.checks import CheckResult, describe
from tasks.api import inputs, later_shapes, lists
from tasks.api.base import ApiView, answer
from tasks.api.rendering import Json, moment, person_json
from tasks.api.schema import PAGING, one_of, operation
from tasks.api.shapes import page_of
from tasks.domain import later_acts, later_checks, later_scope, traces
from tasks.domain.queries import visible_findings, visible_later_checks
from tasks.errors import Missing
from tasks.models import LaterCheck, LaterFinding
from tasks.states import AnswerPlace


def later_json(later: LaterCheck) -> Json:
    """Needs `version` and `created_by` loaded."""
    return {
        "id": later.pk,
        "template": later.version.template_id,
        "version": later.version_id,
        "kind": later.definition["kind"],
        "check": later.definition,
        "state": later.state,
        "total": later.total,
        "looked_at": later.looked_at,
        "failing": later.failing,
        "in_file": later.in_file,
        "uploaded": later.uploaded,
        "taken_back": later.taken_back,
        "created_by": person_json(later.created_by),
        "created_at": moment(later.created_at),
        "finished_at": moment(later.finished_at),
    }


def _found_json(stored: Mapping[str, Any]) -> Json:
    return {
        "passed": stored["passed"],
        "code": stored["code"],
        "message": str(describe(stored)),
        "measured": stored["measured"],
    }


def _result_json(result: CheckResult) -> Json:
    return _found_json(result.as_json())


def _finding_json(one: LaterFinding) -> Json:
    return {
        "id": one.pk,
        "submission": one.submission_id,
        "batch": {"id": one.batch_id, "name": one.batch.title},
        "unit": {"key": one.key, "title": one.title},
        "worker": person_json(one.worker),
        "found": _found_json(one.result),
        "place": one.place,
    }


class LaterChecksView(ApiView):
    @operation(
        "later_checks",
        "Checks found later, newest first",
        {200: page_of(later_shapes.LaterCheck)},
        query=(OpenApiParameter("template", int, description="of this template"), *PAGING),
    )
    def get(self, request: Request) -> HttpResponse:
        rows = visible_later_checks(self.user, now())
        template = lists.number(request, "template", 0)
        rows = rows.filter(version__template=template) if template else rows
        return lists.listed(
            request, rows, key=("-id",), render=lambda found: [later_json(one) for one in found]
        )


class AnswersLaterChecksView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "suggested_checks",
        "Checks of newer versions that this answer's version had not, each tried on the answer",
        {200: later_shapes.Suggestions},
    )
    def get(self, request: Request, submission_id: int) -> HttpResponse:
        submission = traces.answer_at_desk(submission_id, self.user, now())
        items = [
            {"check": as_json(one.check), "version": one.version.pk, "found": _result_json(one.result)}
            for one in later_scope.suggested(submission)
        ]
        return answer({"items": items})

    @operation(
        "start_later_check",
        "Look through every answer of the same work for what fails this check; a job does it",
        {202: later_shapes.LaterCheck},
        takes=inputs.LATER_CHECK,
    )
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        sent = self.body.read(inputs.LATER_CHECK)
        made = later_checks.start(submission_id=submission_id, check=sent["check"], by=self.user, now=now())
        return answer(later_json(made), 202, {"Location": f"/api/v1/later-checks/{made.pk}"})


class TryLaterCheckView(ApiView):
    @operation(
        "try_later_check",
        "Try a check on this one answer; nothing is kept",
        {200: later_shapes.Found},
        takes=inputs.LATER_CHECK,
    )
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        sent = self.body.read(inputs.LATER_CHECK)
        result = later_checks.try_on(
            submission_id=submission_id, check=sent["check"], by=self.user, now=now()
        )
        return answer(_result_json(result))


class OneLaterCheckView(ApiView):
    def later(self, later_check_id: int) -> LaterCheck:
        found = visible_later_checks(self.user, now()).filter(pk=later_check_id).first()
        if found is None:
            raise Missing
        return found


class LaterCheckView(OneLaterCheckView):
    @operation("later_check", "How a check found later comes along", {200: later_shapes.LaterCheck})
    def get(self, request: Request, later_check_id: int) -> HttpResponse:
        return answer(later_json(self.later(later_check_id)))


class FindingsView(OneLaterCheckView):
    @operation(
        "later_findings",
        "The answers that fail it",
        {200: page_of(later_shapes.LaterFinding)},
        query=(
            one_of("place", AnswerPlace.values),
            OpenApiParameter("worker", int, description="of this person"),
            *PAGING,
        ),
    )
    def get(self, request: Request, later_check_id: int) -> HttpResponse:
        rows = visible_findings(self.later(later_check_id))
        place = lists.choice(request, "place", AnswerPlace.values)
        worker = lists.number(request, "worker", 0)
        rows = rows.filter(place=place) if place else rows
        rows = rows.filter(worker=worker) if worker else rows
        return lists.listed(
            request, rows, key=("id",), render=lambda found: [_finding_json(one) for one in found]
        )


class LaterResultsView(OneLaterCheckView):
    @operation(
        "later_results",
        "The result files that hold what it found, the latest 20",
        {200: later_shapes.Holdings},
    )
    def get(self, request: Request, later_check_id: int) -> HttpResponse:
        items = [
            {
                "result": one.release.pk,
                "batch": one.release.batch_id,
                "format": one.release.format,
                "uploaded_at": moment(one.release.uploaded_at),
                "answers": one.answers,
                "restored_by": [restore.pk for restore in one.restores],
            }
            for one in later_acts.files_of(self.later(later_check_id))
        ]
        return answer({"items": items})


class IntoTemplateView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "later_check_into_template",
        "Add the check to the draft of the company's template; a shipped one is copied first",
        {200: later_shapes.IntoTemplate},
    )
    def post(self, request: Request, later_check_id: int) -> HttpResponse:
        made = later_acts.put_into_template(later_check_id=later_check_id, by=self.user, now=now())
        return answer({"template": made.pk})


ROUTES: dict[str, type[APIView]] = {
    "later-checks": LaterChecksView,
    "later-checks/<id:later_check_id>": LaterCheckView,
    "later-checks/<id:later_check_id>/findings": FindingsView,
    "later-checks/<id:later_check_id>/results": LaterResultsView,
    "later-checks/<id:later_check_id>/into-template": IntoTemplateView,
    "submissions/<id:submission_id>/later-checks": AnswersLaterChecksView,
    "submissions/<id:submission_id>/later-checks/try": TryLaterCheckView,
}
