"""What cannot be done: reports, their answers, and freeing a held task."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers as s
from rest_framework.request import Request

from accounts.states import Scope
from kernel.clock import now
from kernel.errors import Missing
from tasks.api import lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.bodies import Input
from tasks.api.rendering import Json, hold_json, moment, person_json, report_json, unit_json
from tasks.api.schema import PAGING, one_of, operation
from tasks.domain import hold, reports
from tasks.domain.queries import visible_batches
from tasks.models import Report
from tasks.states import ReportReason

_TEXT: dict[str, Any] = {"type": "string", "maxLength": reports.NOTE_MAX}
REPORT = Input(
    ("reason",),
    {
        "reason": {"type": "string", "enum": list(ReportReason.values)},
        "note": {**_TEXT, "default": "", "description": "needed where the reason is other"},
    },
)
ANSWER = Input(("answer",), {"answer": {**_TEXT, "minLength": 1}})
FREE = Input(("reason",), {"reason": {"type": "string", "minLength": 1, "maxLength": hold.REASON_MAX}})


class ReportRow(shapes.Report):
    batch = s.IntegerField()
    task = s.IntegerField()
    unit = shapes.UnitRef()
    worker = shapes.Named()
    due_at = s.DateTimeField(allow_null=True, help_text="when an open report counts as agreed")
    share = s.IntegerField(help_text="yen that are paid if it is agreed")


def _rows() -> QuerySet[Report]:
    return Report.objects.select_related(
        "answered_by", "assignment__worker", "assignment__step", "assignment__task__unit"
    )


def _row(report: Report) -> Json:
    assignment = report.assignment
    return {
        **report_json(report),
        "batch": report.batch_id,
        "task": assignment.task_id,
        "unit": unit_json(assignment.task.unit),
        "worker": person_json(assignment.worker),
        "due_at": None if report.closed_at else moment(assignment.report_due_at),
        "share": reports.paid_share(assignment),
    }


class ReportView(ApiView):
    scopes = {"POST": Scope.WORK}

    @operation("report", "Say that a held task cannot be done", {201: ReportRow}, takes=REPORT)
    def post(self, request: Request, assignment_id: int) -> HttpResponse:
        sent = self.body.read(REPORT)
        made = reports.report_impossible(assignment_id=assignment_id, by=self.user, now=now(), **sent)
        return answer(_row(_rows().get(pk=made.pk)), status=201)


class BatchReportsView(ApiView):
    @operation(
        "batch_reports",
        "What workers reported as impossible, newest first",
        {200: shapes.page_of(ReportRow)},
        query=(one_of("state", ("open", "closed")), *PAGING),
    )
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        if not visible_batches(self.user, now()).filter(pk=batch_id).exists():
            raise Missing
        rows = _rows().filter(batch_id=batch_id)
        state = lists.choice(request, "state", ("open", "closed"))
        if state:
            rows = rows.filter(closed_at__isnull=state == "open")
        return lists.listed(request, rows, key=("-id",), render=lambda found: [_row(one) for one in found])


class DirectorView(ApiView):
    scopes = {"POST": Scope.DIRECT}


class AnswerReportView(DirectorView):
    @operation(
        "answer_report",
        "Say how to go on: the task is the worker's again, with a whole lease",
        {200: ReportRow},
        takes=ANSWER,
    )
    def post(self, request: Request, report_id: int) -> HttpResponse:
        sent = self.body.read(ANSWER)
        reports.answer_report(report_id=report_id, by=self.user, now=now(), **sent)
        return answer(_row(_rows().get(pk=report_id)))


class AgreeView(DirectorView):
    @operation("agree", "Agree that it cannot be done: a share is paid, the task ends", {200: ReportRow})
    def post(self, request: Request, report_id: int) -> HttpResponse:
        reports.agree(report_id=report_id, by=self.user, now=now())
        return answer(_row(_rows().get(pk=report_id)))


class FreeView(DirectorView):
    @operation(
        "free_assignment",
        "Take a held task back with a reason that its holder reads; the draft is kept",
        {200: shapes.Hold},
        takes=FREE,
    )
    def post(self, request: Request, assignment_id: int) -> HttpResponse:
        sent = self.body.read(FREE)
        return answer(hold_json(hold.free(assignment_id=assignment_id, by=self.user, now=now(), **sent)))


ROUTES: dict[str, type[ApiView]] = {
    "assignments/<id:assignment_id>/report": ReportView,
    "assignments/<id:assignment_id>/free": FreeView,
    "batches/<id:batch_id>/reports": BatchReportsView,
    "reports/<id:report_id>/answer": AnswerReportView,
    "reports/<id:report_id>/agree": AgreeView,
}
