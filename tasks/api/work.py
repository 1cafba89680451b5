"""The worker's side: find, claim, write, hand in."""

from collections.abc import Callable
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework.request import Request

from accounts.models import User
from accounts.states import Scope
from kernel.clock import now
from kernel.errors import TenchoError
from tasks.api import inputs, lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.rendering import (
    Json,
    assignment_json,
    assignment_row,
    hold_json,
    moment,
    store_json,
    submission_json,
    terms_json,
)
from tasks.api.schema import PAGING, one_of, operation
from tasks.domain import claim, counts, draft, hold, submit
from tasks.domain.queries import offered_steps, visible_assignments
from tasks.domain.versions import known
from tasks.domain.waiting import in_pilot
from tasks.errors import Missing
from tasks.models import Assignment
from tasks.rules import refusal_of_running
from tasks.states import ON_TASK, AssignmentState, TaskState

NEXT = OpenApiParameter(
    "next", {"type": "string", "enum": ["1"]}, description="1: answer with the next assignment of the batch"
)
CONTENT = tuple(
    f"template_version__{name}"
    for name in ("manual_ja", "manual_en", "inputs", "form", "checks", "checklist", "defaults")
)


class WorkView(ApiView):
    @operation(
        "work",
        "Work that is for the reader, with a reason where it cannot be taken now",
        {200: shapes.page_of(shapes.Offer)},
        query=PAGING,
    )
    def get(self, request: Request) -> HttpResponse:
        rows = offered_steps(self.user, now()).annotate(taken=_taken(self.user)).defer(*CONTENT)
        return lists.listed(request, rows, key=("id",), render=_offers)


def _taken(user: User) -> Coalesce:
    held = Assignment.objects.filter(step=OuterRef("pk"), worker=user).filter(ON_TASK)
    count = held.order_by().values("step").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


def _offers(steps: list[Any]) -> list[Json]:
    counted = counts.of_batches(step.batch_id for step in steps)
    return [_offer(step, counted[step.batch_id][TaskState.OPEN]) for step in steps]


def _offer(step: Any, open_tasks: int) -> Json:
    batch, company = step.batch, step.batch.store.company
    reason = _reason(step)
    return {
        "batch": batch.pk,
        "step": step.pk,
        "title": batch.title,
        "store": store_json(batch.store),
        "company": {"id": company.pk, "name": company.name},
        "state": batch.state,
        **terms_json(step, batch),
        "taken": step.taken,
        "open_tasks": open_tasks,
        "can_take": reason is None,
        "reason": reason,
    }


def _reason(step: Any) -> str | None:
    """Why an offered step cannot be taken at this moment."""
    refusal = refusal_of_running(step, now())
    if refusal:
        return refusal
    if step.per_worker_cap is not None and step.taken >= step.per_worker_cap:
        return "cap_reached"
    if step.has_free:
        return None
    return "rest_waits" if in_pilot(step) else "nothing_left"


def fresh_json(assignment: Assignment) -> Json:
    """An assignment as its claim left it: nothing is asked again that the claim has loaded."""
    version = known(assignment.template_version_id)
    return assignment_json(assignment, assignment.slot.task.unit, version)


class ClaimNextView(ApiView):
    scopes = {"POST": Scope.WORK}

    @operation("claim_next", "Take the next free task of a batch", {201: shapes.Assignment})
    def post(self, request: Request, batch_id: int) -> HttpResponse:
        return _claimed(claim.claim_next(batch_id=batch_id, by=self.user, now=now()))


class ClaimTaskView(ApiView):
    scopes = {"POST": Scope.WORK}

    @operation("claim_task", "Take a task of one's choice", {201: shapes.Assignment})
    def post(self, request: Request, task_id: int) -> HttpResponse:
        return _claimed(claim.claim_task(task_id=task_id, by=self.user, now=now()))


def _claimed(assignment: Assignment) -> HttpResponse:
    where = {"Location": f"/api/v1/assignments/{assignment.pk}"}
    return answer(fresh_json(assignment), status=201, headers=where)


