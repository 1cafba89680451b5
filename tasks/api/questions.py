"""Questions about a batch, for its desk and for whoever works on it."""

from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.domain.queries import has_role
from accounts.models import User
from accounts.states import Scope
from kernel.clock import now
from tasks.api import inputs, lists, question_shapes
from tasks.api.base import ApiView, ScopeMissing, answer
from tasks.api.rendering import Json, moment, person_json
from tasks.api.schema import PAGING, operation
from tasks.api.shapes import page_of
from tasks.domain import manuals, questions
from tasks.domain.questions import may_read
from tasks.errors import Missing
from tasks.models import Batch, Question
from tasks.rules import REVIEW_ROLES


def question_json(question: Question, reader: User, desk: bool) -> Json:
    """Workers do not see each other's names."""
    replies: list[Any] = getattr(question, "shown_replies")  # noqa: B009  # of `questions.of_batch`
    return {
        "id": question.pk,
        "batch": question.batch_id,
        "task": question.task_id if desk or question.asked_by_id == reader.pk else None,
        "asked_by": _who(question.asked_by, reader, desk),
        "text": question.text,
        "created_at": moment(question.created_at),
        "answered_at": moment(question.answered_at),
        "in_manual": question.into_version_id is not None,
        "replies": [
            {
                "id": one.pk,
                "by": _who(one.by, reader, desk),
                "of_store": one.of_store,
                "text": one.text,
                "created_at": moment(one.created_at),
            }
            for one in replies
        ],
    }


def _who(author: User, reader: User, desk: bool) -> Json | None:
    return person_json(author) if desk or author.pk == reader.pk else None


class QuestionView(ApiView):
    """Workers, reviewers and directors write here: a key with one of their scopes is enough."""

    writers: ClassVar[tuple[str, ...]] = (Scope.WORK, Scope.REVIEW, Scope.DIRECT)

    def _check_scope(self, request: Request) -> None:
        super()._check_scope(request)
        if request.method == "POST" and not set(self.writers) & set(self.key.scopes):
            raise ScopeMissing(self.writers[0])

    def rendered(self, question_id: int, status: int = 200) -> HttpResponse:
        found = questions.question_for(self.user, question_id, now())
        desk = has_role(self.user, found.batch.store_id, now(), *REVIEW_ROLES)
        return answer(question_json(found, self.user, desk), status)


class QuestionsView(QuestionView):
    @operation(
        "questions",
        "Questions about a batch with their replies, newest first",
        {200: page_of(question_shapes.Question)},
        query=PAGING,
    )
    def get(self, request: Request, batch_id: int) -> HttpResponse:
        if not may_read(self.user, batch_id, now()):
            raise Missing
        batch = Batch.objects.get(pk=batch_id)
        desk = has_role(self.user, batch.store_id, now(), *REVIEW_ROLES)

        def render(rows: list[Question]) -> list[Json]:
            return [question_json(row, self.user, desk) for row in rows]

        return lists.listed(request, questions.of_batch(batch_id), key=("-id",), render=render)

    @operation(
        "ask",
        "Ask about a batch, for everybody on it",
        {201: question_shapes.Question},
        takes=inputs.QUESTION,
    )
    def post(self, request: Request, batch_id: int) -> HttpResponse:
        sent = self.body.read(inputs.QUESTION)
        made = questions.ask(
            batch_id=batch_id, text=sent["text"], task_id=sent.get("task"), by=self.user, now=now()
        )
        return self.rendered(made.pk, 201)


class RepliesView(QuestionView):
    @operation(
        "reply",
        "Reply; by the store's desk it is the answer",
        {201: question_shapes.Question},
        takes=inputs.REPLY,
    )
    def post(self, request: Request, question_id: int) -> HttpResponse:
        sent = self.body.read(inputs.REPLY)
        questions.reply(question_id=question_id, text=sent["text"], by=self.user, now=now())
        return self.rendered(question_id, 201)


class IntoManualView(QuestionView):
    writers = (Scope.DIRECT,)

    @operation(
        "into_manual",
        "Put an answer into the manual: a new version that the batch goes on with",
        {200: question_shapes.Question},
        takes=inputs.MANUAL,
    )
    def post(self, request: Request, question_id: int) -> HttpResponse:
        sent = self.body.read(inputs.MANUAL)
        found = questions.question_for(self.user, question_id, now())
        version = manuals.step_of(found.batch_id).template_version
        proposed = questions.proposed_manual(found, version)
        texts = {f"manual_{name}": sent.get(f"manual_{name}", text) for name, text in proposed.items()}
        questions.into_manual(question_id=question_id, by=self.user, now=now(), **texts)
        return self.rendered(question_id)


class HideView(QuestionView):
    writers = (Scope.DIRECT,)

    @operation(
        "hide_question", "Take a question, or one reply to it, from view", {204: None}, takes=inputs.HIDING
    )
    def post(self, request: Request, question_id: int) -> HttpResponse:
        reply = self.body.read(inputs.HIDING).get("reply")
        questions.hide(question_id=question_id, reply_id=reply, by=self.user, now=now())
        return HttpResponse(status=204)
