"""With many rows, PostgreSQL answers what is asked every second by an index."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model, QuerySet

from kernel.clock import now
from kernel.db import allocate_ids, bulk_load
from kernel.paging import page
from tasks.domain import claim, clocks, later_scope, queries
from tasks.models import Assignment, Batch, LaterCheck, LaterFinding, Slot, Submission, Task, Unit
from tests.factories import Cast, make_cast, make_freelancer
from tests.tasks.domain.world import DAY, HOUR, plain_batch, step_of

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db]

BIG = {"tasks_slot", "tasks_task", "tasks_assignment", "tasks_submission", "tasks_unit"}
PER_BATCH = 5000
STATES = ("open", "claimed", "submitted", "approved")


@dataclass(frozen=True)
class Shop:
    cast: Cast
    batches: list[Batch]


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Shop]:
    """Four batches of 5,000 tasks: open, held, handed in and approved in turn."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = make_cast()
        found = [plain_batch(cast, count=1, audience="crowd") for _ in range(4)]
        crowd = [make_freelancer(f"worker-{n}", cast.company).pk for n in range(60)]
        for batch in found:
            _fill(batch, [cast.chie.pk, *crowd])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield Shop(cast, found)
        transaction.set_rollback(True)


OF_TASK = {"open": "open", "claimed": "claimed", "submitted": "in_review", "approved": "done"}
OF_SLOT = {"open": "open", "claimed": "held", "submitted": "delivered", "approved": "settled"}


def load(model: type[Model], rows: Iterable[dict[str, Any]]) -> None:
    """Rows name what matters here; other columns get what the model itself would give them."""
    columns = [field for field in model._meta.concrete_fields if not field.primary_key]
    usual = {field.name: field.get_default() for field in columns if not field.is_relation}
    listed = [usual | row for row in rows]
    bulk_load(model, list(listed[0]), (list(row.values()) for row in listed))


@transaction.atomic
def _fill(batch: Batch, workers: list[int]) -> None:
    step, source, start = step_of(batch), batch.imports.get(), now()
    ids = [allocate_ids(model, PER_BATCH) for model in (Unit, Task, Slot, Assignment)]
    rows = [
        {"n": n, "at": n + 2, "state": STATES[n % 4], "unit": unit, "task": task, "slot": slot, "held": held}
        for n, (unit, task, slot, held) in enumerate(zip(*ids, strict=True))
    ]
    place = {"batch": batch.pk, "step": step.pk}
    load(
        Unit,
        (
            {"id": row["unit"], "batch": batch.pk, "source": source.pk, "key": f"key-{row['n']}"}
            | {"position": row["at"], "title": f"Mug {row['n']}", "values": {}, "first_row": row["at"]}
            for row in rows
        ),
    )
    load(
        Task,
        (
            {"id": row["task"], **place, "unit": row["unit"]}
            | {"position": row["at"], "state": OF_TASK[row["state"]]}
            for row in rows
        ),
    )
    load(
        Slot,
        (
            {"id": row["slot"], "task": row["task"], "step": step.pk, "number": 1}
            | {"position": row["at"], "state": OF_SLOT[row["state"]]}
            for row in rows
        ),
    )
    taken = [row for row in rows if row["state"] != "open"]
    place["template_version"] = step.template_version_id
    load(Assignment, (_assignment(row, batch, workers, start) | place for row in taken))
    load(
        Submission,
        (
            {"assignment": row["held"], "number": 1, "answer": {}, "checks": [], "late": False}
            | {"created_at": start}
            for row in taken
            if row["state"] != "claimed"
        ),
    )


def _assignment(row: dict[str, Any], batch: Batch, workers: list[int], start: datetime) -> dict[str, Any]:
    state, later = row["state"], row["n"] * HOUR / 100
    return {
        "id": row["held"],
        "slot": row["slot"],
        "task": row["task"],
        "store": batch.store_id,
        "worker": workers[row["n"] % len(workers)],
        "reward": 150,
        "state": state,
        "use": "used" if state == "approved" else "",
        "claimed_at": start,
        "lease_expires_at": start + HOUR + later if state == "claimed" else None,
        "submitted_at": None if state == "claimed" else start,
        "auto_approve_at": start + 7 * DAY + later if state == "submitted" else None,
        "decided_at": start if state == "approved" else None,
    }


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def plan_of(sql: str, params: Any = None) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plans = found if isinstance(found, list) else json.loads(found)
    return list(nodes(plans[0]["Plan"]))