class AssignmentsView(ApiView):
    @operation(
        "assignments",
        "One's own work, newest first",
        {200: shapes.page_of(shapes.AssignmentRow)},
        query=(one_of("state", AssignmentState.values), *PAGING),
    )
    def get(self, request: Request) -> HttpResponse:
        rows = visible_assignments(self.user).defer(*CONTENT)
        state = lists.choice(request, "state", AssignmentState.values)
        if state:
            rows = rows.filter(state=state)
        return lists.listed(request, rows, key=("-id",), render=_rows)


def _rows(found: list[Assignment]) -> list[Json]:
    return [assignment_row(one, one.step.batch, one.task.unit) for one in found]


class AssignmentView(ApiView):
    @operation("assignment", "One assignment with everything needed to do it", {200: shapes.Assignment})
    def get(self, request: Request, assignment_id: int) -> HttpResponse:
        found = self._rows().filter(pk=assignment_id).first()
        if found is None:
            raise Missing
        return answer(
            assignment_json(
                found,
                found.task.unit,
                known(found.template_version_id),
                submissions=found.submissions.order_by("number")
                .select_related("correction")
                .prefetch_related("reviews"),
                alternatives=found.alternatives.order_by("-pk"),
                reports=found.reports.order_by("pk"),
            )
        )

    def _rows(self) -> QuerySet[Assignment]:
        return visible_assignments(self.user).select_related("started_by").defer(*CONTENT)


class DraftView(ApiView):
    scopes = {"PUT": Scope.WORK}

    @operation(
        "save_draft",
        "Save what is typed; `draft_outdated` carries the newer draft and its fence",
        {200: shapes.Draft},
        takes=inputs.ANSWER,
    )
    def put(self, request: Request, assignment_id: int) -> HttpResponse:
        sent = self.body.read(inputs.ANSWER)
        saved = draft.save_draft(assignment_id=assignment_id, by=self.user, now=now(), **sent)
        return answer(
            {
                "fence": saved.fence,
                "saved_at": moment(saved.draft_saved_at),
                "lease_expires_at": moment(saved.lease_expires_at),
            }
        )


def _hold_view(verb: str, act: Callable[..., Assignment], text: str) -> type[ApiView]:
    """A view for one thing that a holder does with a hold."""

    class HoldView(ApiView):
        scopes = {"POST": Scope.WORK}

        @operation(f"{verb}_assignment", text, {200: shapes.Hold})
        def post(self, request: Request, assignment_id: int) -> HttpResponse:
            return answer(hold_json(act(assignment_id=assignment_id, by=self.user, now=now())))

    return HoldView


HOLDS = {
    "heartbeat": _hold_view("heartbeat", hold.heartbeat, "Renew the lease because somebody is working"),
    "extend": _hold_view("extend", hold.extend, "Ask for more time"),
    "release": _hold_view("release", hold.release, "Give the task back; the draft is kept"),
}
SUBMITTED = PolymorphicProxySerializer(
    component_name="SubmissionOrNext",
    serializers=[shapes.Submission, shapes.Submitted],
    resource_type_field_name=None,
)


class SubmitView(ApiView):
    scopes = {"POST": Scope.WORK}

    @operation("submit", "Hand in an answer", {201: SUBMITTED}, takes=inputs.ANSWER, query=(NEXT,))
    def post(self, request: Request, assignment_id: int) -> HttpResponse:
        wants_next = lists.choice(request, "next", ("1",)) == "1"
        sent = self.body.read(inputs.ANSWER)
        made = submit.submit(assignment_id=assignment_id, by=self.user, now=now(), **sent)
        found = submission_json(made, made.assignment, ())
        if not wants_next:
            return answer(found, status=201)
        return answer({"submission": found, **self._next(made.assignment.batch_id)}, status=201)

    def _next(self, batch_id: int) -> Json:
        try:
            held = claim.claim_next(batch_id=batch_id, by=self.user, now=now())
        except (TenchoError, Missing) as refused:
            # The answer is in; only the wish for more cannot be met.
            return {"next": None, "next_code": getattr(refused, "code", "not_found")}
        return {"next": fresh_json(held), "next_code": None}
