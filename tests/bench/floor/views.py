"""Claim and submit, as short as they can honestly be."""

import hashlib
import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.answers.checks import (
    Check,
    CheckKind,
    blocking_failures,
    parse_checks,
    run_checks,
    unique_key,
)
from tasks.answers.manual import render_manual
from tasks.answers.schema import Form, parse_form
from tasks.answers.validate import normalise_answer, validate_answer

_OFFER = """
    SELECT b.state, b.deadline, b.title, b.version_id, b.reward, b.lease_minutes, b.cap,
        EXISTS (SELECT 1 FROM floor_freelancer f WHERE f.worker_id = %(worker)s)
            AND (b.open_to_all OR EXISTS (
                SELECT 1 FROM floor_pool p WHERE p.worker_id = %(worker)s AND p.company_id = b.company_id)),
        EXISTS (SELECT 1 FROM floor_member m WHERE m.worker_id = %(worker)s AND m.company_id = b.company_id
            AND (m.until IS NULL OR m.until > %(now)s))
    FROM floor_batch b WHERE b.id = %(batch)s
"""
_PICK = """
    SELECT s.id, s.unit_id, u.key, u.title, u.values FROM floor_slot s JOIN floor_unit u ON u.id = s.unit_id
    WHERE s.batch_id = %(batch)s AND s.state = 'open' AND NOT EXISTS (
        SELECT 1 FROM floor_assignment a WHERE a.unit_id = s.unit_id AND a.worker_id = %(worker)s)
    ORDER BY s.position LIMIT 1 FOR UPDATE OF s SKIP LOCKED
"""
_HOLD = """
    INSERT INTO floor_assignment
        (slot_id, unit_id, batch_id, worker_id, state, reward, draft, fence, claimed_at, lease_expires_at)
    VALUES (%s, %s, %s, %s, 'claimed', %s, '{}', 0, %s, %s) RETURNING id
"""
_OWN = """
    SELECT a.state, a.fence, a.slot_id, a.unit_id, a.batch_id, b.version_id, b.auto_approve_days, a.draft
    FROM floor_assignment a JOIN floor_batch b ON b.id = a.batch_id
    WHERE a.id = %s AND a.worker_id = %s FOR UPDATE OF a
"""
_DELIVER = """
    UPDATE floor_assignment SET state = 'submitted', draft = %s, fence = fence + 1, submitted_at = %s,
        auto_approve_at = %s, lease_expires_at = NULL WHERE id = %s
"""
_AUDIT = "INSERT INTO floor_event (name, at, actor_id, payload) VALUES (%s, %s, %s, %s)"


class Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status


class FloorView(APIView):
    scope: ClassVar[str] = "work"

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, Refused):
            return Response({"code": str(error)}, status=error.status)
        return super().handle_exception(error)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        scopes: Any = request.auth
        if self.scope not in (scopes or ()):
            raise Refused(403, "scope_missing")


def worker_of(request: Request) -> int:
    worker: Any = request.user
    return int(worker.pk)


class Claim(FloorView):
    def post(self, request: Request, batch_id: int) -> Response:
        return Response(_claim(batch_id, worker_of(request), timezone.now()), status=201)


class Submit(FloorView):
    def post(self, request: Request, assignment_id: int) -> Response:
        worker, now = worker_of(request), timezone.now()
        found = _submit(assignment_id, worker, request.data["answer"], request.data["fence"], now)
        batch_id = found.pop("batch")
        following = _claim(batch_id, worker, now) if request.query_params.get("next") else None
        return Response({"submission": found, "next": following}, status=201)


