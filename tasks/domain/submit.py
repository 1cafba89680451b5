"""Handing in an answer: first time, after changes, or late."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from events import record
from kernel import hot
from kernel.errors import Conflict, FieldProblem, Invalid
from tasks import topics
from tasks.answers.checks import (
    Check,
    CheckKind,
    CheckResult,
    blocking_failures,
    describe,
    run_checks,
    unique_key,
)
from tasks.answers.normalise import without_hidden
from tasks.answers.pictures import uploads_in
from tasks.answers.schema import FieldKind, Form
from tasks.answers.validate import validate_answer
from tasks.domain import claim, draft, hold, needs
from tasks.domain.versions import checks_of, known
from tasks.errors import IllegalMove, legal
from tasks.models import Assignment, Submission, TakenValue, Upload
from tasks.states import OFF_TASK, ON_TASK, AssignmentState

SURPLUS_DAYS = 7
DELIVERED = (
    "state",
    "draft",
    "fence",
    "draft_saved_at",
    "submitted_at",
    "lease_expires_at",
    "lease_remaining",
    "resubmit_by",
    "reminded",
    "clock_waits",
    "auto_approve_at",
)


def submit(*, assignment_id: int, answer: draft.Answer, fence: int, by: User, now: datetime) -> Submission:
    """Hands in an answer that was based on draft `fence`.

    An expired or released hold becomes a late (surplus) submission. Repeating a submission whose
    reply was lost returns it. Raises `Missing`, `IllegalMove`, `DraftOutdated`, and `Invalid` naming
    the fields; in each case the text is kept as draft or alternative.
    """
    refused: Conflict | Invalid
    with transaction.atomic():
        assignment = hold.lock_own(assignment_id, by)
        repeated = _repeated(assignment, answer, fence)
        if repeated is not None:
            return repeated
        answer = draft.storable(assignment, answer)
        current = fence == assignment.fence or (fence == assignment.fence - 1 and answer == assignment.draft)
        if not current or assignment.state not in draft.DRAFT_STATES:
            refused = draft.keep_aside(assignment, answer, fence, now)
        else:
            try:
                results = _checked(assignment, answer, now)
            except (Conflict, Invalid) as problem:
                refused = problem
            else:
                return _deliver(assignment, answer, results, now)
            if answer != assignment.draft:
                draft.store(assignment, answer, now)
            refused.details["fence"] = assignment.fence
    raise refused


def _repeated(assignment: Assignment, answer: draft.Answer, fence: int) -> Submission | None:
    if assignment.state not in (
        AssignmentState.SUBMITTED,
        AssignmentState.IN_REVIEW,
        AssignmentState.SURPLUS,
    ):
        return None
    last = assignment.submissions.order_by("-number").first()
    same = last is not None and fence in (assignment.fence, assignment.fence - 1)
    if same and draft.storable(assignment, answer) == assignment.draft:
        return last
    return None


def _checked(assignment: Assignment, answer: draft.Answer, now: datetime) -> list[dict[str, Any]]:
    if assignment.state in OFF_TASK:
        _require_late_possible(assignment, now)
    return check_answer(assignment, answer)


def _deliver(
    assignment: Assignment, answer: draft.Answer, results: list[dict[str, Any]], now: datetime
) -> Submission:
    late = assignment.state in OFF_TASK
    again = assignment.state == AssignmentState.CHANGES_REQUESTED
    # What a condition hides stays in the draft alone, should the work come back and the choice be flipped.
    handed_in = without_hidden(known(assignment.template_version_id).form, answer)
    submission = Submission(
        assignment=assignment,
        # Only returned work has been handed in before.
        number=assignment.submissions.count() + 1 if again else 1,
        answer=handed_in,
        checks=results,
        late=late,
        created_at=now,
    )
    hot.insert(submission)
    hand_over_pictures(assignment, handed_in)
    verb = "submit_late" if late else "submit"
    with legal(assignment.state, verb):
        getattr(assignment, verb)()
    if answer != assignment.draft:
        assignment.draft = answer
        assignment.fence += 1
    assignment.draft_saved_at = assignment.submitted_at = now
    assignment.lease_expires_at = assignment.lease_remaining = assignment.resubmit_by = None
    assignment.reminded, assignment.clock_waits = 0, False
    days = SURPLUS_DAYS if late else assignment.step.auto_approve_days
    assignment.auto_approve_at = now + timedelta(days=days)
    with legal(assignment.state, verb):
        assignment.save(update_fields=DELIVERED)
    if not late and not again:
        # A held slot is guarded by the lock of the assignment that holds it.
        slot = assignment.slot
        needs.move_slot(slot, "deliver", step=assignment.step, now=now, task=slot.task)
    record(
        "assignment.submitted",
        topics=topics.of_decision(assignment),
        actor=assignment.worker_id,
        reason="late" if late else "",
        submission=submission.pk,
        **hold.ids(assignment),
    )
    return submission


def _require_late_possible(assignment: Assignment, now: datetime) -> None:
    if not draft.may_submit_late(assignment, now):
        raise IllegalMove(assignment.state, "submit_late")
    claim.lock_person(assignment.worker)
    again = Assignment.objects.filter(task_id=assignment.task_id, worker_id=assignment.worker_id)
    if again.exclude(pk=assignment.pk).filter(ON_TASK).exists():
        raise Conflict("already_on_task", _("You took this task again. Hand in your answer there."))


def check_answer(
    assignment: Assignment, answer: draft.Answer, *, by: User | None = None
) -> list[dict[str, Any]]:
    """Results of all machine checks, JSON-ready. `Invalid` if the form or a blocking check refuses.

    `by`: a reviewer who corrects the answer, whose pictures count too.
    """
    version = known(assignment.template_version_id)
    form, checks = version.form, checks_of(assignment.step, version.row.pk)

    asked = without_hidden(form, answer)
    ids = _upload_ids(form, asked)
    found = {str(pk) for pk in _pictures_for(assignment, ids, by).values_list("pk", flat=True)} if ids else ()
    has_pairs = any(field.kind is FieldKind.IMAGE_PAIRS for field in form.fields)
    values = assignment.task.unit.values if has_pairs else None
    problems = validate_answer(form, asked, upload_exists=lambda pk: pk in found, unit_values=values)
    if problems:
        # All at once: what the checks find in the other fields would come back only in the next round.
        wrong = {_root(problem.field) for problem in problems}
        others = [check for check in checks if _root(check.field) not in wrong]
        checked = run_checks(others, asked, form=form)
        raise _refused([*problems, *_as_problems(checked)])
    taken, reserved = _take_values(assignment, checks, asked)
    results = run_checks(checks, asked, is_taken=lambda field, value: field in taken, form=form)
    failed = _as_problems(results)
    if failed:
        TakenValue.objects.filter(pk__in=reserved).delete()
        raise _refused(failed)
    return [result.as_json() for result in results]


def _root(path: str) -> str:
    return path.partition(".")[0]


def _as_problems(results: list[CheckResult]) -> list[FieldProblem]:
    failed = blocking_failures(results)
    return [FieldProblem(one.path, f"check_{one.kind}", describe(one.as_json())) for one in failed]


def _refused(fields: list[FieldProblem]) -> Invalid:
    return Invalid("answer_invalid", _("Some fields need your attention."), fields=fields)


def _upload_ids(form: Form, answer: draft.Answer) -> list[int]:
    ids = uploads_in(form, answer)
    return [int(pk) for pk in ids if pk.isascii() and pk.isdigit() and len(pk) < 19]


def _pictures_for(assignment: Assignment, ids: list[int], by: User | None) -> QuerySet[Upload]:
    """Pictures of this work, and those of whoever writes the answer that belong to no other work."""
    owner = assignment.worker_id if by is None else by.pk
    free = Q(owner_id=owner, assignment=None, store=None, template=None)
    return Upload.objects.filter(Q(assignment=assignment) | free, pk__in=ids)


def hand_over_pictures(assignment: Assignment, answer: draft.Answer, *, by: User | None = None) -> None:
    """From here on the desk of the assignment's store sees the answer's pictures, and no other desk does."""
    ids = _upload_ids(known(assignment.template_version_id).form, answer)
    if ids:
        _pictures_for(assignment, ids, by).update(assignment=assignment)


def _take_values(
    assignment: Assignment, checks: list[Check], answer: draft.Answer
) -> tuple[set[str], list[int]]:
    """Reserves this answer's unique values for its task.

    Returns the fields whose value is another task's, and the ids of what was reserved just now.
    """
    fields = {check.field for check in checks if check.kind == CheckKind.UNIQUE_IN_BATCH}
    taken, reserved = set(), []
    for field in sorted(fields & answer.keys()):
        digest = hashlib.sha256(unique_key(answer[field]).encode()).hexdigest()
        made = _reserve(assignment, field, digest)
        if made is not None:
            reserved.append(made)
        elif not TakenValue.objects.filter(
            step_id=assignment.step_id, field=field, digest=digest, task_id=assignment.task_id
        ).exists():
            taken.add(field)
    return taken, reserved


def _reserve(assignment: Assignment, field: str, digest: str) -> int | None:
    """The id of the value's new row, None if it is taken. Waits for whoever is taking it."""
    with hot.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TakenValue._meta.db_table} (step_id, field, digest, task_id) "
            "VALUES (%s, %s, %s, %s) ON CONFLICT (step_id, field, digest) DO NOTHING RETURNING id",
            [assignment.step_id, field, digest, assignment.task_id],
        )
        row = cursor.fetchone()
    return row[0] if row else None
