"""The plan as a file: volumes taken in, the plan given out."""

from io import BytesIO

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.domain.queries import directed_store
from frontend.batches.access import person
from frontend.planner.changes import back, form_of_page
from frontend.planner.views import Refused, shown
from kernel.clock import now
from kernel.errors import FieldProblem, Invalid
from tasks.domain.plan_file import import_volumes, write_plan
from tasks.domain.planner import plan_of


@form_of_page
def take(request: HttpRequest, store_id: int) -> HttpResponse:
    """Takes volumes and minutes from a file; of one with a mistake nothing."""
    file = request.FILES.get("file")
    try:
        if file is None:
            problem = FieldProblem("", "required", _("Choose a file."))
            raise Invalid("plan_file_invalid", problem.message, fields=[problem])
        n = import_volumes(store_id=store_id, file=file, by=person(request), now=now())  # type: ignore[arg-type]  # read and sought alone
    except Invalid as wrong:
        return shown(request, store_id, Refused("import", wrong))
    messages.success(
        request,
        ngettext("%(n)d operation of the file saved.", "%(n)d operations of the file saved.", n) % {"n": n},
    )
    return back(store_id)


@login_required
@require_GET
def give(request: HttpRequest, store_id: int) -> HttpResponse:
    """The whole plan as CSV for a spreadsheet."""
    store = directed_store(store_id, person(request), now())
    out = BytesIO()
    write_plan(plan_of(store, now()), out)
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="operations-{timezone.localdate()}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
