"""Correcting at the desk, taking an approval back, what the worker then reads; reports and freed tasks."""

from typing import Any

import pytest
from django.test import Client

from kernel.clock import now
from tasks.domain import claim, review
from tasks.models import Assignment, Report, Submission
from tests.factories import Cast, make_batch, make_submission
from tests.tasks.domain.test_corrections import priced_batch
from tests.tasks.domain.world import handed_in

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(answer: dict[str, Any], **changed: str) -> dict[str, Any]:
    return {f"answer-{name}": value for name, value in {**answer, **changed}.items()}


def test_a_correction_is_made_at_the_desk_and_read_by_the_worker(cast: Cast) -> None:
    made = make_submission(make_batch(cast), cast.ben)
    dai, ben = signed_in(cast.dai), signed_in(cast.ben)
    page = dai.get(f"/review/{made.pk}/").content.decode()
    assert f'action="/review/{made.pk}/correct/"' in page
    sent = {**typed(made.answer, title="港工房 マグ 赤"), "note": "色だけ"}
    assert dai.post(f"/review/{made.pk}/correct/", sent).status_code == 302
    read = ben.get(f"/work/{made.assignment_id}/").content.decode()
    for text in ("The reviewer corrected a small thing", "港工房 マグ 赤", "色だけ", made.answer["title"]):
        assert text in read
    assert "With a correction" in ben.get("/my-work/?tab=done").content.decode()
    assert "Corrected by the reviewer" in dai.get(f"/review/{made.pk}/").content.decode()
    task = signed_in(cast.aya).get(f"/tasks/{made.assignment.task_id}/").content.decode()
    assert "Corrected by the reviewer; this is what is used" in task


def test_a_refused_correction_keeps_what_was_typed(cast: Cast) -> None:
    made = make_submission(make_batch(cast), cast.ben)
    sent = {**typed(made.answer, title="", seo_title="書きかけ"), "note": "n"}
    page = signed_in(cast.dai).post(f"/review/{made.pk}/correct/", sent)
    assert page.status_code == 422
    text = page.content.decode()
    assert "書きかけ" in text
    assert "data-correct open" in text
    assert Assignment.objects.get(pk=made.assignment_id).state == "submitted"


def test_undo_brings_the_answer_back_with_the_correction_typed_in(cast: Cast) -> None:
    made = make_submission(make_batch(cast), cast.ben)
    dai = signed_in(cast.dai)
    dai.post(f"/review/{made.pk}/correct/", typed(made.answer, title="港工房 マグ 赤"))
    queue = dai.get("/review/").content.decode()
    assert f'action="/review/{made.pk}/undo/"' in queue
    back = dai.post(f"/review/{made.pk}/undo/").content.decode()
    assert "港工房 マグ 赤" in back
    assert Assignment.objects.get(pk=made.assignment_id).state == "in_review"
    assert f'action="/review/{made.pk}/undo/"' not in dai.get("/review/").content.decode()
    assert dai.post(f"/review/{made.pk}/undo/").status_code == 409


def test_an_undone_approval_is_not_told_as_one(cast: Cast) -> None:
    made = make_submission(make_batch(cast), cast.ben)
    dai, ben = signed_in(cast.dai), signed_in(cast.ben)
    dai.post(f"/review/{made.pk}/approve/")
    dai.post(f"/review/{made.pk}/undo/")
    review.request_changes(submission_id=made.pk, comments={"title": "もっと"}, by=cast.dai, now=now())
    assert "もっと" in ben.get(f"/work/{made.assignment_id}/").content.decode()


