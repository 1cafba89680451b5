"""Questions about a batch: asked and answered in the open, so that everybody works by the same words."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import DESK, has_role, stores_of
from accounts.models import User
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid, Text
from tasks import rules, topics
from tasks.answers.texts import is_storable
from tasks.domain import batches, claim, manuals
from tasks.domain.queries import offered_steps
from tasks.errors import Missing, RoleMissing
from tasks.models import Assignment, Batch, Question, Reply, Task, TemplateVersion
from tasks.states import RUNNING_BATCH, BatchState

QUESTION_MAX = 1000
REPLY_MAX = 3000
# What one worker may write about one batch within an hour.
HOURLY = 10
HOUR = timedelta(hours=1)
COUNTED_TO = 100


class TooMany(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "too_many_questions",
            _("You have written %(n)d times about this batch within an hour. Wait a while.") % {"n": HOURLY},
        )


def may_read(user: User, batch_id: int, now: datetime) -> bool:
    """The desk of the store, whoever may take the batch's work, and whoever has worked on it."""
    published = Batch.objects.filter(pk=batch_id).exclude(state=BatchState.DRAFT)
    return (
        published.filter(store__in=stores_of(user, now, *DESK)).exists()
        or Assignment.objects.filter(batch_id=batch_id, worker=user).exists()
        or offered_steps(user, now).filter(batch_id=batch_id).exists()
    )


def batch_for(user: User, batch_id: int, now: datetime) -> Batch:
    """The batch for a reader of its questions; `Missing` for anybody else."""
    if not may_read(user, batch_id, now):
        raise Missing
    return Batch.objects.select_related("store").get(pk=batch_id)


def of_batch(batch_id: int) -> QuerySet[Question]:
    """What is shown of a batch, with replies and who wrote them."""
    shown = Reply.objects.filter(hidden_at=None).select_related("by").order_by("pk")
    rows = Question.objects.filter(batch_id=batch_id, hidden_at=None)
    return rows.select_related("asked_by", "into_version", "batch").prefetch_related(
        Prefetch("replies", shown, to_attr="shown_replies")
    )


def question_for(user: User, question_id: int, now: datetime) -> Question:
    """One question for a reader of its batch. `Missing` for others, and for what is hidden."""
    batch_id = Question.objects.filter(pk=question_id).values_list("batch", flat=True).first()
    if batch_id is None or not may_read(user, batch_id, now):
        raise Missing
    found = of_batch(batch_id).filter(pk=question_id).first()
    if found is None:
        raise Missing
    return found


def unanswered(batch_id: int | OuterRef) -> QuerySet[Question]:
    """Those of a batch that wait for the store."""
    rows = Question.objects.filter(answered_at=None, hidden_at=None)
    return rows.filter(batch_id=batch_id)  # type: ignore[misc]  # or a reference to an outer query


def waiting_of(store_ids: Iterable[int]) -> list[tuple[int, str, int]]:
    """Batch, its title, and how many questions wait for the store."""
    rows = Question.objects.filter(batch__store__in=list(store_ids), answered_at=None, hidden_at=None)
    counted = rows.order_by("batch").values_list("batch", "batch__title").annotate(n=Count("pk"))
    return list(counted[:COUNTED_TO])


@transaction.atomic
def ask(*, batch_id: int, text: str, by: User, now: datetime, task_id: int | None = None) -> Question:
    """Asks in the open; `task_id` names a task of the batch that the asker has worked on.

    Raises `Missing`, `Invalid`, `Conflict` for a batch that is over, and `TooMany` beyond ten an hour.
    """
    batch = batch_for(by, batch_id, now)
    if batch.state not in (*RUNNING_BATCH, BatchState.CLOSED):
        raise Conflict("batch_over", _("This batch is over. Nobody would answer any more."))
    text = _clean("text", text, QUESTION_MAX)
    _require_seldom(batch, by, now)
    made = Question.objects.create(
        batch=batch, task=_task(batch_id, task_id, by), asked_by=by, text=text, created_at=now
    )
    _tell("question.asked", made, actor=by.pk)
    return made


def _task(batch_id: int, task_id: int | None, by: User) -> Task | None:
    if task_id is None:
        return None
    mine = Assignment.objects.filter(batch_id=batch_id, worker=by, task_id=task_id)
    return Task.objects.filter(pk__in=mine.values("task")).first()


def _clean(field: str, text: str, most: int) -> str:
    text = text.replace("\r\n", "\n").strip()
    problem: tuple[str, Text] | None = None
    if not text:
        problem = ("required", _("Write something first."))
    elif len(text) > most:
        problem = ("too_long", _("Write at most %(n)s characters.") % {"n": f"{most:,}"})
    elif not is_storable(text):
        problem = ("unstorable", _("This text holds characters that cannot be stored."))
    if problem:
        message = _("Your text could not be sent.")
        raise Invalid("question_invalid", message, fields=[FieldProblem(field, *problem)])
    return text


