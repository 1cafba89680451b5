"""One answer: where it went, how it was decided, what else its worker handed in, and checks found later."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from frontend.answerform.render import render_form
from frontend.batches.access import person
from frontend.batches.later_form import KINDS, Typed, fields_of, mark_of
from frontend.batches.results import ICONS, TITLES
from frontend.batches.tasks import decided_of
from frontend.work.uploads import upload_url
from kernel import paging
from kernel.clock import now
from tasks.answers.check_kinds import as_json
from tasks.answers.checks import CheckResult
from tasks.domain import later_scope, traces
from tasks.domain.check_words import asked_for
from tasks.domain.corrections import correction_of, final_answer
from tasks.domain.manuals import lineage
from tasks.domain.queries import visible_later_checks
from tasks.domain.versions import known
from tasks.models import Submission

OTHERS = 20
RECENT = 5


@login_required
@require_GET
def page(request: HttpRequest, submission_id: int) -> HttpResponse:
    submission = traces.answer_at_desk(submission_id, person(request), now())
    return shown(request, submission, typed=Typed())


def shown(
    request: HttpRequest,
    submission: Submission,
    *,
    typed: Typed,
    tried: CheckResult | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was typed about a check and what that found in this answer."""
    context = {**_answer(submission), **_others(request, submission)}
    context |= {**_later(request, submission), "typed": typed, "tried": tried}
    return render(request, "batches/trace.html", context, status=status)


def _answer(submission: Submission) -> dict[str, Any]:
    assignment = submission.assignment
    form = known(assignment.template_version_id).form
    correction = correction_of(submission)
    labels = {field.name: str(field.label) for field in form.fields}
    return {
        "batch": assignment.step.batch,
        "submission": submission,
        "assignment": assignment,
        "unit": assignment.task.unit,
        "answer": render_form(
            form, [], values=final_answer(submission), errors=[], mode="readonly", image_url=upload_url
        ),
        "correction": correction,
        "corrected": [labels.get(name, name) for name in correction.fields] if correction else [],
        "decisions": decided_of(assignment, submission),
        "went": [
            {"into": one, "title": TITLES[one.release.format], "icon": ICONS[one.release.format]}
            for one in traces.releases_of(submission)
        ],
        "fields": fields_of(form),
    }


def _others(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    others = paging.page(
        traces.others_by_worker(submission, person(request), now()),
        key=["-id"],
        after=request.GET.get("after"),
        limit=OTHERS,
    )
    return {"others": others.items, "next": others.next, "first": not request.GET.get("after")}


def _later(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    """Checks of newer versions, those that were run before, and the kinds of a new one."""
    assignment = submission.assignment
    form = known(assignment.template_version_id).form
    work = lineage(assignment.template_version, assignment.step.batch.store.company_id)
    recent = visible_later_checks(person(request), now()).filter(
        company=assignment.step.batch.store.company_id, version__in=work.values("pk")
    )
    return {
        "suggested": [
            {
                "one": one,
                "mark": mark_of(one),
                "field": form.at(one.check.field),
                "asked": asked_for(as_json(one.check)),
            }
            for one in later_scope.suggested(submission)
        ],
        "recent": [
            {"later": later, "asked": asked_for(later.definition)}
            for later in recent.order_by("-pk")[:RECENT]
            if later_scope.check_for(later.definition, later.version_id) is not None
        ],
        "kinds": KINDS,
    }