def check(steps: list[dict[str, Any]], index: str | None = None) -> None:
    read_whole = {one["Relation Name"] for one in steps if one["Node Type"] == "Seq Scan"}
    assert not read_whole & BIG, steps
    if index:
        assert index in {one.get("Index Name") for one in steps}, steps


def check_query(rows: QuerySet[Any], index: str | None = None) -> None:
    check(plan_of(*rows.query.sql_with_params()), index)


@contextmanager
def executed() -> Iterator[list[tuple[str, Any]]]:
    """The statements, with their values, that read or write a big table."""
    found: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "UPDATE", "DELETE", "WITH")) and any(table in sql for table in BIG):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def test_a_free_slot_is_found_by_its_index(shop: Shop) -> None:
    step = step_of(shop.batches[1])
    for new in (True, False):
        rows = claim._pick(step.pk, shop.cast.chie.pk, new=new, alone=True, skip_locked=True)
        check_query(rows, "slot_free")


def test_no_statement_of_a_claim_reads_a_table_whole(shop: Shop) -> None:
    with executed() as statements:
        claim.claim_next(batch_id=shop.batches[2].pk, by=shop.cast.chie, now=now())
    assert len(statements) >= 3
    for sql, params in statements:
        check(plan_of(sql, params))


@pytest.mark.parametrize("state", ["open", "claimed", "in_review", "done"])
def test_a_column_of_the_board_is_read_by_its_index(shop: Shop, state: str) -> None:
    rows = queries.visible_tasks(shop.cast.aya, now()).filter(batch_id=shop.batches[0].pk, state=state)
    first = page(rows, key=("position", "id"), after=None, limit=50)
    assert len(first.items) == 50
    check_query(rows.order_by("position", "id")[:50], "task_board")
    after = first.items[-1]
    check_query(rows.filter(position__gte=after.position).order_by("position", "id")[:50], "task_board")


def test_the_review_queue_is_read_by_its_index(shop: Shop) -> None:
    rows = queries.review_queue(shop.cast.dai, now())
    check_query(rows.order_by("auto_approve_at", "id")[:50], "assignment_review_queue")
    check_query(rows.filter(batch=shop.batches[0]).order_by("auto_approve_at", "id")[:50])


def test_the_work_list_looks_at_no_table_whole(shop: Shop) -> None:
    check_query(queries.offered_steps(shop.cast.chie, now()))
    check_query(
        queries.offered_tasks(shop.cast.chie, step_of(shop.batches[0])).order_by("position", "pk")[:50],
        "task_board",
    )


def test_ones_own_work_is_read_by_its_index(shop: Shop) -> None:
    rows = queries.visible_assignments(shop.cast.chie).filter(state="claimed")
    check_query(rows.order_by("-id")[:50], "assignment_mine")


def test_the_clocks_look_at_no_table_whole(shop: Shop) -> None:
    with executed() as statements:
        clocks.sweep(now=now())
    assert len(statements) > 5
    for sql, params in statements:
        check(plan_of(sql, params))


def test_a_later_check_walks_through_one_batch_after_the_other(shop: Shop) -> None:
    batch = shop.batches[3]
    version = step_of(batch).template_version
    later = LaterCheck.objects.create(
        company=shop.cast.company,
        version=version,
        versions=[version.pk],
        definition={"id": "later", "kind": "required", "field": "title"},
        created_by=shop.cast.aya,
        created_at=now(),
    )
    later.stores.set([shop.cast.store])
    check_query(later_scope.received(later, [batch.pk]).filter(pk__gt=0)[:200])
    _find(later, batch)
    rows = queries.visible_findings(later).filter(place="uploaded").order_by("id")[:51]
    check_query(rows, "later_finding_by_place")


def _find(later: LaterCheck, batch: Batch) -> None:
    """Everything that was handed in to the batch fails; a small part of it is in an uploaded file."""
    handed_in = Submission.objects.filter(assignment__batch=batch).order_by("pk")
    rows = [
        {"later_check": later.pk, "submission": pk, "batch": batch.pk, "worker": worker, "key": f"key-{n}"}
        | {"result": {}, "place": "none" if n % 100 else "uploaded"}
        for n, (pk, worker) in enumerate(handed_in.values_list("pk", "assignment__worker"))
    ]
    load(LaterFinding, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tasks_laterfinding")
