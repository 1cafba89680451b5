"""What workers report as impossible, for the director to answer; and taking a held task back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from frontend.batches.access import batch_of, board_page, directs, person
from frontend.work.inputs import describe_inputs
from kernel import paging
from kernel.clock import now
from kernel.errors import TenchoError
from tasks.domain import hold, reports
from tasks.errors import Missing, RoleMissing
from tasks.models import Assignment, Batch, Report

PAGE = 20


@board_page
@require_GET
def listing(request: HttpRequest, batch: Batch) -> HttpResponse:
    return _page(request, batch)


def _page(request: HttpRequest, batch: Batch, *, status: int = 200, **typed: Any) -> HttpResponse:
    """`typed`: the report whose answer was refused, what was written, and why."""
    closed = request.GET.get("show") == "closed"
    rows = Report.objects.filter(batch=batch, closed_at__isnull=not closed).select_related(
        "answered_by", "assignment__worker", "assignment__step__batch", "assignment__task__unit"
    )
    key = ["-id"] if closed else ["created_at", "id"]
    found = paging.page(rows, key=key, after=request.GET.get("after"), limit=PAGE)
    moment = now()
    lines = [_line(report, moment) for report in found.items]
    context = {
        "batch": batch,
        "directs": directs(request, batch),
        "lines": lines,
        "closed": closed,
        "next": found.next,
        "first_page": "after" not in request.GET,
        "typed": typed,
    }
    return render(request, "reports/page.html", context, status=status)


def _line(report: Report, moment: Any) -> dict[str, Any]:
    assignment: Assignment = report.assignment
    return {
        "report": report,
        "assignment": assignment,
        "unit": assignment.task.unit,
        "share": reports.paid_share(assignment),
        "answerable": reports.may_answer(assignment, moment),
        "inputs": describe_inputs(assignment.template_version, assignment.task.unit),
    }


@login_required
@require_POST
def answer(request: HttpRequest, report_id: int) -> HttpResponse:
    text = request.POST.get("answer", "")
    return _act(
        request,
        report_id,
        lambda: reports.answer_report(report_id=report_id, answer=text, by=person(request), now=now()),
        _("Your answer is sent. The task is the worker's again."),
        answer=text,
    )


@login_required
@require_POST
def agree(request: HttpRequest, report_id: int) -> HttpResponse:
    return _act(
        request,
        report_id,
        lambda: reports.agree(report_id=report_id, by=person(request), now=now()),
        _("Agreed. The task ends without an answer, and the share is paid."),
    )


def _act(
    request: HttpRequest, report_id: int, act: Callable[[], object], done: str, **typed: Any
) -> HttpResponse:
    """A refusal shows the list again with what was written."""
    report = Report.objects.filter(pk=report_id).first()
    if report is None:
        raise Missing
    batch = batch_of(request, report.batch_id)
    try:
        act()
    except TenchoError as refused:
        if "answer" not in typed or isinstance(refused, RoleMissing):
            raise
        return _page(request, batch, status=422, of=report_id, problem=refused, **typed)
    messages.success(request, done)
    return redirect("batch_reports", batch.pk)


@login_required
@require_POST
def free(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Takes a held task back; whoever holds it reads the reason."""
    reason = request.POST.get("reason", "")
    try:
        freed = hold.free(assignment_id=assignment_id, reason=reason, by=person(request), now=now())
    except Missing:
        raise
    except TenchoError as refused:
        task = Assignment.objects.filter(pk=assignment_id, store__memberships__user=person(request)).first()
        if task is None or refused.code == "role_missing":
            raise
        messages.warning(request, " ".join([str(refused.message), *_reasons(refused)]))
        return redirect("task", task.task_id)
    messages.success(request, _("The task is free again. Its holder was told why and keeps the draft."))
    return redirect("task", freed.task_id)


def _reasons(refused: TenchoError) -> list[str]:
    return [str(problem.message) for problem in getattr(refused, "fields", ())]
