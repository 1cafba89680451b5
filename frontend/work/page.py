"""What the task page shows of one assignment, in whichever state it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from frontend.answerform.render import input_name, render_form
from frontend.work.inputs import describe_inputs, manual_html
from frontend.work.uploads import upload_url
from kernel.errors import FieldProblem
from tasks import topics
from tasks.answers.checks import Check, describe
from tasks.answers.schema import Form, parse_form
from tasks.answers.texts import parse_local_text
from tasks.domain import reports
from tasks.domain.corrections import correction_of
from tasks.domain.draft import may_submit_late
from tasks.domain.review import citable
from tasks.domain.set_aside import STAGE
from tasks.domain.versions import checks_of
from tasks.models import Assignment, Correction, Review, Slot, Submission
from tasks.states import OFF_TASK, ON_TASK, AssignmentState, Decision, ReportReason, SlotState

EDITABLE = (AssignmentState.CLAIMED, AssignmentState.CHANGES_REQUESTED)


@dataclass(frozen=True)
class ShownField:
    """One field of the answer with what a reviewer wrote beside it."""

    name: str
    control: str
    label: str
    html: SafeString
    comment: str = ""
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """One field that a reviewer corrected, as it was handed in and as it is used."""

    label: str
    before: SafeString
    after: SafeString


@dataclass(frozen=True)
class Corrected:
    row: Correction
    changes: list[Change]


@dataclass(frozen=True)
class Round:
    """One submission and what was decided on it."""

    submission: Submission
    review: Review | None
    fields: list[ShownField]
    comments: list[tuple[str, str]]
    reasons: list[str]
    correction: Corrected | None = None


def form_of(assignment: Assignment) -> Form:
    return parse_form(assignment.template_version.form)


def task_page(
    assignment: Assignment,
    *,
    now: datetime,
    typed: Mapping[str, Any] | None = None,
    problems: Iterable[FieldProblem] = (),
    conflict: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The page's context. `typed` is an answer that could not be taken; `conflict` the draft it met."""
    version = assignment.template_version
    form = form_of(assignment)
    rounds = rounds_of(assignment, form)
    again = _taken_again(assignment)
    editable = again is None and (assignment.state in EDITABLE or may_submit_late(assignment, now))
    if editable:
        values = assignment.draft if typed is None else typed
    else:
        values = rounds[-1].submission.answer if rounds else assignment.draft
    comments = _open_comments(assignment, rounds)
    problems = list(problems)
    return {
        "assignment": assignment,
        "step": assignment.step,
        "batch": assignment.step.batch,
        "unit": assignment.task.unit,
        "inputs": describe_inputs(version, assignment.task.unit),
        "manual": manual_html(version),
        "editable": editable,
        "fields": shown_fields(
            form,
            checks_of(assignment.step, version.pk),
            values=values,
            problems=problems,
            comments=comments,
            edit=editable,
            unit_values=assignment.task.unit.values,
        ),
        "problems": [(form.owner(problem.field), problem) for problem in problems],
        "unread": shown_fields(form, [], values=typed, edit=False) if typed and not editable else None,
        "rounds": rounds,
        "last_round": rounds[-1] if rounds else None,
        "again": again,
        "may_take_again": again is None and _is_open(assignment),
        "conflict": _conflict(form, conflict),
        "alternatives": assignment.alternatives.count(),
        "report_reasons": ReportReason.choices,
        "share": reports.paid_share(assignment),
        "last_report": assignment.reports.order_by("-pk").first(),
        "beat": min(assignment.step.lease_minutes * 20, 60),
        **status_of(assignment, seen=assignment.state),
    }


def status_of(assignment: Assignment, *, seen: str, version: str = "") -> dict[str, Any]:
    """What the live part at the top tells: the state, and whether the page around it shows another one."""
    url = reverse("work_status", args=[assignment.pk])
    return {
        "assignment": assignment,
        "batch": assignment.step.batch,
        "moved": seen != assignment.state,
        "manual_moved": version not in ("", str(assignment.template_version_id)),
        "seen": seen,
        "status_url": f"{url}?seen={seen}&version={version or assignment.template_version_id}",
        "status_topics": status_topics(assignment),
    }


def status_topics(assignment: Assignment) -> list[str]:
    """Pauses of the batch are told to those it is offered to."""
    return [f"user.{assignment.worker_id}", topics.of_offer(assignment.step)]


