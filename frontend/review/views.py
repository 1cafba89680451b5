"""The review desk: a queue by deadline, one submission at a time, decided by key."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.domain.queries import DESK, has_role
from frontend.regions import region_response
from frontend.review import queue as line
from frontend.review.desk import desk_page, presence_of
from frontend.work.replies import problem_json
from kernel import paging
from kernel.clock import now
from kernel.errors import TenchoError
from tasks.answers.schema import parse_form
from tasks.domain import review
from tasks.domain.queries import visible_batches, visible_submissions
from tasks.errors import Missing
from tasks.models import Assignment, Batch, Submission

PAGE = 20


@login_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    return render(request, "review/queue.html", _queue(request))


@login_required
@require_GET
def queue_list(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    heard = line.topics_of(user, now())
    return region_response(request, heard, "review/_queue.html", lambda: _queue(request))


def _queue(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    moment = now()
    batch_id = batch_asked(request)
    rows = line.waiting(user, moment, batch_id)
    found = paging.page(rows, key=["auto_approve_at", "id"], after=request.GET.get("after"), limit=PAGE)
    return {
        "rows": [_row(assignment, user, moment) for assignment in found.items],
        "next": found.next,
        "first_page": "after" not in request.GET,
        "undoable": line.undoable(user, moment),
        "second_person": line.second_person(user, moment, batch_id),
        "batch": _batch(request, batch_id),
        "batch_filter": batch_id,
        "topics": line.topics_of(user, moment),
    }


def _row(assignment: Assignment, user: Any, moment: Any) -> dict[str, Any]:
    leased = assignment.review_lease_until is not None and assignment.review_lease_until > moment
    return {
        "work": assignment,
        "submission": assignment.__dict__["submission_id"],
        "close": line.is_close(assignment, moment),
        "reviewer": assignment.reviewer if assignment.state == "in_review" and leased else None,
        "mine": leased and assignment.reviewer_id == user.pk,
        "own": assignment.worker_id == user.pk,
    }


def batch_asked(request: HttpRequest) -> int | None:
    """The batch that the address or the form limits the queue to."""
    asked = request.GET.get("batch") or request.POST.get("batch") or ""
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None


def _batch(request: HttpRequest, batch_id: int | None) -> Batch | None:
    user: Any = request.user
    if batch_id is None:
        return None
    found = visible_batches(user, now()).filter(pk=batch_id).first()
    if found is None:
        raise Missing
    return found


@login_required
@require_GET
def desk(request: HttpRequest, submission_id: int) -> HttpResponse:
    return desk_response(request, seen_submission(request, submission_id))


def seen_submission(request: HttpRequest, submission_id: int) -> Submission:
    """A submission to a store whose desk the reader sits at; `Missing` for others and rejected content."""
    user: Any = request.user
    found = visible_submissions(user, now()).filter(pk=submission_id).select_related("assignment").first()
    if found is None or not has_role(user, found.assignment.store_id, now(), *DESK):
        raise Missing
    return found


def desk_response(
    request: HttpRequest, submission: Submission, *, status: int = 200, typed: dict[str, Any] | None = None
) -> HttpResponse:
    user: Any = request.user
    context = desk_page(submission, by=user, now=now(), batch_id=batch_asked(request), typed=typed)
    context["undoable"] = line.undoable(user, now())
    template = "review/_desk.html" if is_script(request) else "review/desk.html"
    response = render(request, template, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def is_script(request: HttpRequest) -> bool:
    """The desk's own script asks for the part between the frame alone, and for JSON after a decision."""
    return request.headers.get("X-Desk") == "1"


@login_required
@require_GET
def presence(request: HttpRequest, submission_id: int) -> HttpResponse:
    user: Any = request.user
    submission = seen_submission(request, submission_id)
    assignment = Assignment.objects.select_related("reviewer").get(pk=submission.assignment_id)
    context = presence_of(assignment, submission, by=user, now=now())
    return region_response(request, context["presence_topics"], "review/_presence.html", lambda: context)


@login_required
@require_GET
def following(request: HttpRequest) -> HttpResponse:
    """The item behind `?after=`: its desk for the script (204 if nothing waits), else a redirect to it."""
    user: Any = request.user
    place = line.Place.parse(request.GET.get("after", ""))
    found = line.after(user, now(), batch_asked(request), place)
    if not is_script(request):
        return redirect(_address(request, found))
    if found is None:
        return HttpResponse(status=204)
    return desk_response(request, seen_submission(request, found.__dict__["submission_id"]))


