"""One answer: where it went, how it was decided, and what else its worker handed in."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from frontend.answerform.render import render_form
from frontend.batches.access import person
from frontend.batches.results import ICONS, TITLES
from frontend.batches.tasks import decided_of
from frontend.work.uploads import upload_url
from kernel import paging
from kernel.clock import now
from tasks.answers.schema import parse_form
from tasks.domain import traces
from tasks.domain.corrections import correction_of, final_answer

OTHERS = 20


@login_required
@require_GET
def page(request: HttpRequest, submission_id: int) -> HttpResponse:
    submission = traces.answer_at_desk(submission_id, person(request), now())
    assignment = submission.assignment
    form = parse_form(assignment.template_version.form)
    others = paging.page(
        traces.others_by_worker(submission, person(request), now()),
        key=["-id"],
        after=request.GET.get("after"),
        limit=OTHERS,
    )
    correction = correction_of(submission)
    labels = {field.name: str(field.label) for field in form.fields}
    context = {
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
        "others": others.items,
        "next": others.next,
        "first": not request.GET.get("after"),
    }
    return render(request, "batches/trace.html", context)
