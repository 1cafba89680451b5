"""Questions about a batch: in the open, without names, and from an answer into the manual."""

from datetime import timedelta

import pytest

from events.dispatcher import dispatch_once
from events.models import Event
from events.readers import run_readers
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from notify.models import Notice
from realtime.topics import allowed
from tasks.domain import batches, claim, manuals, questions, repair
from tasks.errors import Missing, RoleMissing
from tasks.models import Batch, Question
from tests.factories import Cast
from tests.tasks.domain.world import fresh, handed_in, plain_batch, step_of, take

pytestmark = [pytest.mark.both, pytest.mark.django_db]


@pytest.fixture
def batch(cast: Cast) -> Batch:
    return plain_batch(cast, count=4, audience="crowd", reward=10)


def asked(batch: Batch, cast: Cast, text: str = "題名は長くてもよいですか") -> Question:
    return questions.ask(batch_id=batch.pk, text=text, by=cast.chie, now=now())


def test_who_may_read_and_ask(batch: Batch, cast: Cast) -> None:
    may = {name for name, who in cast.people().items() if questions.may_read(who, batch.pk, now())}
    assert may == {"aya", "dai", "chie", "fumi"}
    for who in (cast.ben, cast.emi, cast.gen):
        with pytest.raises(Missing):
            questions.ask(batch_id=batch.pk, text="?", by=who, now=now())
    draft = plain_batch(cast, count=1, publish=False)
    with pytest.raises(Missing):
        questions.batch_for(cast.aya, draft.pk, now())


def test_whoever_has_worked_on_it_reads_on_when_it_is_over(batch: Batch, cast: Cast) -> None:
    handed_in(batch, cast.chie)
    batches.cancel(batch_id=batch.pk, by=cast.aya, now=now())
    assert questions.may_read(cast.chie, batch.pk, now())
    assert not questions.may_read(cast.fumi, batch.pk, now())
    topic = f"questions.{batch.pk}"
    assert allowed(cast.chie, [topic], now())[topic]
    assert not allowed(cast.fumi, [topic], now())[topic]
    with pytest.raises(Conflict) as refused:
        asked(batch, cast)
    assert refused.value.code == "batch_over"


def test_the_answer_of_the_store_counts_as_answered(batch: Batch, cast: Cast) -> None:
    question = asked(batch, cast)
    assert questions.unanswered(batch.pk).count() == 1
    helped = questions.reply(question_id=question.pk, text="たぶん", by=cast.fumi, now=now())
    assert not helped.of_store
    assert questions.unanswered(batch.pk).count() == 1
    answered = questions.reply(question_id=question.pk, text="40字まで", by=cast.dai, now=now())
    assert answered.of_store
    assert questions.unanswered(batch.pk).count() == 0
    assert questions.waiting_of([cast.store.pk]) == []


def test_directors_and_the_asker_are_told(batch: Batch, cast: Cast) -> None:
    question = asked(batch, cast)
    questions.reply(question_id=question.pk, text="40字まで", by=cast.aya, now=now())
    while dispatch_once() or run_readers():
        pass
    told = Notice.objects.filter(kind__startswith="question").values_list("kind", "user__name", "path")
    path = f"/questions/{question.pk}/"
    assert sorted(told) == [("question_answered", "Chie", path), ("question_asked", "Aya", path)]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 1001, "a\x00b"])
