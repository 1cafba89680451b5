"""Pilots, and what a director does when the manual was wrong."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.domain.queries import has_role
from accounts.states import Scope
from kernel.clock import now
from tasks.api import inputs, lists, question_shapes
from tasks.api.base import ApiView, answer
from tasks.api.batches import batch_answer
from tasks.api.bodies import invalid
from tasks.api.bodies import moment as moment_of
from tasks.api.rendering import Json, moment
from tasks.api.schema import PAGING, one_of, operation
from tasks.api.shapes import Batch as BatchShape
from tasks.api.shapes import page_of
from tasks.domain import manuals, pilot, repair, repair_plans, repair_scope
from tasks.domain.queries import visible_batches
from tasks.errors import Missing, RoleMissing
from tasks.models import Batch, Repair, RepairPlan, Step, TemplateVersion
from tasks.rules import DIRECT_ROLES
from tasks.states import JobState

_NO_PILOT: Json = dict.fromkeys(
    ("tasks", "decided", "waiting", "approved", "returned", "rejected", "reported"), 0
)


def _batch(view: ApiView, batch_id: int, *, director: bool = False) -> Batch:
    found = visible_batches(view.user, now()).filter(pk=batch_id).first()
    if found is None:
        raise Missing
    if director and not has_role(view.user, found.store_id, now(), *DIRECT_ROLES):
        raise RoleMissing
    return found


class PilotView(ApiView):
    @operation("pilot", "How the pilot of a batch goes", {200: question_shapes.Pilot})
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        found = pilot.result_of(Step.objects.get(batch=_batch(self, batch_id), position=1))
        if found is None:
            return answer({"running": False, **_NO_PILOT, "minutes": None})
        told = {name: value for name, value in vars(found).items() if name != "failing"}
        return answer({"running": True, **told})


class GoOnView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation("go_on", "Offer the rest after a pilot", {200: BatchShape})
    def post(self, request: Request, batch_id: int) -> HttpResponse:
        pilot.go_on(batch_id=batch_id, by=self.user, now=now())
        return batch_answer(self.user, batch_id)


def repair_json(row: Repair) -> Json:
    return {
        "id": row.pk,
        "batch": row.batch_id,
        "state": row.state,
        "scope": row.scope,
        "note": row.note,
        "version": row.after_id,
        "tasks_total": row.tasks_total,
        "tasks_done": row.tasks_done,
        "paid": row.paid,
        "reopened": row.reopened,
        "created_at": moment(row.created_at),
        "finished_at": moment(row.finished_at),
    }


class RepairsView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "repairs", "Repairs of a batch, newest first", {200: page_of(question_shapes.Repair)}, query=PAGING
    )
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        rows = Repair.objects.filter(batch=_batch(self, batch_id))
        return lists.listed(request, rows, key=("-id",), render=lambda found: [repair_json(r) for r in found])

    @operation(
        "repair",
        "Correct the manual: pay what was received and open the affected tasks again",
        {202: question_shapes.Repair},
        takes=inputs.REPAIR,
    )
    def post(self, request: Request, batch_id: int) -> HttpResponse:
        sent: dict[str, Any] = self.body.read(inputs.REPAIR)
        if "version" in sent:
            sent["version_id"] = sent.pop("version")
        if "deadline" in sent:
            sent["deadline"] = moment_of(sent["deadline"], "deadline")
        made = repair.start(
            batch_id=batch_id, by=self.user, now=now(), **{"scope": Repair.Scope.ALL.value, **sent}
        )
        return answer(repair_json(made), 202, {"Location": f"/api/v1/repairs/{made.pk}"})


def _judge(step: Step, wanted: int | None, corrected: bool | None) -> tuple[TemplateVersion, bool]:
    """The version whose checks decide, and whether its manual is corrected. Raises `Invalid`."""
    if wanted is None or wanted == step.template_version_id:
        return step.template_version, corrected is not False
    found = manuals.newer_versions(step).filter(pk=wanted).first()
    if found is None:
        raise invalid("version", "unknown")
    return found, bool(corrected)


def _counted(row: RepairPlan | None) -> Json | None:
    if row is None:
        return None
    return {
        "state": row.state,
        "tasks_total": row.tasks_total,
        "tasks_done": row.tasks_done,
        "created_at": moment(row.created_at),
        "stale": repair_plans.is_stale(row),
        "plan": asdict(repair_scope.plan_of(row)) if row.state == JobState.DONE else None,
    }


class RepairPlanView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "repair_plan",
        "What a repair would do at this moment",
        {200: question_shapes.RepairChoice},
        query=(
            OpenApiParameter(
                "version", int, description="whose form and checks decide; default: the batch's"
            ),
            one_of("corrected", ("true", "false")),
        ),
    )
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        step = manuals.step_of(_batch(self, batch_id, director=True).pk)
        said = lists.choice(request, "corrected", ("true", "false"))
        wanted = lists.number(request, "version", 0) or None
        judge, corrected = _judge(step, wanted, None if said is None else said == "true")
        return answer(
            {
                "all": asdict(repair_scope.plan(step, None if corrected else judge)),
                "failing": _counted(repair_plans.of(step, judge, corrected=corrected)),
                "versions": [
                    {"id": one.pk, "key": one.template.key, "number": one.number, "note": one.note}
                    for one in manuals.newer_versions(step)[:100]
                ],
            }
        )

    @operation(
        "count_repair_plan",
        "Count what a repair of the answers that the checks refuse would do",
        {202: question_shapes.RepairCount},
        takes=inputs.REPAIR_PLAN,
    )
    def post(self, request: Request, batch_id: int) -> HttpResponse:
        sent = self.body.read(inputs.REPAIR_PLAN)
        step = manuals.step_of(_batch(self, batch_id, director=True).pk)
        judge, corrected = _judge(step, sent.get("version"), sent.get("corrected"))
        row = repair_plans.ask(batch_id=batch_id, judge=judge, corrected=corrected, by=self.user, now=now())
        query = f"version={judge.pk}&corrected={str(corrected).lower()}"
        return answer(_counted(row), 202, {"Location": f"/api/v1/batches/{batch_id}/repair-plan?{query}"})


class RepairView(ApiView):
    @operation("repair_state", "One repair: how far it is", {200: question_shapes.Repair})
    def get(self, request: Request, repair_id: int) -> HttpResponse:
        found = Repair.objects.filter(pk=repair_id).first()
        if found is None:
            raise Missing
        _batch(self, found.batch_id)
        return answer(repair_json(found))
