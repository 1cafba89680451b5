"""A reviewer's own small change on top of an unchanged submission."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import member_ids
from accounts.models import User
from kernel.errors import Invalid
from tasks.answers.normalise import normalise_answer, without_hidden
from tasks.answers.schema import Form
from tasks.domain import draft, review, submit
from tasks.domain.versions import known
from tasks.errors import IllegalMove
from tasks.models import Assignment, Correction, Review, Submission
from tasks.rules import REVIEW_ROLES
from tasks.states import UNDECIDED, Decision

# Logical columns whose correction a second person has to look at before it is used.
SECOND_PERSON_COLUMNS = frozenset(
    {
        "price",
        "compare_at_price",
        "cost",
        "inventory_quantity",
        "inventory_policy",
        "stock",
        "address",
        "address1",
        "address2",
        "city",
        "prefecture",
        "province",
        "zip",
        "postal_code",
        "phone",
    }
)


def correction_of(submission: Submission) -> Correction | None:
    """The correction on top of a submission; free of queries where `correction` is selected along."""
    try:
        return submission.correction
    except Correction.DoesNotExist:
        return None


def final_answer(submission: Submission) -> dict[str, Any]:
    """The answer that is used: as corrected, else as handed in. Select `correction` along."""
    correction = correction_of(submission)
    answer: dict[str, Any] = submission.answer if correction is None else correction.answer
    return answer


def second_person_fields(form: Form) -> frozenset[str]:
    """Names of the fields whose correction needs a second person."""
    return frozenset(
        field.name for field in form.fields if field.second_person or field.column in SECOND_PERSON_COLUMNS
    )


def second_people(assignment: Assignment, corrector_id: int, now: datetime) -> list[int]:
    """Ids of those of the store who could accept a correction that `corrector_id` made."""
    desk = member_ids(assignment.store_id, now, *REVIEW_ROLES)
    return [pk for pk in desk if pk not in (corrector_id, assignment.worker_id)]


@transaction.atomic
def correct_and_approve(
    *, submission_id: int, answer: Mapping[str, Any], by: User, now: datetime, note: str = ""
) -> Review:
    """Approves an answer as corrected by the reviewer; the submission itself stays as it was handed in.

    The worker is paid in full. A correction of a price or an address is used only after somebody else has
    accepted it. Raises like `review.approve`, and `Invalid` naming fields: an answer that the form or a
    blocking check refuses, or one in which nothing was changed.
    """
    assignment, submission = review.lock_decidable(submission_id, by, now)
    if assignment.state not in UNDECIDED:
        raise IllegalMove(assignment.state, "correct")
    form = known(assignment.template_version_id).form
    corrected = without_hidden(form, draft.storable(assignment, dict(answer)))
    changed = _changed(form, submission.answer, corrected)
    if not changed:
        raise Invalid(
            "nothing_corrected", _("Nothing was changed. Approve the answer as it is, or correct a field.")
        )
    submit.check_answer(assignment, corrected, by=by)
    submit.hand_over_pictures(assignment, corrected, by=by)
    second = not second_person_fields(form).isdisjoint(changed)
    # Before it is approved: two reviewers cannot both have written one.
    made = review.write_review(submission, assignment, Decision.APPROVED, by, now, note=note)
    Correction.objects.create(
        submission=submission,
        answer=corrected,
        fields=changed,
        note=note,
        corrected_by=by,
        second_person=second,
        created_at=now,
    )
    review.settle(assignment, submission, now, unseen=second, actor=by.pk)
    return made


def _changed(form: Form, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Names of the fields that differ, in the order of the form."""
    before = normalise_answer(form, before)
    return [one.name for one in form.fields if before.get(one.name) != after.get(one.name)]
