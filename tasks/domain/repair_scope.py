"""Which of the received answers a repair concerns, and what it would cost: the same for plan and job."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from tasks.answers.checks import blocking_failures, run_checks
from tasks.answers.validate import validate_answer
from tasks.domain.corrections import final_answer
from tasks.domain.manuals import HELD
from tasks.domain.versions import known
from tasks.models import Assignment, Repair, Step, Submission, TemplateVersion
from tasks.states import AssignmentState, Use

# Handed in, and nobody has settled what it is worth; or a rejection that is lifted.
UNPAID = (
    AssignmentState.SUBMITTED,
    AssignmentState.IN_REVIEW,
    AssignmentState.SURPLUS,
    AssignmentState.CHANGES_REQUESTED,
    AssignmentState.REJECTED,
)
# These fill their slot.
DELIVERED = (AssignmentState.SUBMITTED, AssignmentState.IN_REVIEW, AssignmentState.CHANGES_REQUESTED)
READ_AT_ONCE = 500


def received(step: Step, after: TemplateVersion | None) -> QuerySet[Assignment]:
    """Answers made by another version than `after` (any, if None) that are in use, or may still be."""
    approved = Q(state=AssignmentState.APPROVED)
    if step.answers_per_task == 1:
        approved &= Q(use__in=[Use.USED, Use.UNSEEN])
    rows = Assignment.objects.filter(Q(state__in=UNPAID) | approved, step=step, set_aside=False)
    return rows if after is None else rows.exclude(template_version=after)


def chosen(rows: Iterable[Assignment], scope: str, judge: TemplateVersion) -> Iterator[Assignment]:
    """Those that the scope takes in; the checks of `judge` decide."""
    if scope == Repair.Scope.ALL:
        yield from rows
        return
    found = list(rows)
    for start in range(0, len(found), READ_AT_ONCE):
        some = found[start : start + READ_AT_ONCE]
        answers = last_submissions(some)
        yield from (one for one in some if _refuses(judge, final_answer(answers[one.pk])))


def last_submissions(rows: Sequence[Assignment]) -> dict[int, Submission]:
    submissions = Submission.objects.filter(assignment__in=[one.pk for one in rows])
    in_order = submissions.select_related("correction").order_by("number")
    return {submission.assignment_id: submission for submission in in_order}


def _refuses(version: TemplateVersion, answer: dict[str, Any]) -> bool:
    """Whether this answer could not be handed in by the version's form and checks.

    Pictures are there, and what is unique was judged when it came.
    """
    wanted = known(version.pk)
    if list(validate_answer(wanted.form, answer, upload_exists=lambda _id: True)):
        return True
    results = run_checks(wanted.checks, answer, is_taken=lambda _field, _value: False, form=wanted.form)
    return bool(blocking_failures(results))


def slots_to_offer(rows: Iterable[Assignment], step: Step) -> set[int]:
    """Slots that stand empty once these answers are set aside."""
    rows = list(rows)
    delivered = {one.slot_id for one in rows if one.state in DELIVERED}
    settled = {one.slot_id for one in rows if one.state == AssignmentState.APPROVED}
    if step.answers_per_task > 1:
        # Of several answers none is used until one is chosen; another one may fill the same slot.
        others = Assignment.objects.filter(slot__in=settled, state=AssignmentState.APPROVED, set_aside=False)
        settled -= set(others.exclude(pk__in=[one.pk for one in rows]).values_list("slot", flat=True))
    return delivered | settled


@dataclass(frozen=True)
class Plan:
    """What a repair would do. In yen `pay`: answers not paid so far, `cost`: the tasks offered again."""

    received: int
    paid: int
    kept: int
    rejected: int
    untouched: int
    tasks: int
    held: int
    pay: int
    cost: int

    @property
    def total(self) -> int:
        return self.pay + self.cost


def plan(step: Step, scope: str, after: TemplateVersion | None = None) -> Plan:
    """What a repair would do at this moment. `after`: the newer version; None for a corrected manual."""
    rows = list(received(step, after).defer("draft").order_by("pk"))
    taken = list(chosen(rows, scope, after or step.template_version))
    unpaid = [one for one in taken if one.state in UNPAID]
    slots = slots_to_offer(taken, step)
    return Plan(
        received=len(rows),
        paid=len(unpaid),
        kept=len(taken) - len(unpaid),
        rejected=sum(one.state == AssignmentState.REJECTED for one in unpaid),
        untouched=len(rows) - len(taken),
        tasks=len({one.task_id for one in taken if one.slot_id in slots}),
        held=Assignment.objects.filter(step=step, state__in=HELD).count(),
        pay=sum(one.reward for one in unpaid),
        cost=len(slots) * step.reward,
    )
