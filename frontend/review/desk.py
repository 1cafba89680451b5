"""What the desk shows of one submission: checks, then each field beside the shop's data and the last one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.domain.queries import has_role, member_ids
from accounts.models import User
from frontend.review.queue import Place
from frontend.work.inputs import describe_inputs, manual_html
from frontend.work.page import (
    Corrected,
    Round,
    ShownField,
    correction_of_round,
    form_of,
    rounds_of,
    shown_fields,
    words,
)
from tasks.answers.checks import describe, parse_checks
from tasks.answers.lists import ChecklistItem, parse_checklist
from tasks.answers.measure import length
from tasks.answers.schema import Field, FieldKind, Form
from tasks.answers.text import as_text
from tasks.domain.corrections import second_people
from tasks.domain.review import citable
from tasks.models import Assignment, Submission, Unit
from tasks.models.assignment import CHANGES_AT_MOST
from tasks.rules import DIRECT_ROLES, REVIEW_ROLES, may_review
from tasks.states import UNDECIDED, AssignmentState, Use

COMPARED = (FieldKind.TEXT, FieldKind.LONG_TEXT)


@dataclass(frozen=True)
class DeskCheck:
    """One result of a machine check, in words."""

    label: str
    finding: str
    blocking: bool


@dataclass(frozen=True)
class DeskField:
    """One field of the answer: drawn, and as texts to compare where it is text."""

    name: str
    label: str
    html: SafeString
    text: str
    length: int | None
    source: str | None
    previous: str | None
    asked: str
    comment: str
    failed: list[DeskCheck]


@dataclass(frozen=True)
class Other:
    """Another worker's answer to the same task."""

    assignment: Assignment
    submission: Submission
    fields: list[ShownField]