def shown_fields(
    form: Form,
    checks: list[Check],
    *,
    values: Mapping[str, Any],
    problems: Iterable[FieldProblem] = (),
    comments: Mapping[str, str] | None = None,
    edit: bool,
    unit_values: Mapping[str, Any] | None = None,
) -> list[ShownField]:
    """Each field drawn by itself, so that comments can stand at it. Image pairs to fill in need the unit."""
    found: dict[str, list[FieldProblem]] = {}
    for problem in problems:
        found.setdefault(problem.field.partition(".")[0], []).append(problem)
    return [
        ShownField(
            name=one.name,
            control=input_name(one.name),
            label=str(one.label),
            html=render_form(
                form,
                checks,
                values=values,
                errors=found.get(one.name, []),
                mode="edit" if edit else "readonly",
                image_url=upload_url,
                unit_values=unit_values,
                only=one.name,
            ),
            comment=(comments or {}).get(one.name, ""),
            errors=[str(problem.message) for problem in found.get(one.name, [])],
        )
        for one in form.fields
    ]


def rounds_of(assignment: Assignment, form: Form) -> list[Round]:
    """All submissions of an assignment, oldest first, each with its decision."""
    submissions = assignment.submissions.order_by("number").prefetch_related("reviews")
    submissions = submissions.select_related("correction__corrected_by")
    return [_round(assignment, submission, form) for submission in submissions]


def _round(assignment: Assignment, submission: Submission, form: Form) -> Round:
    decided = [review for review in submission.reviews.all() if review.stage == 1 or review.stage == STAGE]
    decided = [review for review in decided if review.decision != Decision.UNDONE]
    review = max(decided, key=lambda review: review.stage, default=None)
    shown = shown_fields(form, [], values=submission.answer, edit=False)
    if review is None:
        return Round(submission, None, shown, [], [])
    labels = {one.name: str(one.label) for one in form.fields}
    comments = [(labels.get(name, name), text) for name, text in review.comments.items()]
    known = citable(assignment, submission) if review.reasons else {}
    reasons = [words(known.get(reason, reason)) for reason in review.reasons]
    return Round(submission, review, shown, comments, reasons, correction_of_round(submission, form))


def correction_of_round(submission: Submission, form: Form) -> Corrected | None:
    """What a reviewer corrected in a submission. Select `correction__corrected_by` along."""
    row = correction_of(submission)
    if row is None:
        return None
    after = shown_fields(form, [], values=row.answer, edit=False)
    before = shown_fields(form, [], values=submission.answer, edit=False)
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if new.name in row.fields]
    return Corrected(row, [Change(new.label, old.html, new.html) for old, new in pairs])


def words(label: Any) -> str:
    """A label as `citable` gives it: a text in two languages, as object or as stored JSON."""
    return str(parse_local_text(label)) if isinstance(label, Mapping) else str(label)


def failed_checks(submission: Submission) -> list[tuple[str, str]]:
    """Label and finding of each machine check that an answer did not pass."""
    return [
        (words(result["label"]), str(describe(result)))
        for result in submission.checks
        if not result["passed"]
    ]


def _open_comments(assignment: Assignment, rounds: list[Round]) -> dict[str, str]:
    if assignment.state != AssignmentState.CHANGES_REQUESTED or not rounds:
        return {}
    review = rounds[-1].review
    asked = review is not None and review.decision == Decision.CHANGES_REQUESTED
    return dict(review.comments) if review is not None and asked else {}


def _taken_again(assignment: Assignment) -> Assignment | None:
    """The hold that replaced this ended one."""
    if assignment.state not in OFF_TASK:
        return None
    mine = Assignment.objects.filter(task_id=assignment.task_id, worker_id=assignment.worker_id)
    return mine.exclude(pk=assignment.pk).filter(ON_TASK).first()


def _is_open(assignment: Assignment) -> bool:
    if assignment.state not in OFF_TASK or assignment.step.batch.state != "open":
        return False
    return Slot.objects.filter(task_id=assignment.task_id, state=SlotState.OPEN).exists()


def _conflict(form: Form, conflict: Mapping[str, Any] | None) -> list[ShownField] | None:
    if conflict is None:
        return None
    return shown_fields(form, [], values=conflict, edit=False)