def _require_seldom(batch: Batch, by: User, now: datetime) -> None:
    if has_role(by, batch.store_id, now, *DESK):
        return
    claim.lock_person(by)
    asked = Question.objects.filter(batch=batch, asked_by=by, created_at__gt=now - HOUR).count()
    replied = Reply.objects.filter(question__batch=batch, by=by, created_at__gt=now - HOUR).count()
    if asked + replied >= HOURLY:
        raise TooMany


@transaction.atomic
def reply(*, question_id: int, text: str, by: User, now: datetime) -> Reply:
    """Answers a question; by the store's desk it counts as answered. Raises like `ask`."""
    question = question_for(by, question_id, now)
    question = (
        Question.objects.select_for_update(of=("self",)).select_related("batch__store").get(pk=question.pk)
    )
    text = _clean("text", text, REPLY_MAX)
    of_store = has_role(by, question.batch.store_id, now, *rules.REVIEW_ROLES)
    _require_seldom(question.batch, by, now)
    made = Reply.objects.create(question=question, by=by, of_store=of_store, text=text, created_at=now)
    if of_store and question.answered_at is None:
        question.answered_at = now
        question.save(update_fields=["answered_at"])
    _tell("question.answered" if of_store else "question.replied", question, actor=by.pk, reply=made.pk)
    return made


@transaction.atomic
def hide(*, question_id: int, by: User, now: datetime, reply_id: int | None = None) -> Question:
    """A director takes a question, or one reply to it, from view; it is kept."""
    question = question_for(by, question_id, now)
    _require_director(question, by, now)
    row = Reply.objects.filter(question=question, pk=reply_id).first() if reply_id is not None else question
    if row is None:
        raise Missing
    row.hidden_at, row.hidden_by = now, by
    row.save(update_fields=["hidden_at", "hidden_by"])
    _tell("question.hidden", question, actor=by.pk)
    return question


def _require_director(question: Question, by: User, now: datetime) -> None:
    if not has_role(by, question.batch.store_id, now, *rules.DIRECT_ROLES):
        raise RoleMissing


@transaction.atomic
def into_manual(
    *, question_id: int, manual_ja: str, manual_en: str, by: User, now: datetime
) -> TemplateVersion:
    """Puts an answer into the manual: a new version that the batch goes on with at once, without a pause.

    The batch keeps the form and checks it has. Where its template has a newer version by now, the answer is
    put at the end of that one's manual too, as the newest version: later batches begin with both.

    Raises `Missing`, `RoleMissing`, `Conflict` while a repair runs, and `Invalid` for the manual.
    """
    question = question_for(by, question_id, now)
    _require_director(question, by, now)
    batch = batches.lock_batch(question.batch_id, by, now)
    batches.require_no_repair(batch)
    step = manuals.step_of(batch.pk)
    newest = manuals.newest(step)
    told: dict[str, Any] = {"company": step.batch.store.company, "by": by, "note": question.text[:200]}
    version = manuals.publish_manual(
        version=step.template_version, manual_ja=manual_ja, manual_en=manual_en, **told
    )
    if version.pk == step.template_version_id:
        problem = FieldProblem("manual_ja", "unchanged", _("The manual is the same as before."))
        raise Invalid("manual_invalid", _("The manual could not be saved."), fields=[problem])
    if newest is not None:
        proposed = proposed_manual(question, newest)
        manuals.publish_manual(version=newest, manual_ja=proposed["ja"], manual_en=proposed["en"], **told)
    manuals.move_step(step, version, actor=by.pk)
    question.into_version = version
    question.save(update_fields=["into_version"])
    _tell("question.into_manual", question, actor=by.pk)
    return version


def proposed_manual(question: Question, version: TemplateVersion) -> dict[str, str]:
    """The manual in each language it has, with this question and the store's answers at its end."""
    answers = [one.text for one in getattr(question, "shown_replies") if one.of_store]  # noqa: B009  # `of_batch`
    found = {"ja": version.manual_ja, "en": version.manual_en}
    heads = {"ja": "## よくある質問", "en": "## Questions and answers"}
    marks = {"ja": ("問", "答"), "en": ("Q", "A")}
    for language, manual in found.items():
        if manual:
            asked, answered = marks[language]
            head = "" if heads[language] in manual else f"\n\n{heads[language]}"
            told = "\n\n".join(answers)
            found[language] = f"{manual.rstrip()}{head}\n\n**{asked}: {question.text}**\n\n{answered}: {told}"
    return found


def _tell(name: str, question: Question, *, actor: int, **more: int) -> None:
    batch = question.batch
    record(
        name,
        topics=[*topics.of_batch(batch), f"questions.{batch.pk}", f"user.{question.asked_by_id}"],
        actor=actor,
        batch=batch.pk,
        question=question.pk,
        **more,  # type: ignore[arg-type]  # ids alone
    )
