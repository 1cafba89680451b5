"""What a store's own batches tell of its operations, by template: how much, how long, at what price.

Tasks and money come from the counters (docs/adr/0004); minutes and approvals from the latest answers of the
newest batches alone, so that a million tasks cost no more than a hundred.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection

from accounts.models import Store
from tasks.domain import counts
from tasks.domain.counts import Tally
from tasks.models import Assignment, Step
from tasks.states import AssignmentState, Audience, TaskState

WINDOW = timedelta(days=30)
BATCHES_AT_MOST = 500
# Of each template so many of its newest batches are looked into, and of each so many answers of a kind.
SAMPLED_BATCHES = 2
SAMPLED_ANSWERS = 100
# More parts than this one statement cannot have on SQLite.
SAMPLES_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """`done`: tasks in the last 30 days, spread evenly over the days on which their batches ran.

    `whole`: the first batch began at least 30 days ago, so that `done` is a month's. `minutes` a task
    typically takes, from taking it to handing it in. `price`: yen paid per task done by freelancers.
    `approved`: per cent of the latest decided answers. None where nothing can be said yet.
    """

    done: int
    whole: bool
    minutes: int | None
    price: Decimal | None
    approved: int | None


@dataclass
class _Seen:
    """One template while its batches are looked through."""

    done: Decimal = Decimal(0)
    whole: bool = False
    paid: int = 0
    paid_tasks: int = 0
    sampled: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Answer:
    pk: int
    batch: int
    approved: bool
    rounds: int
    took: timedelta


def measured_of(store: Store, now: datetime) -> dict[str, Measured]:
    """Key of a template → what was measured; only templates with finished tasks. Four queries."""
    steps = list(
        Step.objects.filter(batch__store=store, position=1, batch__published_at__isnull=False)
        .select_related("batch", "template_version__template")
        .order_by("-batch_id")[:BATCHES_AT_MOST]
    )
    counted = counts.tallies(step.batch_id for step in steps)
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for step in steps:
        _look(seen[step.template_version.template.key], step, counted[step.batch_id], now)
    found = {key: one for key, one in seen.items() if one.sampled}
    answers = _latest(batch for one in found.values() for batch in one.sampled)
    return {key: _summed_up(one, answers) for key, one in found.items()}


def _look(seen: _Seen, step: Step, tally: Tally, now: datetime) -> None:
    batch, done = step.batch, tally.tasks[TaskState.DONE]
    assert batch.published_at is not None, "asked for"
    seen.whole = seen.whole or batch.published_at <= now - WINDOW
    if not done:
        return
    seen.done += done * _share_within(batch.published_at, batch.ended_at or now, now - WINDOW)
    if step.audience == Audience.CROWD:
        seen.paid += tally.paid
        seen.paid_tasks += done
    if len(seen.sampled) < SAMPLED_BATCHES:
        seen.sampled.append(batch.pk)


def _share_within(began: datetime, ended: datetime, since: datetime) -> Decimal:
    """Which part of the days from `began` to `ended` lies after `since`, 0 to 1."""
    if began >= since or ended <= since:
        return Decimal(began >= since)
    return Decimal((ended - since) / (ended - began))


def _latest(batch_ids: Iterable[int]) -> dict[int, list[_Answer]]:
    """Per batch the latest approved and the latest rejected answers: each part is the end of one index."""
    states = (AssignmentState.APPROVED.value, AssignmentState.REJECTED.value)
    parts = [(batch, state) for batch in batch_ids for state in states][:SAMPLES_AT_MOST]
    if not parts:
        return {}
    table = Assignment._meta.db_table
    one = (
        f"SELECT id FROM (SELECT id FROM {table} WHERE batch_id = %s AND state = %s "
        f"ORDER BY id DESC LIMIT {SAMPLED_ANSWERS}) AS latest"
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([one] * len(parts)), [value for part in parts for value in part])
        ids = [row[0] for row in cursor.fetchall()]
    found: dict[int, list[_Answer]] = defaultdict(list)
    rows = Assignment.objects.filter(pk__in=ids, submitted_at__isnull=False).values_list(
        "pk", "batch_id", "state", "rounds", "claimed_at", "submitted_at"
    )
    for pk, batch, state, rounds, claimed, submitted in rows:
        assert submitted is not None, "asked for"
        approved = state == AssignmentState.APPROVED
        found[batch].append(_Answer(pk, batch, approved, rounds, submitted - claimed))
    return found


def _summed_up(seen: _Seen, answers: dict[int, list[_Answer]]) -> Measured:
    decided = [one for batch in seen.sampled for one in _comparable(answers.get(batch, []))]
    # An answer that went back and forth was handed in when its last round was, which tells nothing.
    spans = [one.took for one in decided if one.approved and not one.rounds]
    good = sum(one.approved for one in decided)
    price = Decimal(seen.paid) / seen.paid_tasks if seen.paid_tasks and seen.paid else None
    return Measured(
        done=int(seen.done.quantize(Decimal(1), ROUND_HALF_UP)),
        whole=seen.whole,
        minutes=typical_minutes(spans),
        price=price.quantize(Decimal("0.1"), ROUND_HALF_UP) if price else None,
        approved=round(good * 100 / len(decided)) if decided else None,
    )


def _comparable(answers: list[_Answer]) -> list[_Answer]:
    """Those since which both kinds are complete: a full sample of one kind begins later than the other's."""
    since = 0
    for kind in (True, False):
        of_kind = [one.pk for one in answers if one.approved is kind]
        if len(of_kind) >= SAMPLED_ANSWERS:
            since = max(since, min(of_kind))
    return [one for one in answers if one.pk >= since]


def typical_minutes(spans: list[timedelta]) -> int | None:
    """The middle one, at least 1; None for none."""
    if not spans:
        return None
    return max(1, round(sorted(spans)[len(spans) // 2].total_seconds() / 60))