def test_what_cannot_be_asked(batch: Batch, cast: Cast, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        asked(batch, cast, text)
    assert refused.value.fields[0].field == "text"
    assert not Question.objects.exists()


def test_ten_an_hour_and_no_more(batch: Batch, cast: Cast) -> None:
    for number in range(9):
        asked(batch, cast, f"{number}?")
    questions.reply(question_id=Question.objects.earliest("pk").pk, text="!", by=cast.chie, now=now())
    with pytest.raises(Conflict) as refused:
        asked(batch, cast)
    assert refused.value.code == "too_many_questions"
    # Others, and the store, still may; and so may the same person an hour later.
    questions.ask(batch_id=batch.pk, text="?", by=cast.fumi, now=now())
    questions.ask(batch_id=batch.pk, text="?", by=cast.chie, now=now() + timedelta(minutes=61))


def test_a_director_hides_what_should_not_stand_there(batch: Batch, cast: Cast) -> None:
    question = asked(batch, cast)
    said = questions.reply(question_id=question.pk, text="LINEで", by=cast.fumi, now=now())
    for who in (cast.chie, cast.dai):
        with pytest.raises(RoleMissing):
            questions.hide(question_id=question.pk, by=who, now=now())
    questions.hide(question_id=question.pk, reply_id=said.pk, by=cast.aya, now=now())
    assert getattr(questions.of_batch(batch.pk).get(), "shown_replies") == []  # noqa: B009  # prefetched
    questions.hide(question_id=question.pk, by=cast.aya, now=now())
    assert not questions.of_batch(batch.pk).exists()
    with pytest.raises(Missing):
        questions.question_for(cast.chie, question.pk, now())
    assert Question.objects.get().hidden_by == cast.aya


def test_an_answer_goes_into_the_manual_without_a_pause(batch: Batch, cast: Cast) -> None:
    first = plain_batch(cast, count=2, audience="crowd", reward=10)
    step = step_of(batch)
    repair.start(batch_id=batch.pk, scope="all", note="-", by=cast.aya, now=now(), manual_ja="題名を書く")
    run_pending()
    held = take(batch, cast.chie)
    question = asked(batch, cast)
    questions.reply(question_id=question.pk, text="40字まで", by=cast.dai, now=now())
    found = questions.question_for(cast.aya, question.pk, now())
    text = questions.proposed_manual(found, manuals.step_of(batch.pk).template_version)
    assert text["ja"].startswith("題名を書く")
    assert "題名は長くてもよいですか" in text["ja"]
    assert "40字まで" in text["ja"]
    assert text["en"] == ""
    made = questions.into_manual(
        question_id=question.pk, manual_ja=text["ja"], manual_en="", by=cast.aya, now=now()
    )
    assert Batch.objects.get(pk=batch.pk).state == "open"
    assert step_of(batch).template_version == made
    assert (made.form, made.checks) == (step.template_version.form, step.template_version.checks)
    assert fresh(held).template_version == made
    assert manuals.version_before(fresh(held)) is not None
    assert claim.claim_next(batch_id=batch.pk, by=cast.fumi, now=now()).template_version == made
    # Another batch of the template goes on as it was.
    assert step_of(first).template_version == step.template_version
    assert Question.objects.get(pk=question.pk).into_version == made
    assert Event.objects.filter(name="assignments.moved_on", payload__version=made.pk).exists()


def test_only_a_director_writes_the_manual(batch: Batch, cast: Cast) -> None:
    question = asked(batch, cast)
    for who in (cast.dai, cast.chie):
        with pytest.raises(RoleMissing):
            questions.into_manual(question_id=question.pk, manual_ja="x", manual_en="", by=who, now=now())
    with pytest.raises(Missing):
        questions.into_manual(question_id=question.pk, manual_ja="x", manual_en="", by=cast.gen, now=now())
    with pytest.raises(Invalid):
        questions.into_manual(question_id=question.pk, manual_ja="", manual_en=" ", by=cast.aya, now=now())


def test_a_task_is_named_only_by_who_works_on_it(batch: Batch, cast: Cast) -> None:
    held = take(batch, cast.chie)
    mine = questions.ask(batch_id=batch.pk, text="?", by=cast.chie, now=now(), task_id=held.task_id)
    others = questions.ask(batch_id=batch.pk, text="?", by=cast.fumi, now=now(), task_id=held.task_id)
    assert (mine.task_id, others.task_id) == (held.task_id, None)