def test_a_report_is_sent_answered_and_agreed_with(cast: Cast) -> None:
    batch = make_batch(cast, audience="crowd")
    held = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    chie, aya = signed_in(cast.chie), signed_in(cast.aya)
    path = f"/work/{held.pk}/"
    assert "you are paid ¥30 (20 % of the reward)" in chie.get(path).content.decode()
    form = {"fence": "0", "answer-title": "半分", "report-reason": "other", "report-note": ""}
    refused = chie.post(f"{path}report/", form)
    assert refused.status_code == 422
    assert "Say in a few words" in refused.content.decode()
    chie.post(f"{path}report/", {**form, "report-note": "写真がない", "fence": "1"})
    held.refresh_from_db()
    assert (held.state, held.draft) == ("reported", {"title": "半分"})
    assert "写真がない" in chie.get(path).content.decode()
    assert "Reported: the store answers" in chie.get("/my-work/?tab=hand").content.decode()
    board = f"/batches/{batch.pk}/"
    assert "1 task is reported as impossible" in aya.get(board).content.decode()
    assert f"{board}reports/" in aya.get("/").content.decode()
    listed = aya.get(f"{board}reports/").content.decode()
    assert "写真がない" in listed
    assert "Agree: it cannot be done (¥30 is paid)" in listed
    report = Report.objects.get()
    assert aya.post(f"/reports/{report.pk}/answer/", {"answer": " "}).status_code == 422
    aya.post(f"/reports/{report.pk}/answer/", {"answer": "2枚目を見てください"})
    assert "2枚目を見てください" in chie.get(path).content.decode()
    chie.post(f"{path}report/", {"fence": "1", "report-reason": "source_missing"})
    aya.post(f"/reports/{Report.objects.latest('pk').pk}/agree/")
    held.refresh_from_db()
    assert held.state == "settled"
    assert "¥30 are paid" in chie.get(path).content.decode()
    assert "2枚目を見てください" in aya.get(f"{board}reports/?show=closed").content.decode()


def test_only_a_director_answers(cast: Cast) -> None:
    batch = make_batch(cast)
    held = claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    signed_in(cast.ben).post(f"/work/{held.pk}/report/", {"report-reason": "source_missing"})
    report, dai = Report.objects.get(), signed_in(cast.dai)
    page = dai.get(f"/batches/{batch.pk}/reports/").content.decode()
    assert "A director answers this." in page
    assert dai.post(f"/reports/{report.pk}/agree/").status_code == 403
    assert signed_in(cast.gen).post(f"/reports/{report.pk}/agree/").status_code == 404


def test_a_task_is_taken_back_with_a_reason(cast: Cast) -> None:
    batch = make_batch(cast)
    held = claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    aya = signed_in(cast.aya)
    assert "Take the task back from Ben" in aya.get(f"/tasks/{held.task_id}/").content.decode()
    assert "Take the task back" not in signed_in(cast.dai).get(f"/tasks/{held.task_id}/").content.decode()
    aya.post(f"/assignments/{held.pk}/free/", {"reason": " "})
    held.refresh_from_db()
    assert held.state == "claimed"
    aya.post(f"/assignments/{held.pk}/free/", {"reason": "今日中に要ります"})
    page = signed_in(cast.ben).get(f"/work/{held.pk}/").content.decode()
    assert "Aya took this task back for the store." in page
    assert "今日中に要ります" in page


def test_a_colleague_reads_who_had_begun(cast: Cast) -> None:
    batch = make_batch(cast, count=1)
    held = claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    ben = signed_in(cast.ben)
    ben.post(f"/work/{held.pk}/release/", {"fence": "0", "answer-title": "半分"})
    again = claim.claim_next(batch_id=batch.pk, by=cast.aya, now=now())
    page = signed_in(cast.aya).get(f"/work/{again.pk}/").content.decode()
    assert "Started by Ben" in page
    assert "半分" in page


def test_the_queue_names_what_waits_for_a_second_person(cast: Cast) -> None:
    made: Submission = handed_in(priced_batch(cast), cast.ben)
    dai, aya = signed_in(cast.dai), signed_in(cast.aya)
    dai.post(f"/review/{made.pk}/correct/", {"answer-title": "良い商品名", "answer-price": "980"})
    assert "Waits for a second person" in aya.get("/review/").content.decode()
    mine, hers = (one.get(f"/review/{made.pk}/").content.decode() for one in (dai, aya))
    assert "These can accept it: Aya" in mine
    assert "Use this answer" not in mine
    assert "Use this answer" in hers
    aya.post(f"/review/{made.pk}/accept/")
    assert Assignment.objects.get(pk=made.assignment_id).use == "used"
    assert "Waits for a second person" not in aya.get("/review/").content.decode()
