"""What a page may listen to, and which topics each change is told under.

| Topic | Who hears it |
|---|---|
| `batch.<id>` | director and reviewers of its store |
| `store.<id>` | director and reviewers of the store |
| `review.store.<id>` | the same: the review queue |
| `work.store.<id>` | staff and directors of the store: staff work |
| `work.company.<id>` | freelancers in the company's pool |
| `work.open` | every freelancer |
| `later_check.<id>` | directors and reviewers of all stores whose answers it looks through |
| `questions.<batch>` | the desk of its store, whoever may take its work, and whoever has worked on it |
| `user.<id>` | that person |
"""

from dataclasses import dataclass
from datetime import datetime

from accounts.domain.queries import DESK, has_role, roles_of
from accounts.models import User
from realtime.topics import register_topic
from tasks.models import Assignment, Batch, LaterCheck, Step
from tasks.rules import STAFF_WORK_ROLES
from tasks.states import Audience
from workers.queries import is_freelancer, pool_company_ids


def of_batch(batch: Batch) -> list[str]:
    return [f"batch.{batch.pk}", f"store.{batch.store_id}"]


def of_offer(step: Step) -> str:
    """The topic of those to whom the step's work is offered. Needs `step.batch.store` loaded."""
    if step.audience == Audience.STAFF:
        return f"work.store.{step.batch.store_id}"
    return "work.open" if step.open_to_all else f"work.company.{step.batch.store.company_id}"


def of_work(assignment: Assignment) -> list[str]:
    """Those whom a change of this assignment concerns. Needs `step.batch.store` loaded."""
    return [*of_batch(assignment.step.batch), of_offer(assignment.step), f"user.{assignment.worker_id}"]


def of_decision(assignment: Assignment) -> list[str]:
    """The same and the review queue of the store."""
    return [*of_work(assignment), f"review.store.{assignment.store_id}"]


def of_later_check(later: LaterCheck) -> str:
    return f"later_check.{later.pk}"


def _number(parts: tuple[str, ...]) -> int:
    return int(parts[0]) if len(parts) == 1 and parts[0].isdigit() and len(parts[0]) < 19 else 0


def _hears_store(user: User, parts: tuple[str, ...], now: datetime) -> bool:
    return has_role(user, _number(parts), now, *DESK)


def _hears_batch(user: User, parts: tuple[str, ...], now: datetime) -> bool:
    batch = Batch.objects.filter(pk=_number(parts)).only("store_id").first()
    return batch is not None and has_role(user, batch.store_id, now, *DESK)


def _hears_staff_work(user: User, parts: tuple[str, ...], now: datetime) -> bool:
    return has_role(user, _number(parts), now, *STAFF_WORK_ROLES)


def _hears_pool_work(user: User, parts: tuple[str, ...], now: datetime) -> bool:
    return _number(parts) in pool_company_ids(user) and is_freelancer(user)


def _hears_open_work(user: User, parts: tuple[str, ...], now: datetime) -> bool:
    return parts == ("open",) and is_freelancer(user)


def _hears_own(user: User, parts: tuple[str, ...], now: datetime) -> bool:
    return parts == (str(user.pk),)


def _hears_questions(user: User, parts: tuple[str, ...], now: datetime) -> bool:
    # The domain tells of what happens by these topics, so it is asked when somebody listens.
    from tasks.domain.questions import may_read

    return may_read(user, _number(parts), now)


def _hears_later_check(user: User, parts: tuple[str, ...], now: datetime) -> bool:
    from tasks.domain.queries import visible_later_checks  # as above

    return visible_later_checks(user, now).filter(pk=_number(parts)).exists()


register_topic("user", _hears_own)
register_topic("store", _hears_store)
register_topic("review.store", _hears_store)
register_topic("batch", _hears_batch)
register_topic("later_check", _hears_later_check)
register_topic("questions", _hears_questions)
register_topic("work.store", _hears_staff_work)
register_topic("work.company", _hears_pool_work)
register_topic("work", _hears_open_work)


@dataclass(frozen=True)
class Heard:
    """The topics of one person. `desk`: of the stores whose desk they sit at."""

    desk: frozenset[str]
    other: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.desk | self.other


def of_person(user: User, now: datetime) -> Heard:
    """Everything that a person may listen to now, without naming single batches."""
    roles = roles_of(user, now)
    desk = [store for store, held in roles.items() if not held.isdisjoint(DESK)]
    work = [store for store, held in roles.items() if not held.isdisjoint(STAFF_WORK_ROLES)]
    other = {f"user.{user.pk}", *(f"work.store.{store}" for store in work)}
    if is_freelancer(user):
        other |= {"work.open", *(f"work.company.{company}" for company in pool_company_ids(user))}
    return Heard(
        frozenset(f"{kind}.{store}" for store in desk for kind in ("store", "review.store")), frozenset(other)
    )
