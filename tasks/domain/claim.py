"""Taking work: one slot, one holder, whoever else asks at the same moment."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Membership, User
from events import record
from kernel import hot
from tasks import rules, topics
from tasks.domain import needs, staff_drafts, waiting
from tasks.errors import Missing
from tasks.models import Assignment, Slot, Step, Task
from tasks.rules import Standing, error_of, refusal_of_claim, refusal_of_offer
from tasks.states import ON_TASK, BatchState, SlotState
from workers.models import PoolMember, WorkerProfile

# Under load a slot that was seen free may be gone when its lock is had; every try that fails
# means that somebody else got one, so this many tries fail only in a storm.
TRIES = 60

Look = Callable[[Step, bool], Assignment | None]


class _LookAgain(Exception):
    """Nothing was locked; the locks on slots that turned out to be taken are given back."""


def claim_next(*, batch_id: int, by: User, now: datetime) -> Assignment:
    """Gives `by` the next free slot of a batch.

    Raises `Missing`, `NotAllowed` (the work is not for them) or `Conflict` with a reason code of
    `rules.REASONS`; "nothing_left" only when no slot is free for them at that moment.
    """

    def look(step: Step, skip_locked: bool, news: Sequence[bool]) -> Assignment | None:
        alone = step.answers_per_task == 1
        for new in news:
            slot = _PICK.first(step=step.pk, by=by.pk, new=new, alone=alone, skip_locked=skip_locked)
            if slot is not None:
                return _hold(slot, step, by, now, new=new)
        if not skip_locked and not free_slots(step, by).exists():
            raise error_of("rest_waits" if waiting.in_pilot(step) else "nothing_left")
        return None

    # First one that this person has not had before, then any.
    ways = [partial(look, news=news) for news in ((True, False), (True,), (False,))]
    return _claim(batch_id, by, now, first=ways[0], then=ways[1:])


def claim_task(*, task_id: int, by: User, now: datetime) -> Assignment:
    """Gives `by` a slot of a task they chose. Raises like `claim_next`, and "slot_taken"."""
    task = Task.objects.filter(pk=task_id).exclude(batch__state=BatchState.DRAFT).first()
    if task is None:
        raise Missing
    mine = Assignment.objects.filter(task_id=task_id, worker=by).filter(ON_TASK)
    free = Slot.objects.filter(task_id=task_id, state=SlotState.OPEN).order_by("number")

    def look(step: Step, skip_locked: bool) -> Assignment | None:
        if mine.exists():
            raise error_of("already_on_task")
        slot = _lockable(free, alone=step.answers_per_task == 1, skip_locked=skip_locked).first()
        if slot is not None:
            return _hold(slot, step, by, now, new=False)
        if not skip_locked and not free.exists():
            raise error_of("slot_taken")
        return None

    return _claim(task.batch_id, by, now, first=look, then=[look])


def _claim(batch_id: int, by: User, now: datetime, *, first: Look, then: Sequence[Look]) -> Assignment:
    """Looks once past what others are locking, then waits for them.

    Each look has its transaction: PostgreSQL keeps a row locked that it found taken after the wait, and two
    people who look twice while holding such rows would wait for each other.
    """
    for turn in range(TRIES):
        for look in then if turn else [first]:
            with suppress(_LookAgain), transaction.atomic():
                step, standing = offered_step(batch_id=batch_id, by=by, now=now)
                _check(step, standing, by, now)
                found = look(step, turn == 0)
                if found is None:
                    raise _LookAgain
                return found
    raise error_of("busy")


_OFFERED = hot.Prepared(
    lambda batch, by, now: (
        Step.objects.select_related("batch__store")
        .filter(batch_id=batch, position=1)
        .exclude(batch__state=BatchState.DRAFT)
        .annotate(**standing_columns(User(pk=by), now))
    )
)


def offered_step(*, batch_id: int, by: User, now: datetime) -> tuple[Step, Standing]:
    """The step of a published batch and what `by` is towards it; `Missing` if it does not concern them."""
    step = _OFFERED.first(batch=batch_id, by=by.pk, now=now)
    if step is None:
        raise Missing
    standing = standing_of(step)
    refusal = refusal_of_offer(step, standing)
    if refusal and not standing.of_company:
        raise Missing
    return step, standing


def standing_columns(by: User, now: datetime) -> dict[str, Exists]:
    """Annotations for a queryset of steps, read by `standing_of`."""
    mine = Membership.objects.active(now).filter(user=by)
    return {
        "by_staff": Exists(
            mine.filter(store_id=OuterRef("batch__store_id"), role__in=rules.STAFF_WORK_ROLES)
        ),
        "by_company": Exists(mine.filter(store__company_id=OuterRef("batch__store__company_id"))),
        "by_freelancer": Exists(WorkerProfile.objects.filter(user=by)),
        "by_pool": Exists(
            PoolMember.objects.filter(user=by, company_id=OuterRef("batch__store__company_id"))
        ),
    }


def standing_of(step: Step) -> Standing:
    """What the reader is towards a step that carries `standing_columns`."""
    found = step.__dict__
    return Standing(
        staff=found["by_staff"],
        of_company=found["by_company"],
        freelancer=found["by_freelancer"],
        in_pool=found["by_pool"],
    )


def free_slots(step: Step, by: User) -> QuerySet[Slot]:
    """Open slots of tasks on which `by` is not yet."""
    mine = Assignment.objects.filter(task_id=OuterRef("task_id"), worker=by).filter(ON_TASK)
    return Slot.objects.filter(~Exists(mine), step_id=step.pk, state=SlotState.OPEN)


_HELD = hot.Prepared(
    lambda step, by: Assignment.objects.filter(ON_TASK, step_id=step, worker_id=by).only("pk")
)


def held_of_cap(step: Step, by: User) -> int:
    """How many of the per-worker cap are used up."""
    return _HELD.number(step=step.pk, by=by.pk)


def _check(step: Step, standing: Standing, by: User, now: datetime) -> None:
    refusal = refusal_of_claim(step, standing, now)
    if refusal:
        raise error_of(refusal)
    # One claim of a person at a time: the cap and "once per task" hold under their own double click.
    lock_person(by)
    if step.per_worker_cap is not None and held_of_cap(step, by) >= step.per_worker_cap:
        raise error_of("cap_reached")


_PERSON = hot.Prepared(lambda by: User.objects.select_for_update(no_key=True).filter(pk=by).only("pk"))


def lock_person(by: User) -> None:
    """Lets one change of a person's holds follow the other, until the transaction ends."""
    if connection.vendor == "postgresql":
        _PERSON.first(by=by.pk)


