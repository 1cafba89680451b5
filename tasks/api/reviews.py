"""The reviewer's side: what waits, and the decisions."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.domain.queries import DESK, has_role
from accounts.models import User
from accounts.states import Scope
from kernel.clock import now
from kernel.ids import ID_MAX
from tasks.api import inputs, lists, shapes
from tasks.api.base import ApiView, answer
from tasks.api.rendering import Json, decision_json, input_value, submission_row, waiting_json
from tasks.api.schema import PAGING, operation
from tasks.domain import corrections, review
from tasks.domain.queries import review_queue, visible_submissions
from tasks.domain.undo import undo_approval
from tasks.domain.versions import known
from tasks.errors import Missing
from tasks.models import Assignment, Review, Submission, Unit

BATCH = OpenApiParameter(
    "batch", {"type": "integer", "minimum": 1, "maximum": ID_MAX}, description="only of this batch"
)


class ReviewsView(ApiView):
    @operation(
        "reviews",
        "Answers that wait for a decision, the nearest deadline first",
        {200: shapes.page_of(shapes.Waiting)},
        query=(BATCH, *PAGING),
    )
    def get(self, request: Request) -> HttpResponse:
        rows = with_what_is_shown(review_queue(self.user, now()))
        batch_id = lists.number(request, "batch", 0, least=1)
        if batch_id:
            rows = rows.filter(batch_id=batch_id)
        return lists.listed(
            request, rows, key=("auto_approve_at", "id"), render=lambda found: _waiting(found, self.user)
        )


def with_what_is_shown(rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    # The content of template versions is long and known (`tasks.domain.versions`).
    return rows.select_related(None).select_related("task__unit", "worker", "reviewer")


def _waiting(assignments: Iterable[Assignment], reader: User) -> list[Json]:
    rows = list(assignments)
    submissions: defaultdict[int, list[Submission]] = defaultdict(list)
    found = Submission.objects.filter(assignment__in=rows).select_related("correction")
    for one in found.order_by("number").prefetch_related("reviews"):
        submissions[one.assignment_id].append(one)
    return [waiting_json(row, submissions[row.pk], reader=reader) for row in rows]


class SubmissionView(ApiView):
    @operation(
        "submission", "One answer; rejected ones are the worker's alone", {200: shapes.SubmissionDetail}
    )
    def get(self, request: Request, submission_id: int) -> HttpResponse:
        rows = visible_submissions(self.user, now())
        rows = rows.select_related("assignment__task__unit", "assignment__worker", "correction")
        rows = rows.prefetch_related("reviews")
        found = rows.filter(pk=submission_id).first()
        if found is None:
            raise Missing
        return answer({**submission_row(found, found.assignment), "source": self._source(found.assignment)})

    def _source(self, assignment: Assignment) -> dict[str, Any]:
        """The whole product for the desk; for the worker what they were given."""
        unit: Unit = assignment.task.unit
        if has_role(self.user, assignment.store_id, now(), *DESK):
            return dict(unit.values)
        inputs_of = known(assignment.template_version_id).inputs
        return {one.name: input_value(one, unit.values) for one in inputs_of}


class LeaseView(ApiView):
    """Takes a submission to one's desk, or gives it back."""

    scopes = {"POST": Scope.REVIEW}

    def waiting(self, assignment: Assignment) -> HttpResponse:
        row = with_what_is_shown(Assignment.objects.all()).get(pk=assignment.pk)
        return answer(_waiting([row], self.user)[0])


class StartReviewView(LeaseView):
    @operation("start_review", "Take a submission to one's desk for ten minutes", {200: shapes.Waiting})
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        return self.waiting(review.start_review(submission_id=submission_id, by=self.user, now=now()))


class StopReviewView(LeaseView):
    @operation("stop_review", "Give a submission back to the queue", {200: shapes.Waiting})
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        return self.waiting(review.stop_review(submission_id=submission_id, by=self.user, now=now()))


class DecisionView(ApiView):
    scopes = {"POST": Scope.REVIEW}

    def decided(self, made: Review) -> HttpResponse:
        return answer(decision_json(made, Assignment.objects.get(pk=made.submission.assignment_id)))


class ApproveView(DecisionView):
    @operation("approve", "Approve an answer", {200: shapes.Decided}, takes=inputs.APPROVAL)
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        sent = self.body.read(inputs.APPROVAL)
        return self.decided(review.approve(submission_id=submission_id, by=self.user, now=now(), **sent))


class CorrectView(DecisionView):
    @operation(
        "correct",
        "Approve an answer as corrected by the reviewer; it is paid in full",
        {200: shapes.Decided},
        takes=inputs.CORRECTION,
    )
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        sent = self.body.read(inputs.CORRECTION)
        made = corrections.correct_and_approve(submission_id=submission_id, by=self.user, now=now(), **sent)
        return self.decided(made)


class UndoView(DecisionView):
    @operation("undo", "Take one's own approval back, within a minute", {200: shapes.Decided})
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        return self.decided(undo_approval(submission_id=submission_id, by=self.user, now=now()))


class RequestChangesView(DecisionView):
    @operation(
        "request_changes",
        "Send an answer back with comments, at most twice",
        {200: shapes.Decided},
        takes=inputs.CHANGES,
    )
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        sent = {"comments": {}, **self.body.read(inputs.CHANGES)}
        made = review.request_changes(submission_id=submission_id, by=self.user, now=now(), **sent)
        return self.decided(made)


class RejectView(DecisionView):
    @operation(
        "reject", "Reject an answer for reasons of the brief", {200: shapes.Decided}, takes=inputs.REJECTION
    )
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        sent = self.body.read(inputs.REJECTION)
        return self.decided(review.reject(submission_id=submission_id, by=self.user, now=now(), **sent))


class AcceptView(DecisionView):
    @operation(
        "accept",
        "Choose an approved answer for use: one approved by silence, or the one of several",
        {200: shapes.Decided},
    )
    def post(self, request: Request, submission_id: int) -> HttpResponse:
        return self.decided(review.accept(submission_id=submission_id, by=self.user, now=now()))
