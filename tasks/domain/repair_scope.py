"""Which of the received answers a repair concerns, and what it would cost: the same for plan and job."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from tasks.answers.checks import blocking_failures, run_checks
from tasks.answers.validate import validate_answer
from tasks.domain.corrections import final_answer
from tasks.domain.manuals import HELD
from tasks.domain.versions import known
from tasks.models import Assignment, Correction, Repair, RepairPlan, Slot, Step, Submission, TemplateVersion
from tasks.states import AssignmentState, SlotState, Use

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
    results = run_checks(wanted.checks, answer, form=wanted.form)
    return bool(blocking_failures(results))


def slots_to_offer(rows: Iterable[Assignment], step: Step) -> set[int]:
    """Slots that stand empty once these answers are set aside.

    Where a rejection is lifted, so is what followed from it in a batch that had ended: a cancelled slot.
    """
    rows = list(rows)
    delivered = {one.slot_id for one in rows if one.state in DELIVERED}
    settled = {one.slot_id for one in rows if one.state == AssignmentState.APPROVED}
    if step.answers_per_task > 1:
        # Of several answers none is used until one is chosen; another one may fill the same slot.
        others = Assignment.objects.filter(slot__in=settled, state=AssignmentState.APPROVED, set_aside=False)
        settled -= set(others.exclude(pk__in=[one.pk for one in rows]).values_list("slot", flat=True))
    rejected = {one.slot_id for one in rows if one.state == AssignmentState.REJECTED}
    cancelled = Slot.objects.filter(pk__in=rejected, state=SlotState.CANCELLED)
    return delivered | settled | set(cancelled.values_list("pk", flat=True))


@dataclass(frozen=True)
class Sums:
    """Of the tasks looked at; they add up. In yen `pay`."""

    received: int = 0
    paid: int = 0
    kept: int = 0
    rejected: int = 0
    tasks: int = 0
    slots: int = 0
    pay: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(**{name: value + getattr(other, name) for name, value in vars(self).items()})


def sums_of(rows: Sequence[Assignment], judge: TemplateVersion, step: Step) -> Sums:
    """Of all received answers to some tasks, if the checks of `judge` decide."""
    taken = list(chosen(rows, Repair.Scope.FAILING, judge))
    unpaid = [one for one in taken if one.state in UNPAID]
    slots = slots_to_offer(taken, step)
    return Sums(
        received=len(rows),
        paid=len(unpaid),
        kept=len(taken) - len(unpaid),
        rejected=sum(one.state == AssignmentState.REJECTED for one in unpaid),
        tasks=len({one.task_id for one in taken if one.slot_id in slots}),
        slots=len(slots),
        pay=sum(one.reward for one in unpaid),
    )


def sums_of_all(step: Step, after: TemplateVersion | None = None) -> Sums:
    """If everything received is done again, counted by the database."""
    rows = received(step, after).order_by()
    unpaid = Q(state__in=UNPAID)
    found = rows.aggregate(
        received=Count("pk"),
        paid=Count("pk", filter=unpaid),
        rejected=Count("pk", filter=Q(state=AssignmentState.REJECTED)),
        pay=Sum("reward", filter=unpaid, default=0),
    )
    offered = _offering(rows, step, after).aggregate(
        tasks=Count("task", distinct=True), slots=Count("slot", distinct=True)
    )
    return Sums(**found, **offered, kept=found["received"] - found["paid"])


def _offering(rows: QuerySet[Assignment], step: Step, after: TemplateVersion | None) -> QuerySet[Assignment]:
    """As `slots_to_offer`: those whose slots stand empty then."""
    approved = Q(state=AssignmentState.APPROVED)
    withdrawn = Q(state=AssignmentState.REJECTED, slot__state=SlotState.CANCELLED)
    offering = rows.filter(Q(state__in=DELIVERED) | approved | withdrawn)
    if step.answers_per_task == 1 or after is None:
        return offering
    # Another answer, made by `after`, may fill the same slot.
    others = Assignment.objects.filter(slot=OuterRef("slot"), state=AssignmentState.APPROVED)
    stays = Exists(others.filter(set_aside=False, template_version=after))
    return offering.exclude(approved & Q(stays))


def basis(step: Step, after: TemplateVersion | None) -> list[int]:
    """A few numbers that change when received work moves on."""
    found = received(step, after).aggregate(
        received=Count("pk"),
        unpaid=Count("pk", filter=Q(state__in=UNPAID)),
        rejected=Count("pk", filter=Q(state=AssignmentState.REJECTED)),
    )
    last = Submission.objects.filter(assignment__step=step).aggregate(last=Max("pk"))["last"]
    corrected = Correction.objects.filter(submission__assignment__step=step).aggregate(last=Max("pk"))["last"]
    return [*found.values(), last or 0, corrected or 0]


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


def plan(step: Step, after: TemplateVersion | None = None) -> Plan:
    """If all is done again, at this moment. `after`: the newer version; None for a corrected manual."""
    return _plan(step, sums_of_all(step, after))


def plan_of(row: RepairPlan) -> Plan:
    """What the job has counted of the answers that the checks refuse. Needs `step` loaded."""
    return _plan(row.step, Sums(**row.sums))


def _plan(step: Step, sums: Sums) -> Plan:
    return Plan(
        received=sums.received,
        paid=sums.paid,
        kept=sums.kept,
        rejected=sums.rejected,
        untouched=sums.received - sums.paid - sums.kept,
        tasks=sums.tasks,
        held=Assignment.objects.filter(step=step, state__in=HELD).count(),
        pay=sums.pay,
        cost=sums.slots * step.reward,
    )