def desk_page(
    submission: Submission,
    *,
    by: User,
    now: datetime,
    batch_id: int | None,
    typed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The desk's context. `typed` is what a refused decision held: comments, note, reasons, problem."""
    assignment = _load(submission)
    form = form_of(assignment)
    rounds = rounds_of(assignment, form)
    typed = typed or {}
    open_ = assignment.state in UNDECIDED and submission.pk == rounds[-1].submission.pk
    place = Place.of(assignment)
    return {
        "submission": submission,
        "assignment": assignment,
        "step": assignment.step,
        "batch": assignment.step.batch,
        "unit": assignment.task.unit,
        "inputs": describe_inputs(assignment.template_version, assignment.task.unit),
        "manual": manual_html(assignment.template_version),
        "checklist": checklist(assignment),
        "failed": [_check(result) for result in submission.checks if not result["passed"]],
        "passed": [_check(result) for result in submission.checks if result["passed"]],
        "fields": _fields(submission, assignment.task.unit, form, rounds, typed),
        "rounds": [one for one in rounds if one.submission.number < submission.number],
        "others": _others(assignment, form),
        "open": open_,
        "may_ask": open_
        and assignment.state != AssignmentState.SURPLUS
        and assignment.rounds < CHANGES_AT_MOST,
        "asked_enough": open_ and assignment.rounds >= CHANGES_AT_MOST,
        "may_accept": _may_accept(assignment, by, rounds[-1].correction),
        **_correcting(submission, assignment, form, open_, typed),
        **_second_person(assignment, by, now, rounds[-1].correction),
        "correction": correction_of_round(submission, form),
        "own": assignment.worker_id == by.pk,
        "own_allowed": assignment.worker_id != by.pk or _own_allowed(assignment, by, now),
        "reasons": [(key, words(label)) for key, label in citable(assignment, submission).items()],
        "place": str(place) if place else "",
        "batch_filter": batch_id,
        "typed": typed,
        **presence_of(assignment, submission, by=by, now=now),
    }


def _may_accept(assignment: Assignment, by: User, correction: Corrected | None) -> bool:
    own = correction is not None and correction.row.second_person and correction.row.corrected_by_id == by.pk
    return assignment.state == AssignmentState.APPROVED and assignment.use != Use.USED and not own


def _correcting(
    submission: Submission, assignment: Assignment, form: Form, open_: bool, typed: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer's fields to correct in place, with what a refused correction held."""
    if not open_:
        return {"edit_fields": [], "correcting": False}
    refused = typed.get("problem")
    fields = shown_fields(
        form,
        parse_checks(assignment.template_version.checks, form),
        values=typed.get("correction", submission.answer),
        problems=getattr(refused, "fields", ()) if "correction" in typed else (),
        edit=True,
        unit_values=assignment.task.unit.values,
    )
    return {"edit_fields": fields, "correcting": "correction" in typed}


def _second_person(
    assignment: Assignment, by: User, now: datetime, correction: Corrected | None
) -> dict[str, Any]:
    """Who has to look at a corrected price or address before it is used."""
    waits = assignment.use == Use.UNSEEN and correction is not None and correction.row.second_person
    if not waits or correction is None:
        return {"second_person": False}
    able = second_people(assignment, correction.row.corrected_by_id, now)
    names = User.objects.filter(pk__in=able).order_by("name").values_list("name", flat=True)
    return {
        "second_person": True,
        "corrected_by_me": correction.row.corrected_by_id == by.pk,
        "second_people": list(names),
    }


def presence_of(assignment: Assignment, submission: Submission, *, by: User, now: datetime) -> dict[str, Any]:
    """Who is looking at it now, and whether it was decided meanwhile."""
    until = assignment.review_lease_until
    leased = assignment.state == AssignmentState.IN_REVIEW and until is not None and until > now
    return {
        "assignment": assignment,
        "submission": submission,
        "mine": leased and assignment.reviewer_id == by.pk,
        "other_reviewer": assignment.reviewer if leased and assignment.reviewer_id != by.pk else None,
        "until": until if leased else None,
        "undecided": assignment.state in UNDECIDED,
        "decided_by": "" if assignment.state in UNDECIDED else _decided_by(submission),
        "presence_url": reverse("review_presence", args=[submission.pk]),
        "presence_topics": [f"review.store.{assignment.store_id}", f"batch.{assignment.batch_id}"],
    }


def _decided_by(submission: Submission) -> str:
    last = submission.reviews.select_related("reviewer").order_by("-pk").first()
    return last.reviewer.name if last is not None and last.reviewer is not None else ""


def _load(submission: Submission) -> Assignment:
    rows = Assignment.objects.select_related(
        "task__unit", "step__batch__store", "template_version__template", "worker", "reviewer"
    )
    return rows.get(pk=submission.assignment_id)


def checklist(assignment: Assignment) -> list[ChecklistItem]:
    return parse_checklist(assignment.template_version.checklist)


def _check(result: Mapping[str, Any]) -> DeskCheck:
    return DeskCheck(words(result["label"]), str(describe(result)), bool(result["blocking"]))


def _fields(
    submission: Submission, unit: Unit, form: Form, rounds: list[Round], typed: Mapping[str, Any]
) -> list[DeskField]:
    earlier = [one for one in rounds if one.submission.number < submission.number]
    last = earlier[-1] if earlier else None
    asked = dict(last.review.comments) if last and last.review else {}
    drawn = shown_fields(form, [], values=submission.answer, edit=False)
    columns = form.columns()
    comments = typed.get("comments", {})
    return [
        DeskField(
            name=one.name,
            label=str(one.label),
            html=shown.html,
            text=_text(one, submission.answer),
            length=length(_text(one, submission.answer)) if one.kind in COMPARED else None,
            source=_source(one, unit, columns),
            previous=_previous(one, last.submission.answer) if last else None,
            asked=str(asked.get(one.name, "")),
            comment=str(comments.get(one.name, "")),
            failed=[
                _check(result)
                for result in submission.checks
                if result["field"].partition(".")[0] == one.name and not result["passed"]
            ],
        )
        for one, shown in zip(form.fields, drawn, strict=True)
    ]


def _text(one: Field, answer: Mapping[str, Any]) -> str:
    return str(answer.get(one.name) or "") if one.kind in COMPARED else ""


def _previous(one: Field, answer: Mapping[str, Any]) -> str | None:
    """What the field said in the last round, rows line by line; None where only looking compares."""
    return as_text(one, answer.get(one.name)) if one.kind in (*COMPARED, FieldKind.ROWS) else None


def _source(one: Field, unit: Unit, columns: Mapping[str, str]) -> str | None:
    """What the shop's file says in the column that the field fills; None if it fills none."""
    column = columns.get(one.name)
    if column is None or one.kind not in COMPARED:
        return None
    return str(unit.values.get(column) or "").replace("\r\n", "\n")


def _others(assignment: Assignment, form: Form) -> list[Other]:
    """The task's other answers that the store may read, the latest submission of each."""
    if assignment.step.answers_per_task == 1:
        return []
    found = (
        Submission.objects.filter(assignment__task_id=assignment.task_id)
        .exclude(assignment=assignment.pk)
        .exclude(assignment__state=AssignmentState.REJECTED)
        .select_related("assignment__worker")
        .order_by("assignment", "number")
    )
    latest = {submission.assignment_id: submission for submission in found}
    return [
        Other(one.assignment, one, shown_fields(form, [], values=one.answer, edit=False))
        for one in latest.values()
    ]


def _own_allowed(assignment: Assignment, by: User, now: datetime) -> bool:
    """In a shop too small for two, a director accepts their own staff work."""
    others = [pk for pk in member_ids(assignment.store_id, now, *REVIEW_ROLES) if pk != by.pk]
    directs = has_role(by, assignment.store_id, now, *DIRECT_ROLES)
    return may_review(assignment, by.pk, other_reviewers=bool(others), directs=directs)
