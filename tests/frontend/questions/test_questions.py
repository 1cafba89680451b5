"""Questions of a batch, on the pages of the desk and of workers."""

from django.test import Client

from kernel.clock import now
from tasks.domain import claim, manuals, questions
from tasks.models import Question
from tests.factories import Cast, make_batch
from tests.frontend.conftest import SignedIn


def test_workers_read_each_others_words_without_names(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, audience="crowd")
    where = f"/batches/{batch.pk}/questions/"
    said = signed_in(cast.chie).post(where, {"text": "長さは？ <script>https://x.example"}, follow=True)
    assert "Your question is asked." in said.content.decode()
    question = Question.objects.get()
    signed_in(cast.dai).post(f"/questions/{question.pk}/", {"text": "40字まで"})
    other = signed_in(cast.fumi).get(where).content.decode()
    assert "A worker" in other
    assert "The store" in other
    assert "Chie" not in other
    assert "Dai" not in other
    assert "&lt;script&gt;" in other
    assert 'href="https://x.example' not in other
    desk = signed_in(cast.aya).get(where).content.decode()
    assert "Chie" in desk
    assert "40字まで" in desk
    assert signed_in(cast.emi).get(where).status_code == 404
    assert signed_in(cast.ben).get(where).status_code == 404


def test_the_task_page_holds_them_and_asks_without_leaving(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, audience="crowd")
    held = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    browser = signed_in(cast.chie)
    sent = {"text": "？", "task": str(held.task_id), "next": f"/work/{held.pk}/"}
    quiet = browser.post(f"/batches/{batch.pk}/questions/", sent, headers={"X-Requested-With": "fetch"})
    assert quiet.json() == {"said": "Your question is asked. You hear of the answer."}
    plain = browser.post(f"/batches/{batch.pk}/questions/", {**sent, "text": "Which side is up?"})
    assert plain["Location"] == f"/work/{held.pk}/"
    assert "Which side is up?" in browser.get(f"/work/{held.pk}/").content.decode()
    away = browser.post(f"/batches/{batch.pk}/questions/", {**sent, "next": "https://evil.example/"})
    assert away["Location"] == f"/batches/{batch.pk}/questions/"
    empty = browser.post(
        f"/batches/{batch.pk}/questions/", {"text": " "}, headers={"X-Requested-With": "fetch"}
    )
    assert (empty.status_code, empty.json()["fields"][0]["message"]) == (422, "Write something first.")


def test_an_answer_goes_into_the_manual_by_one_click(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, audience="crowd")
    question = questions.ask(batch_id=batch.pk, text="Brand?", by=cast.chie, now=now())
    home = signed_in(cast.aya).get("/").content.decode()
    assert "question to answer" in home
    questions.reply(question_id=question.pk, text="Put it first", by=cast.aya, now=now())
    browser: Client = signed_in(cast.aya)
    form = browser.get(f"/questions/{question.pk}/manual/")
    assert "Put it first" in form.context["typed"]["manual_en"]
    answer = browser.post(f"/questions/{question.pk}/manual/", form.context["typed"], follow=True)
    assert "In the manual" in answer.content.decode()
    assert signed_in(cast.dai).get(f"/questions/{question.pk}/manual/").status_code == 403
    held = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    assert "Put it first" in signed_in(cast.chie).get(f"/work/{held.pk}/").content.decode()


def test_an_unchanged_manual_and_lost_words_are_told(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, audience="crowd")
    question = questions.ask(batch_id=batch.pk, text="Brand?", by=cast.chie, now=now())
    version = manuals.step_of(batch.pk).template_version
    same = {"manual_ja": version.manual_ja, "manual_en": version.manual_en}
    answer = signed_in(cast.aya).post(f"/questions/{question.pk}/manual/", same)
    assert answer.status_code == 422
    assert "The manual is the same as before." in answer.content.decode()
    long = signed_in(cast.chie).post(f"/questions/{question.pk}/", {"text": "x" * 3001})
    assert long.status_code == 422
    assert "x" * 3001 in long.content.decode()


def test_a_director_hides_a_question(cast: Cast, signed_in: SignedIn) -> None:
    batch = make_batch(cast, audience="crowd")
    question = questions.ask(batch_id=batch.pk, text="LINE me", by=cast.chie, now=now())
    assert signed_in(cast.dai).post(f"/questions/{question.pk}/hide/").status_code == 403
    signed_in(cast.aya).post(f"/questions/{question.pk}/hide/")
    assert "LINE me" not in signed_in(cast.fumi).get(f"/batches/{batch.pk}/questions/").content.decode()
    assert signed_in(cast.chie).get(f"/questions/{question.pk}/").status_code == 404
