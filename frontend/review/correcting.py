"""Correct and approve at the desk; taking an approval back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from frontend.review.views import carry_out, desk_response, refusal, seen_submission
from frontend.work.views import read_answer
from kernel.clock import now
from kernel.errors import Invalid, TenchoError
from tasks.answers.schema import parse_form
from tasks.domain.corrections import correct_and_approve, correction_of
from tasks.domain.undo import undo_approval
from tasks.models import Correction


@login_required
@require_POST
def correct(request: HttpRequest, submission_id: int) -> HttpResponse:
    user: Any = request.user
    submission = seen_submission(request, submission_id)
    answer, problems = read_answer(request, parse_form(submission.assignment.template_version.form))
    note = request.POST.get("note", "")

    def act() -> None:
        if problems:
            raise Invalid("answer_invalid", _("Some fields need your attention."), fields=problems)
        correct_and_approve(submission_id=submission_id, answer=answer, note=note, by=user, now=now())

    return carry_out(
        request,
        submission_id,
        act,
        _("Approved with your correction."),
        undo=reverse("review_undo", args=[submission_id]),
        correction=answer,
        correct_note=note,
    )


@login_required
@require_POST
def undo(request: HttpRequest, submission_id: int) -> HttpResponse:
    """The answer is on the desk again, with the correction that was made still typed in."""
    user: Any = request.user
    submission = seen_submission(request, submission_id)
    made: Correction | None = correction_of(submission)
    try:
        undo_approval(submission_id=submission_id, by=user, now=now())
    except TenchoError as refused:
        return refusal(request, submission_id, refused)
    messages.success(request, _("The approval is taken back."))
    typed = {"correction": made.answer, "correct_note": made.note} if made is not None else None
    return desk_response(request, submission, typed=typed)