def _address(request: HttpRequest, found: Assignment | None) -> str:
    """Of an item's desk, else of the queue; the batch filter stays."""
    batch_id = batch_asked(request)
    query = f"?{urlencode({'batch': batch_id})}" if batch_id is not None else ""
    if found is None:
        return reverse("review") + query
    return reverse("review_desk", args=[found.__dict__["submission_id"]]) + query


@login_required
@require_POST
def start(request: HttpRequest, submission_id: int) -> HttpResponse:
    user: Any = request.user
    try:
        held = review.start_review(submission_id=submission_id, by=user, now=now())
    except TenchoError as refused:
        return refusal(request, submission_id, refused)
    if is_script(request):
        return JsonResponse({"until": held.review_lease_until})
    batch_id = batch_asked(request)
    query = f"?{urlencode({'batch': batch_id})}" if batch_id is not None else ""
    return redirect(reverse("review_desk", args=[submission_id]) + query)


@login_required
@require_POST
def stop(request: HttpRequest, submission_id: int) -> HttpResponse:
    user: Any = request.user
    try:
        review.stop_review(submission_id=submission_id, by=user, now=now())
    except TenchoError as refused:
        return refusal(request, submission_id, refused)
    return JsonResponse({}) if is_script(request) else redirect(_address(request, None))


@login_required
@require_POST
def approve(request: HttpRequest, submission_id: int) -> HttpResponse:
    user: Any = request.user
    note = request.POST.get("note", "")
    return carry_out(
        request,
        submission_id,
        lambda: review.approve(submission_id=submission_id, note=note, by=user, now=now()),
        _("Approved."),
        undo=reverse("review_undo", args=[submission_id]),
    )


@login_required
@require_POST
def changes(request: HttpRequest, submission_id: int) -> HttpResponse:
    user: Any = request.user
    submission = seen_submission(request, submission_id)
    form = parse_form(submission.assignment.template_version.form)
    comments = {field.name: request.POST.get(f"comment-{field.name}", "") for field in form.fields}
    note = request.POST.get("note", "")
    return carry_out(
        request,
        submission_id,
        lambda: review.request_changes(
            submission_id=submission_id, comments=comments, note=note, by=user, now=now()
        ),
        _("Sent back with your comments."),
        comments=comments,
        note=note,
    )


@login_required
@require_POST
def reject(request: HttpRequest, submission_id: int) -> HttpResponse:
    user: Any = request.user
    reasons, note = request.POST.getlist("reasons"), request.POST.get("note", "")
    return carry_out(
        request,
        submission_id,
        lambda: review.reject(submission_id=submission_id, reasons=reasons, note=note, by=user, now=now()),
        _("Rejected."),
        reasons=reasons,
        reject_note=note,
    )


@login_required
@require_POST
def accept(request: HttpRequest, submission_id: int) -> HttpResponse:
    """A person takes an approved answer into use; the page stays at it."""
    user: Any = request.user
    try:
        review.accept(submission_id=submission_id, by=user, now=now())
    except TenchoError as refused:
        return refusal(request, submission_id, refused)
    messages.success(request, _("This answer is the one that is used now."))
    return redirect("review_desk", submission_id)


def carry_out(
    request: HttpRequest,
    submission_id: int,
    act: Callable[[], object],
    done: str,
    undo: str = "",
    **typed: Any,
) -> HttpResponse:
    """Carries a decision out and goes on to the next item; a refusal keeps what was typed."""
    user: Any = request.user
    try:
        act()
    except TenchoError as refused:
        return refusal(request, submission_id, refused, **typed)
    if is_script(request):
        return JsonResponse({"message": done, "undo": undo})
    messages.success(request, done)
    place = line.Place.parse(request.POST.get("place", ""))
    return redirect(_address(request, line.after(user, now(), batch_asked(request), place)))


def refusal(request: HttpRequest, submission_id: int, refused: TenchoError, **typed: Any) -> HttpResponse:
    answer = problem_json(refused)
    if is_script(request):
        return answer
    submission = seen_submission(request, submission_id)
    return desk_response(request, submission, status=answer.status_code, typed={**typed, "problem": refused})