@transaction.atomic
def _claim(batch_id: int, worker: int, now: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_OFFER, {"worker": worker, "batch": batch_id, "now": now})
        offer = cursor.fetchone()
        if offer is None or not offer[7] or offer[8]:
            raise Refused(404, "not_found")
        state, deadline, title, version_id, reward, lease, cap = offer[:7]
        if state != "open" or (deadline and deadline <= now):
            raise Refused(409, "batch_not_open")
        # The cap and "once per task" hold under the person's own double click.
        cursor.execute("SELECT id FROM floor_worker WHERE id = %s FOR NO KEY UPDATE", [worker])
        if cap is not None:
            cursor.execute(
                "SELECT COUNT(*) FROM floor_assignment WHERE batch_id = %s AND worker_id = %s",
                [batch_id, worker],
            )
            if cursor.fetchone()[0] >= cap:
                raise Refused(409, "cap_reached")
        cursor.execute(_PICK, {"worker": worker, "batch": batch_id})
        picked = cursor.fetchone()
        if picked is None:
            raise Refused(409, "nothing_left")
        slot, unit, key, unit_title, values = picked
        ends = now + timedelta(minutes=lease)
        cursor.execute("UPDATE floor_slot SET state = 'held' WHERE id = %s", [slot])
        cursor.execute(_HOLD, [slot, unit, batch_id, worker, reward, now, ends])
        assignment = cursor.fetchone()[0]
        _audit(cursor, "assignment.claimed", now, worker, assignment=assignment, slot=slot, batch=batch_id)
    return {
        "id": assignment,
        "state": "claimed",
        "batch": {"id": batch_id, "title": title},
        "unit": {"id": unit, "key": key, "title": unit_title},
        "input": values if isinstance(values, dict) else json.loads(values),
        "reward": reward,
        "lease_expires_at": ends,
        "draft": {},
        "fence": 0,
        **_version(version_id)[2],
    }


@transaction.atomic
def _submit(
    assignment: int, worker: int, answer: dict[str, Any], fence: int, now: datetime
) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [assignment, worker])
        own = cursor.fetchone()
        if own is None:
            raise Refused(404, "not_found")
        state, current, slot, unit, batch_id, version_id, days, _draft = own
        if state != "claimed":
            raise Refused(409, "illegal_transition")
        if fence != current:
            raise Refused(409, "draft_outdated")
        form, checks, _shown = _version(version_id)
        if validate_answer(form, answer, upload_exists=lambda _upload: False):
            raise Refused(422, "answer_invalid")
        answer = normalise_answer(form, answer)
        taken = _take_values(cursor, checks, answer, batch_id, unit)
        results = run_checks(checks, answer, is_taken=lambda field, _value: field in taken)
        if blocking_failures(results):
            raise Refused(422, "answer_invalid")
        shown = [result.as_json() for result in results]
        stored = json.dumps(answer, ensure_ascii=False)
        cursor.execute(
            "INSERT INTO floor_submission (assignment_id, number, answer, checks, created_at) "
            "VALUES (%s, 1, %s, %s, %s) RETURNING id",
            [assignment, stored, json.dumps(shown, ensure_ascii=False), now],
        )
        submission = cursor.fetchone()[0]
        cursor.execute(_DELIVER, [stored, now, now + timedelta(days=days), assignment])
        cursor.execute("UPDATE floor_slot SET state = 'delivered' WHERE id = %s", [slot])
        _audit(cursor, "assignment.submitted", now, worker, assignment=assignment, submission=submission)
    return {
        "id": submission,
        "number": 1,
        "answer": answer,
        "checks": shown,
        "created_at": now,
        "batch": batch_id,
    }


def _take_values(
    cursor: Any, checks: list[Check], answer: dict[str, Any], batch_id: int, unit: int
) -> set[str]:
    taken = set()
    for check in checks:
        if check.kind != CheckKind.UNIQUE_IN_BATCH or check.field not in answer:
            continue
        digest = hashlib.sha256(unique_key(answer[check.field]).encode()).hexdigest()
        cursor.execute(
            "INSERT INTO floor_taken (batch_id, field, digest, unit_id) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING unit_id",
            [batch_id, check.field, digest, unit],
        )
        if cursor.fetchone() is None:
            taken.add(check.field)
    return taken


def _audit(cursor: Any, name: str, now: datetime, actor: int, **payload: int) -> None:
    cursor.execute(_AUDIT, [name, now, actor, json.dumps(payload)])


@lru_cache(maxsize=50)
def _version(version_id: int) -> tuple[Form, list[Check], dict[str, Any]]:
    """Form, checks, and what of a version a worker is shown. Versions never change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT form, checks, inputs, manual_ja, manual_en FROM floor_version WHERE id = %s", [version_id]
        )
        form, checks, inputs, manual_ja, manual_en = cursor.fetchone()
    form, checks, inputs = (
        json.loads(one) if isinstance(one, str) else one for one in (form, checks, inputs)
    )
    parsed = parse_form(form)
    shown = {
        "form": form,
        "checks": checks,
        "inputs": inputs,
        "manual": {"ja": manual_ja, "en": manual_en, "html": str(render_manual(manual_en or manual_ja))},
    }
    return parsed, parse_checks(checks, parsed), shown
