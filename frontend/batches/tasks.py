"""Tasks of a batch as lists, one task with everything handed in for it, and choosing what is used."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from frontend.answerform.render import render_form
from frontend.batches import cards
from frontend.batches.access import batch_of, board_page, directs, person
from frontend.batches.progress import first_step
from frontend.regions import region_response
from frontend.work.inputs import describe_inputs
from frontend.work.page import Corrected, correction_of_round, words
from frontend.work.uploads import upload_url
from kernel import paging
from kernel.clock import now
from kernel.errors import TenchoError
from tasks.answers.checks import describe
from tasks.answers.schema import parse_form
from tasks.answers.text import as_text
from tasks.domain import counts, review
from tasks.domain.queries import visible_submissions, visible_tasks
from tasks.errors import Missing
from tasks.models import Assignment, Batch, Submission, Task
from tasks.states import UNDECIDED, AssignmentState, TaskState, Use

PAGE = 50
ACCEPT_AT_ONCE = 50


@board_page
@require_GET
def listing(request: HttpRequest, batch: Batch) -> HttpResponse:
    show = request.GET.get("show", "")
    if show == "unseen":
        return _unseen(request, batch)
    step = first_step(batch)
    rows = Task.objects.filter(batch=batch).select_related("unit").defer("unit__values")
    if show == "choose" and step.answers_per_task > 1:
        state = ""
        used = Assignment.objects.filter(task=OuterRef("pk"), state="approved", use=Use.USED)
        rows = rows.filter(~Exists(used), state=TaskState.DONE)
    else:
        state = request.GET.get("state", "")
        state = state if state in TaskState.values else _first_filled(batch)
        rows = rows.filter(state=state)
    page = paging.page(rows, key=["position", "id"], after=request.GET.get("after"), limit=PAGE)
    found = [cards.card_of(task) for task in page.items]
    cards.put_people(found)
    context = {**_tabs(batch), "step": step, "state": state, "cards": found, "next": page.next}
    return render(request, "batches/tasks.html", {**context, "show": "choose" if not state else ""})


def _first_filled(batch: Batch) -> str:
    counted = counts.of_batch(batch.pk)
    filled = (state for state in cards.COLUMNS if counted[state])
    return next(filled, TaskState.OPEN).value


def _tabs(batch: Batch) -> dict[str, Any]:
    counted = counts.of_batch(batch.pk)
    shown = [
        state for state in (*cards.COLUMNS, TaskState.CANCELLED) if state in cards.COLUMNS or counted[state]
    ]
    return {
        "batch": batch,
        "tabs": [{"value": state.value, "label": state.label, "n": counted[state]} for state in shown],
    }


def _unseen(request: HttpRequest, batch: Batch) -> HttpResponse:
    rows = Assignment.objects.filter(
        store_id=batch.store_id, batch=batch, state="approved", use=Use.UNSEEN
    ).select_related("task__unit", "worker", "template_version")
    page = paging.page(rows, key=["decided_at", "id"], after=request.GET.get("after"), limit=ACCEPT_AT_ONCE)
    last = _last_submissions(page.items)
    lines = [
        {
            "assignment": assignment,
            "submission": last[assignment.pk],
            "excerpt": _excerpt(assignment, last[assignment.pk]),
        }
        for assignment in page.items
    ]
    context = {**_tabs(batch), "step": first_step(batch), "show": "unseen", "lines": lines, "next": page.next}
    return render(request, "batches/unseen.html", context)


def _last_submissions(assignments: list[Assignment]) -> dict[int, Submission]:
    rows = Submission.objects.filter(assignment__in=assignments).order_by("number")
    return {submission.assignment_id: submission for submission in rows}


def _excerpt(assignment: Assignment, submission: Submission) -> list[tuple[str, str]]:
    """The filled fields, each cut to what fits a list."""
    form = parse_form(assignment.template_version.form)
    texts = ((str(field.label), as_text(field, submission.answer.get(field.name))) for field in form.fields)
    return [(label, text[:200]) for label, text in texts if text]


@login_required
@require_POST
def accept(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Accepts the named answers for use, each in its own transaction; says which could not be."""
    batch = batch_of(request, batch_id)
    asked = [int(pk) for pk in request.POST.getlist("submission") if pk.isdecimal() and len(pk) < 19]
    of_batch = Submission.objects.filter(pk__in=asked[:ACCEPT_AT_ONCE], assignment__batch=batch)
    done, refused = 0, ""
    for pk in of_batch.order_by("pk").values_list("pk", flat=True):
        try:
            review.accept(submission_id=pk, by=person(request), now=now())
            done += 1
        except TenchoError as error:
            refused = str(error.message)
    if refused:
        messages.warning(request, refused)
    if done:
        text = ngettext("%(n)d answer accepted for use.", "%(n)d answers accepted for use.", done)
        messages.success(request, text % {"n": done})
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        return redirect(target)
    return redirect(reverse("batch_tasks", args=[batch.pk]) + "?show=unseen")


