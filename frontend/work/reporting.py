"""A worker says that a task cannot be done. What was typed is kept first."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from frontend.work.changes import shown_beside
from frontend.work.page import task_page
from frontend.work.views import keep_typed, own
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain.reports import report_impossible


@login_required
@require_POST
def report(request: HttpRequest, assignment_id: int) -> HttpResponse:
    keep_typed(request, assignment_id)
    user: Any = request.user
    typed = {"reason": request.POST.get("report-reason", ""), "note": request.POST.get("report-note", "")}
    try:
        report_impossible(assignment_id=assignment_id, by=user, now=now(), **typed)
    except Conflict as refused:
        messages.warning(request, str(refused.message))
        return redirect("work_task", assignment_id)
    except Invalid as refused:
        assignment = own(request, assignment_id)
        shown = {**task_page(assignment, now=now()), **shown_beside(request, assignment)}
        return render(
            request, "work/task.html", {**shown, "report_typed": typed, "report_problem": refused}, status=422
        )
    messages.success(request, _("Your report is sent. The store answers within two days."))
    return redirect("work_task", assignment_id)
