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
    blocking_failures,
    describe,
    run_checks,
    unique_key,
)
from tasks.answers.schema import FieldKind
from tasks.answers.validate import validate_answer
from tasks.domain import claim, draft, hold, needs
from tasks.domain.versions import known
from tasks.errors import IllegalMove, legal
from tasks.models import Assignment, Submission, TakenValue, Upload
from tasks.states import OFF_TASK, AssignmentState

SURPLUS_DAYS = 7
IMAGE = FieldKind.IMAGE
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
    submission = Submission(
        assignment=assignment,
        # Only returned work has been handed in before.
        number=assignment.submissions.count() + 1 if again else 1,
        answer=answer,
        checks=results,
        late=late,
        created_at=now,
    )
    hot.insert(submission)
    _hand_over_pictures(assignment, answer)
    verb = "submit_late" if late else "submit"
    with legal(assignment.state, verb):
        getattr(assignment, verb)()
    if answer != assignment.draft:
        assignment.draft = answer
        assignment.fence += 1
    assignment.draft_saved_at = assignment.submitted_at = now
    assignment.lease_expires_at = assignment.lease_remaining = assignment.resubmit_by = None
    assignment.reminded = 0
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
    if again.exclude(pk=assignment.pk).exclude(state__in=OFF_TASK).exists():
        raise Conflict("already_on_task", _("You took this task again. Hand in your answer there."))


def check_answer(assignment: Assignment, answer: draft.Answer) -> list[dict[str, Any]]:
    """Results of all machine checks, JSON-ready. `Invalid` if the form or a blocking check refuses."""
    version = known(assignment.template_version_id)
    form, checks = version.form, version.checks

    def upload_exists(upload_id: str) -> bool:
        is_id = upload_id.isascii() and upload_id.isdigit() and len(upload_id) < 19
        return is_id and _pictures_for(assignment, [int(upload_id)]).exists()

    problems = list(validate_answer(form, answer, upload_exists=upload_exists))
    if problems:
        raise Invalid("answer_invalid", _("Some fields need your attention."), fields=problems)
    taken, reserved = _take_values(assignment, checks, answer)
    results = run_checks(checks, answer, is_taken=lambda field, value: field in taken)
    failed = blocking_failures(results)
    if failed:
        TakenValue.objects.filter(pk__in=reserved).delete()
        fields = [FieldProblem(r.field, f"check_{r.kind}", describe(r.as_json())) for r in failed]
        raise Invalid("answer_invalid", _("Some fields need your attention."), fields=fields)
    return [result.as_json() for result in results]


def _pictures_for(assignment: Assignment, ids: list[int]) -> QuerySet[Upload]:
    """Those of the worker's pictures that were not handed in with other work, maybe of another store."""
    mine = Upload.objects.filter(pk__in=ids, owner_id=assignment.worker_id)
    return mine.filter(Q(assignment=None) | Q(assignment=assignment))


def _hand_over_pictures(assignment: Assignment, answer: draft.Answer) -> None:
    """From here on the desk of the assignment's store sees the answer's pictures, and no other desk does."""
    fields = [one.name for one in known(assignment.template_version_id).form.fields if one.kind == IMAGE]
    ids = [int(answer[name]) for name in fields if name in answer]
    if ids:
        _pictures_for(assignment, ids).update(assignment=assignment)


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