@dataclass(frozen=True)
class Decided:
    """One decision on one submission, in words."""

    review: Any
    comments: list[tuple[str, str]]
    reasons: list[str]


@dataclass(frozen=True)
class Round:
    submission: Submission
    answer: str
    failed: list[dict[str, Any]]
    passed: list[str]
    decisions: list[Decided]
    correction: Corrected | None = None


@dataclass(frozen=True)
class Work:
    """One worker's hold with all its rounds; of rejected work only the reasons are left to read."""

    assignment: Assignment
    rounds: list[Round]
    hidden: bool
    last: Submission | None
    waits: bool
    can_use: bool


def _task_of(request: HttpRequest, task_id: int) -> Task:
    task = visible_tasks(person(request), now()).select_related("batch__store").filter(pk=task_id).first()
    if task is None:
        raise Missing
    return task


@login_required
@require_GET
def page(request: HttpRequest, task_id: int) -> HttpResponse:
    task = _task_of(request, task_id)
    step = first_step(task.batch)
    context = {
        **_answers(request, task),
        "batch": task.batch,
        "inputs": describe_inputs(step.template_version, task.unit),
        "held": _held(task) if directs(request, task.batch) else [],
    }
    return render(request, "batches/task.html", context)


def _held(task: Task) -> list[Assignment]:
    """What a director could take back from its holder."""
    rows = Assignment.objects.filter(task=task, state=AssignmentState.CLAIMED)
    return list(rows.select_related("worker").order_by("pk"))


@login_required
@require_GET
def answers(request: HttpRequest, task_id: int) -> HttpResponse:
    task = _task_of(request, task_id)
    topics = [f"batch.{task.batch_id}"]
    return region_response(request, topics, "batches/_answers.html", lambda: _answers(request, task))


def _answers(request: HttpRequest, task: Task) -> dict[str, Any]:
    works = _works(request, task)
    return {
        "task": task,
        "works": works,
        "several": sum(1 for work in works if work.can_use or work.assignment.use == Use.USED) > 1,
        "topics": [f"batch.{task.batch_id}"],
    }


def _works(request: HttpRequest, task: Task) -> list[Work]:
    assignments = (
        Assignment.objects.filter(task=task)
        .select_related("worker", "template_version")
        .prefetch_related("submissions__reviews__reviewer", "submissions__correction__corrected_by")
        .order_by("pk")
    )
    readable = visible_submissions(person(request), now()).filter(assignment__task=task)
    may_read = set(readable.values_list("pk", flat=True))
    return [_work(assignment, may_read) for assignment in assignments]


def _work(assignment: Assignment, may_read: set[int]) -> Work:
    submissions = sorted(assignment.submissions.all(), key=lambda s: -s.number)
    hidden = any(submission.pk not in may_read for submission in submissions)
    last = submissions[0] if submissions else None
    approved = assignment.state == AssignmentState.APPROVED
    return Work(
        assignment=assignment,
        rounds=[_round(assignment, submission, shown=not hidden) for submission in submissions],
        hidden=hidden,
        last=last,
        waits=assignment.state in UNDECIDED,
        can_use=approved and not assignment.set_aside and assignment.use != Use.USED and last is not None,
    )


def decided_of(assignment: Assignment, submission: Submission) -> list[Decided]:
    """The decisions on one submission in words, the oldest first. Needs its reviews."""
    form = parse_form(assignment.template_version.form)
    labels = {field.name: str(field.label) for field in form.fields}
    citable = review.citable(assignment, submission)
    return [
        Decided(
            review=decided,
            comments=[(labels.get(name, name), text) for name, text in decided.comments.items()],
            reasons=[words(citable.get(reason, reason)) for reason in decided.reasons],
        )
        for decided in sorted(submission.reviews.all(), key=lambda r: r.pk)
    ]


def _round(assignment: Assignment, submission: Submission, *, shown: bool) -> Round:
    form = parse_form(assignment.template_version.form)
    decisions = decided_of(assignment, submission)
    if not shown:
        return Round(submission, "", [], [], decisions)
    answer = render_form(form, [], values=submission.answer, errors=[], mode="readonly", image_url=upload_url)
    failed = [
        {"text": words(check["label"]), "said": describe(check)}
        for check in submission.checks
        if not check["passed"]
    ]
    passed = [words(check["label"]) for check in submission.checks if check["passed"]]
    return Round(submission, answer, failed, passed, decisions, correction_of_round(submission, form))
