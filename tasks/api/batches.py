"""The director's side: post batches, move them through their life, look at their tasks and answers."""

from collections.abc import Callable
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpResponse
from rest_framework.request import Request

from accounts.domain.queries import DESK, stores_of
from accounts.models import User
from accounts.states import Scope
from kernel.clock import now
from tasks.api import inputs, lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.bodies import moment as moment_of
from tasks.api.rendering import batch_json, moment, person_json, submission_row, unit_json
from tasks.api.schema import PAGING, one_of, operation
from tasks.domain import batches, counts
from tasks.domain.batches import Terms
from tasks.domain.queries import visible_batches, visible_tasks
from tasks.errors import Missing, RoleMissing
from tasks.models import Assignment, Batch, Step, Submission
from tasks.states import AssignmentState, BatchState, TaskState

# The content of a template version is long, and these pages do not show it.
_STEPS = Step.objects.filter(position=1).select_related("template_version__template")
STEPS = Prefetch(
    "steps",
    _STEPS.defer(
        *(
            f"template_version__{name}"
            for name in ("manual_ja", "manual_en", "inputs", "form", "checks", "checklist", "defaults")
        )
    ),
    to_attr="first_steps",
)


def batches_json(found: list[Any]) -> list[dict[str, Any]]:
    """Batches that carry `STEPS`, with their counts in one query."""
    counted = counts.of_batches(batch.pk for batch in found)
    return [batch_json(batch, batch.first_steps[0], counted[batch.pk]) for batch in found]


def batch_answer(by: User, batch_id: int) -> HttpResponse:
    found = visible_batches(by, now()).filter(pk=batch_id).prefetch_related(STEPS).first()
    if found is None:
        raise Missing
    return answer(batches_json([found])[0])


class StoreBatchesView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "store_batches",
        "Batches of a store, newest first",
        {200: shapes.page_of(shapes.Batch)},
        query=(one_of("state", BatchState.values), *PAGING),
    )
    def get(self, request: Request, store_id: int) -> HttpResponse:
        self._require_desk(store_id)
        rows = visible_batches(self.user, now()).filter(store_id=store_id)
        state = lists.choice(request, "state", BatchState.values)
        if state:
            rows = rows.filter(state=state)
        return lists.listed(request, rows.prefetch_related(STEPS), key=("-id",), render=batches_json)

    def _require_desk(self, store_id: int) -> None:
        if not stores_of(self.user, now()).filter(pk=store_id).exists():
            raise Missing
        if not stores_of(self.user, now(), *DESK).filter(pk=store_id).exists():
            raise RoleMissing

    @operation("create_batch", "Make a draft batch", {201: shapes.Batch}, takes=inputs.BATCH)
    def post(self, request: Request, store_id: int) -> HttpResponse:
        terms = Terms(**_terms(self.body.read(inputs.BATCH)))
        made = batches.create_batch(store_id=store_id, terms=terms, by=self.user, now=now())
        response = batch_answer(self.user, made.pk)
        response.status_code = 201
        response["Location"] = f"/api/v1/batches/{made.pk}"
        return response


def _terms(sent: dict[str, Any]) -> dict[str, Any]:
    if "deadline" in sent:
        sent["deadline"] = moment_of(sent["deadline"], "deadline")
    return sent


class BatchView(ApiView):
    scopes = {"PATCH": Scope.DIRECT}

    @operation("batch", "One batch with its tasks counted by state", {200: shapes.Batch})
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        return batch_answer(self.user, batch_id)

    @operation(
        "change_batch",
        "Change the title, or the terms of a draft",
        {200: shapes.Batch},
        takes=inputs.BATCH_CHANGES,
    )
    def patch(self, request: Request, batch_id: int) -> HttpResponse:
        changes = _terms(self.body.read(inputs.BATCH_CHANGES))
        batches.change_batch(batch_id=batch_id, changes=changes, by=self.user, now=now())
        return batch_answer(self.user, batch_id)


def _move_view(verb: str, move: Callable[..., Batch], text: str) -> type[ApiView]:
    """A view for one edge of the batch's machine."""

    class MoveView(ApiView):
        scopes = {"POST": Scope.DIRECT}

        @operation(f"{verb}_batch", text, {200: shapes.Batch})
        def post(self, request: Request, batch_id: int) -> HttpResponse:
            move(batch_id=batch_id, by=self.user, now=now())
            return batch_answer(self.user, batch_id)

    return MoveView


MOVES = {
    "publish": _move_view("publish", batches.publish, "Offer the work"),
    "pause": _move_view("pause", batches.pause, "Hold all claims; leases keep their remaining time"),
    "resume": _move_view("resume", batches.resume, "Offer the work again"),
    "close": _move_view("close", batches.close, "End the offer; held work may be finished"),
    "cancel": _move_view("cancel", batches.cancel, "Call the batch off; held work may be finished"),
}


class TasksView(ApiView):
    @operation(
        "batch_tasks",
        "Tasks of a batch with who is on them",
        {200: shapes.page_of(shapes.TaskRow)},
        query=(one_of("state", TaskState.values), *PAGING),
    )
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        _require_batch(self, batch_id)
        rows = visible_tasks(self.user, now()).filter(batch_id=batch_id)
        state = lists.choice(request, "state", TaskState.values)
        rows = rows.prefetch_related(Prefetch("assignments", _on_task(), to_attr="answers"))
        if state:
            return lists.listed(request, rows.filter(state=state), key=("position", "id"), render=_tasks)
        return lists.listed(request, rows, key=("id",), render=_tasks)


def _require_batch(view: ApiView, batch_id: int) -> None:
    if not visible_batches(view.user, now()).filter(pk=batch_id).exists():
        raise Missing


def _on_task() -> QuerySet[Assignment]:
    latest = Submission.objects.filter(assignment=OuterRef("pk")).order_by("-number").values("pk")
    return Assignment.objects.select_related("worker").annotate(latest=Subquery(latest[:1])).order_by("pk")


def _tasks(tasks: list[Any]) -> list[dict[str, Any]]:
    return [_task(task) for task in tasks]


def _task(task: Any) -> dict[str, Any]:
    return {
        "id": task.pk,
        "state": task.state,
        "unit": unit_json(task.unit),
        "changed_at": moment(task.changed_at),
        "assignments": [
            {
                "assignment": one.pk,
                "worker": person_json(one.worker),
                "state": one.state,
                "use": one.use or None,
                # The store no longer reads rejected work.
                "submission": None if one.state == AssignmentState.REJECTED else one.latest,
            }
            for one in task.answers
        ],
    }


class SubmissionsView(ApiView):
    @operation(
        "batch_submissions",
        "Answers handed in to a batch, in the order of their claims; rejected ones excepted",
        {200: shapes.page_of(shapes.SubmissionRow)},
        query=(one_of("state", AssignmentState.values, "of the assignment"), *PAGING),
    )
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        _require_batch(self, batch_id)
        # The desk's own view (`_require_batch`): a person's own work in other stores is not asked for.
        rows = Submission.objects.filter(assignment__batch_id=batch_id)
        rows = rows.exclude(assignment__state=AssignmentState.REJECTED)
        state = lists.choice(request, "state", AssignmentState.values)
        if state:
            rows = rows.filter(assignment__state=state)
        rows = rows.select_related("assignment__task__unit", "assignment__worker", "correction")
        rows = rows.prefetch_related("reviews")
        return lists.listed(request, rows, key=("assignment_id", "number"), render=_submissions)


def _submissions(found: list[Submission]) -> list[dict[str, Any]]:
    return [submission_row(one, one.assignment) for one in found]
