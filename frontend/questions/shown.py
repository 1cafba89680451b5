"""What of a question is shown to whom: workers see each other's words, never each other's names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.domain.queries import has_role
from accounts.models import User
from frontend.batches.access import person
from kernel import paging
from kernel.clock import now
from tasks.domain import questions
from tasks.models import Batch, Question
from tasks.rules import DIRECT_ROLES, REVIEW_ROLES
from tasks.states import RUNNING_BATCH, BatchState

PAGE = 20


@dataclass(frozen=True)
class Said:
    """One reply. `who` is empty where the reader may not know."""

    id: int
    who: str
    of_store: bool
    text: str
    at: datetime


@dataclass(frozen=True)
class Line:
    question: Question
    who: str
    replies: list[Said]


def panel(request: HttpRequest, batch: Batch, *, after: str | None = None) -> dict[str, Any]:
    """The newest questions of a batch and what the reader may do with them."""
    page = paging.page(questions.of_batch(batch.pk), key=["-id"], after=after, limit=PAGE)
    return {**lines_of(request, batch, page.items), "next": page.next, "first_page": not after}


def lines_of(request: HttpRequest, batch: Batch, rows: Iterable[Question]) -> dict[str, Any]:
    user = person(request)
    desk = has_role(user, batch.store_id, now(), *REVIEW_ROLES)
    directs = desk and has_role(user, batch.store_id, now(), *DIRECT_ROLES)
    return {
        "batch": batch,
        "lines": [_line(row, user, desk) for row in rows],
        "desk": desk,
        "directs": directs,
        "may_ask": batch.state in (*RUNNING_BATCH, BatchState.CLOSED),
        "may_write_manual": directs and batch.state in RUNNING_BATCH,
        "topics": [f"questions.{batch.pk}"],
        "question_max": questions.QUESTION_MAX,
        "reply_max": questions.REPLY_MAX,
    }


def line_of(request: HttpRequest, question: Question) -> dict[str, Any]:
    found = lines_of(request, question.batch, [question])
    return {**found, "line": found["lines"][0]}


def _line(question: Question, reader: User, desk: bool) -> Line:
    replies: list[Any] = getattr(question, "shown_replies")  # noqa: B009  # of `questions.of_batch`
    return Line(
        question,
        _who(question.asked_by, reader, desk),
        [
            Said(
                one.pk,
                _who(one.by, reader, desk, of_store=one.of_store),
                one.of_store,
                one.text,
                one.created_at,
            )
            for one in replies
        ],
    )


def _who(author: User, reader: User, desk: bool, *, of_store: bool = False) -> str:
    if author.pk == reader.pk:
        return _("You")
    if desk:
        return str(author)
    return _("The store") if of_store else _("A worker")