def _pick(step: int, by: int, new: bool, alone: bool, skip_locked: bool) -> QuerySet[Slot]:
    """A free slot of the step, locked; with `new` only of a task that this person has never held."""
    mine = Assignment.objects.filter(task_id=OuterRef("task_id"), worker_id=by)
    free = Slot.objects.filter(~Exists(mine), step_id=step, state=SlotState.OPEN)
    if not new:
        free = free_slots(Step(pk=step), User(pk=by))
    return _lockable(free.order_by("position", "number"), alone=alone, skip_locked=skip_locked)


def _lockable(slots: QuerySet[Slot], *, alone: bool, skip_locked: bool) -> QuerySet[Slot]:
    if connection.vendor == "postgresql":
        # Locking the task as well would hide its other free slots; where there are none it saves a read.
        of = ("self", "task") if alone else ("self",)
        slots = slots.select_for_update(of=of, skip_locked=skip_locked)
    # An open slot of a batch that is no longer open is not on offer (checked in the same statement).
    return slots.filter(step__batch__state=BatchState.OPEN).select_related("task__unit")[:1]


_PICK = hot.Prepared(_pick)


def _hold(slot: Slot, step: Step, by: User, now: datetime, *, new: bool) -> Assignment:
    """`new`: the person has never held this task, so there is nothing to offer back."""
    needs.move_slot(slot, "hold", step=step, now=now, task=slot.task)
    earlier = None if new else _earlier(slot, by)
    colleagues = staff_drafts.left_by_a_colleague(slot, step, by)
    offered = earlier.draft if earlier else {}
    if colleagues is not None:
        offered = staff_drafts.passed_on(colleagues, step, by)
    assignment = Assignment(
        slot=slot,
        task_id=slot.task_id,
        step=step,
        batch_id=step.batch_id,
        store_id=step.batch.store_id,
        worker=by,
        template_version_id=step.template_version_id,
        reward=step.reward,
        claimed_at=now,
        lease_expires_at=lease_end(step, now),
        # What was typed in an earlier hold of this task is offered back.
        draft=offered,
        started_by_id=colleagues.worker_id if colleagues else None,
        fence=earlier.fence if earlier else 0,
    )
    try:
        hot.insert(assignment)
    except IntegrityError as raced:
        # Leaves the transaction, which cannot go on after this.
        raise error_of("already_on_task") from raced
    if colleagues is not None:
        staff_drafts.keep_own_beside(assignment, earlier, now)
    record(
        "assignment.claimed",
        topics=topics.of_work(assignment),
        actor=by.pk,
        assignment=assignment.pk,
        task=slot.task_id,
        batch=step.batch_id,
        slot=slot.pk,
    )
    return assignment


def _earlier(slot: Slot, by: User) -> Assignment | None:
    """This person's last hold of the same task."""
    mine = Assignment.objects.filter(task_id=slot.task_id, worker=by)
    return mine.order_by("-pk").only("draft", "fence").first()


def lease_end(step: Step, now: datetime, times: int = 1) -> datetime:
    """When a hold renewed now ends: the lease, capped by the batch's deadline."""
    end = now + timedelta(minutes=step.lease_minutes * times)
    return min(end, step.batch.deadline) if step.batch.deadline else end
