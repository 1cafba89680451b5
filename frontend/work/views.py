"""The task page and the moves a worker makes on it. Every move first keeps what was typed."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from frontend.answerform.post import answer_from_post, control_path, files_from_post
from frontend.regions import region_response
from frontend.work.changes import shown_beside
from frontend.work.page import form_of, status_of, status_topics, task_page
from kernel.clock import now
from kernel.errors import Conflict, FieldProblem, Invalid, TenchoError
from tasks.answers.schema import Form
from tasks.domain import claim, hold
from tasks.domain.draft import DraftOutdated, save_draft
from tasks.domain.queries import visible_assignments
from tasks.domain.submit import submit as hand_in
from tasks.domain.uploads import keep_image
from tasks.errors import Missing
from tasks.models import Assignment
from tasks.states import AssignmentState

Answer = dict[str, Any]


def own(request: HttpRequest, assignment_id: int) -> Assignment:
    """The reader's own assignment; `Missing` (404) for anybody else's."""
    user: Any = request.user
    rows = visible_assignments(user).select_related("started_by", "freed_by")
    found = rows.filter(pk=assignment_id).first()
    if found is None:
        raise Missing
    return found


@login_required
@require_GET
def task(request: HttpRequest, assignment_id: int) -> HttpResponse:
    assignment = own(request, assignment_id)
    shown = {**task_page(assignment, now=now()), **shown_beside(request, assignment)}
    response = render(request, "work/task.html", shown)
    # Going back must not show a form with a fence of yesterday.
    response.headers["Cache-Control"] = "no-store"
    return response


@login_required
@require_GET
def status(request: HttpRequest, assignment_id: int) -> HttpResponse:
    assignment = own(request, assignment_id)
    seen, version = request.GET.get("seen", assignment.state), request.GET.get("version", "")
    return region_response(
        request,
        status_topics(assignment),
        "work/_status.html",
        lambda: status_of(assignment, seen=seen, version=version),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Hands the answer in, or with the button `save` only keeps it."""
    assignment = own(request, assignment_id)
    if request.method != "POST":
        # Where a sign-in that came between leads to.
        return redirect("work_task", assignment_id)
    answer, problems = read_answer(request, form_of(assignment))
    fence = posted_fence(request)
    if problems or "save" in request.POST:
        return _save(request, assignment, answer, fence, problems)
    user: Any = request.user
    try:
        submission = hand_in(assignment_id=assignment_id, answer=answer, fence=fence, by=user, now=now())
    except TenchoError as refused:
        return _again(request, assignment_id, answer, refused)
    return _after(request, assignment, late=submission.late)


def _save(
    request: HttpRequest, assignment: Assignment, answer: Answer, fence: int, problems: list[FieldProblem]
) -> HttpResponse:
    user: Any = request.user
    try:
        save_draft(assignment_id=assignment.pk, answer=answer, fence=fence, by=user, now=now())
    except TenchoError as refused:
        return _again(request, assignment.pk, answer, refused)
    if problems:
        return _page(request, own(request, assignment.pk), 422, typed=answer, problems=problems)
    messages.success(request, _("Your draft is saved."))
    return redirect("work_task", assignment.pk)


def _again(request: HttpRequest, assignment_id: int, answer: Answer, refused: TenchoError) -> HttpResponse:
    """The page once more with everything typed, and why it was not taken."""
    assignment = own(request, assignment_id)
    if isinstance(refused, DraftOutdated):
        return _page(request, assignment, 409, typed=answer, conflict=refused.details["draft"])
    if isinstance(refused, Invalid):
        return _page(request, assignment, 422, typed=answer, problems=refused.fields or [_whole(refused)])
    return _page(request, assignment, 409, typed=answer, problems=[_whole(refused)])


def _whole(refused: TenchoError) -> FieldProblem:
    return FieldProblem("", refused.code, refused.message)


def _page(request: HttpRequest, assignment: Assignment, status: int, **shown: Any) -> HttpResponse:
    context = {**task_page(assignment, now=now(), **shown), **shown_beside(request, assignment)}
    return render(request, "work/task.html", context, status=status)


def _after(request: HttpRequest, assignment: Assignment, *, late: bool) -> HttpResponse:
    if late:
        messages.success(request, _("Handed in late. A reviewer decides whether it can still be used."))
    else:
        messages.success(request, _("Handed in. A reviewer will look at it."))
    if request.POST.get("then") != "next":
        return redirect("my_work")
    return _next(request, assignment.batch_id)


def _next(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The task already in hand, so that pressing twice takes one; else the next one of the batch."""
    user: Any = request.user
    held = Assignment.objects.filter(worker=user, batch_id=batch_id, state=AssignmentState.CLAIMED)
    waiting = held.order_by("claimed_at", "pk").first()
    if waiting is not None:
        return redirect("work_task", waiting.pk)
    try:
        taken = claim.claim_next(batch_id=batch_id, by=user, now=now())
    except Missing:
        return redirect("my_work")
    except TenchoError as refused:
        messages.info(request, str(refused.message))
        return redirect("my_work")
    return redirect("work_task", taken.pk)


@login_required
@require_POST
def extend(request: HttpRequest, assignment_id: int) -> HttpResponse:
    keep_typed(request, assignment_id)
    user: Any = request.user
    before = own(request, assignment_id).lease_expires_at
    try:
        held = hold.extend(assignment_id=assignment_id, by=user, now=now())
    except Conflict as refused:
        messages.warning(request, str(refused.message))
        return redirect("work_task", assignment_id)
    if held.lease_expires_at == before:
        messages.info(request, _("You already have as much time as this task allows."))
    else:
        messages.success(request, _("You have more time now."))
    return redirect("work_task", assignment_id)


@login_required
@require_POST
def release(request: HttpRequest, assignment_id: int) -> HttpResponse:
    keep_typed(request, assignment_id)
    user: Any = request.user
    try:
        hold.release(assignment_id=assignment_id, by=user, now=now())
    except Conflict as refused:
        messages.warning(request, str(refused.message))
        return redirect("work_task", assignment_id)
    messages.success(request, _("You gave the task back. What you typed is kept for you."))
    return redirect("my_work")


def keep_typed(request: HttpRequest, assignment_id: int) -> None:
    """Saves the form that came along with another button; what meets a newer draft is kept beside it."""
    if "fence" not in request.POST:
        return
    user: Any = request.user
    answer, _problems = read_answer(request, form_of(own(request, assignment_id)))
    try:
        save_draft(
            assignment_id=assignment_id, answer=answer, fence=posted_fence(request), by=user, now=now()
        )
    except Conflict as refused:
        messages.warning(request, str(refused.message))


def posted_fence(request: HttpRequest) -> int:
    typed = request.POST.get("fence", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


def read_answer(request: HttpRequest, form: Form) -> tuple[Answer, list[FieldProblem]]:
    """The posted answer, its new pictures kept; and what is wrong with those."""
    user: Any = request.user
    uploads, problems = {}, []
    for control, file in files_from_post(form, request.FILES).items():
        try:
            kept = keep_image(file=file, name=file.name or "", by=user, now=now())
        except Invalid as refused:
            path = control_path(form, control)
            problems += [FieldProblem(path, problem.code, problem.message) for problem in refused.fields]
        else:
            uploads[control] = str(kept.pk)
    return answer_from_post(form, request.POST, uploads=uploads), problems
