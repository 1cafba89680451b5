import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.clock import now
from tasks.domain import batches, claim, draft, hold, review
from tasks.models import Assignment, Submission, Upload
from tests.factories import good_answer, hand_in, make_batch, make_submission, make_upload, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(cast):
    batch = make_batch(cast, count=5, audience="crowd")
    return claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())


def posted(answer, fence, **more):
    return {f"answer-{name}": text for name, text in answer.items()} | {"fence": fence} | more


def put(client, held, answer, fence):
    body = json.dumps({"answer": answer, "fence": fence})
    return client.put(f"/work/{held.pk}/draft/", body, content_type="application/json")


def test_nobody_else_sees_the_task(cast, signed_in, held):
    for person in (cast.aya, cast.ben, cast.dai, cast.emi, cast.fumi, cast.gen):
        client = signed_in(person)
        for path in ("", "status/", "alternatives/"):
            assert client.get(f"/work/{held.pk}/{path}").status_code == 404
        for path in ("submit/", "extend/", "release/", "heartbeat/", "alternatives/1/take/"):
            assert client.post(f"/work/{held.pk}/{path}", posted(good_answer(), 0)).status_code == 404
        assert put(client, held, {}, 0).status_code == 404


def test_page_shows_product_manual_and_form(cast, signed_in, held):
    html = signed_in(cast.chie).get(f"/work/{held.pk}/").content.decode()
    assert "マグカップ 1" in html
    assert "¥1,500" in html
    assert 'name="answer-title"' in html
    assert "Submit and take next" in html


def test_page_costs_little(cast, signed_in, held):
    client = signed_in(cast.chie)
    client.get(f"/work/{held.pk}/")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/work/{held.pk}/")
    assert len(queries) <= 16


def test_submit_and_take_next(cast, signed_in, held):
    client = signed_in(cast.chie)
    answer = client.post(f"/work/{held.pk}/submit/", posted(good_answer(), 0, then="next"))
    taken = Assignment.objects.get(worker=cast.chie, state="claimed")
    assert answer.headers["Location"] == f"/work/{taken.pk}/"
    again = client.post(f"/work/{held.pk}/submit/", posted(good_answer(), 0, then="next"))
    assert again.headers["Location"] == answer.headers["Location"]
    assert Submission.objects.count() == 1
    assert Assignment.objects.filter(worker=cast.chie).count() == 2


def test_last_one_leads_to_my_work(cast, signed_in):
    batch = make_batch(cast, count=1, audience="crowd")
    one = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    answer = signed_in(cast.chie).post(
        f"/work/{one.pk}/submit/", posted(good_answer(), 0, then="next"), follow=True
    )
    assert answer.redirect_chain == [("/my-work/", 302)]
    assert "Nothing is left" in answer.content.decode()


def test_refused_answer_keeps_everything_typed(cast, signed_in, held):
    client = signed_in(cast.chie)
    typed = good_answer() | {"title": "短い", "tags": ""}
    answer = client.post(f"/work/{held.pk}/submit/", posted(typed, 0))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="短い"' in html
    assert 'href="#answer-tags"' in html
    # The next try stands on the draft that was kept.
    held.refresh_from_db()
    assert held.draft["title"] == "短い"
    assert f'name="fence" value="{held.fence}"' in html
    mended = client.post(f"/work/{held.pk}/submit/", posted(good_answer(), held.fence))
    assert mended.status_code == 302


def test_save_draft_without_script(cast, signed_in, held):
    client = signed_in(cast.chie)
    client.post(f"/work/{held.pk}/submit/", posted({"title": "書きかけ"}, 0, save="1"))
    held.refresh_from_db()
    assert (held.state, held.draft) == ("claimed", {"title": "書きかけ"})


def test_draft_met_by_another_window_is_shown_and_kept(cast, signed_in, held):
    client = signed_in(cast.chie)
    draft.save_draft(assignment_id=held.pk, answer={"title": "別の画面"}, fence=0, by=cast.chie, now=now())
    answer = client.post(f"/work/{held.pk}/submit/", posted(good_answer(), 0))
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "別の画面" in html
    assert good_answer()["title"] in html
    kept = held.alternatives.get()
    assert kept.answer["title"] == good_answer()["title"]
    page = client.get(f"/work/{held.pk}/alternatives/").content.decode()
    assert kept.answer["title"] in page


def test_kept_text_becomes_the_draft_and_the_draft_is_kept(cast, signed_in, held):
    client = signed_in(cast.chie)
    draft.save_draft(assignment_id=held.pk, answer={"title": "今"}, fence=0, by=cast.chie, now=now())
    put(client, held, {"title": "控え"}, 0)
    kept = held.alternatives.get()
    client.post(f"/work/{held.pk}/alternatives/{kept.pk}/take/", {"fence": 1})
    held.refresh_from_db()
    assert held.draft == {"title": "控え"}
    assert {"title": "今"} in [one.answer for one in held.alternatives.all()]


def test_autosave(cast, signed_in, held):
    client = signed_in(cast.chie)
    saved = put(client, held, {"title": "書きかけ", "tags": ""}, 0).json()
    assert saved["fence"] == 1
    assert saved["saved_at"]
    assert saved["lease_expires_at"]
    assert put(client, held, {"title": "書きかけ", "tags": ""}, 0).json()["fence"] == 1
    late = put(client, held, {"title": "遅い"}, 0)
    assert late.status_code == 409
    assert late.json() | {"alternative": 0, "message": ""} == {
        "code": "draft_outdated",
        "message": "",
        "draft": {"title": "書きかけ"},
        "fence": 1,
        "alternative": 0,
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"answer": 1, "fence": 0}', b'{"answer": {"title": 1}, "fence": 0}', b"\xff",
     b'{"answer": {}, "fence": true}', b'{"answer": {}, "fence": 1e400}', b'{"answer": {}, "fence": null}',
     b"[" * 100_000, b'{"answer": {"title": "\\u0000"}, "fence": 0}',
     b'{"answer": {"title": "\\ud800"}, "fence": 0}'],
)  # fmt: skip
def test_odd_drafts_are_refused_in_words(cast, signed_in, held, body):
    answer = signed_in(cast.chie).put(f"/work/{held.pk}/draft/", body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["message"]


def test_signed_out_autosave_is_redirected(client, held):
    assert put(client, held, {}, 0).status_code == 302


def test_heartbeat_renews_the_lease(cast, signed_in, held):
    Assignment.objects.filter(pk=held.pk).update(lease_expires_at=now() + timedelta(minutes=1))
    signed_in(cast.chie).post(f"/work/{held.pk}/heartbeat/")
    held.refresh_from_db()
    assert held.lease_expires_at > now() + timedelta(minutes=30)


@pytest.mark.parametrize("verb", ["extend", "release"])
def test_other_buttons_keep_what_was_typed(cast, signed_in, held, verb):
    before = held.lease_expires_at
    signed_in(cast.chie).post(f"/work/{held.pk}/{verb}/", posted({"title": "書きかけ"}, 0))
    held.refresh_from_db()
    assert held.draft == {"title": "書きかけ"}
    assert held.state == ("claimed" if verb == "extend" else "released")
    if verb == "extend":
        assert held.lease_expires_at > before


def test_paused_time_stands_still(cast, signed_in, held):
    batches.pause(batch_id=held.batch_id, by=cast.aya, now=now())
    client = signed_in(cast.chie)
    assert "Your time stands still" in client.get(f"/work/{held.pk}/status/").content.decode()
    assert put(client, held, {"title": "続き"}, 0).status_code == 200


def test_expired_can_be_handed_in_late_or_taken_again(cast, signed_in, held):
    draft.save_draft(assignment_id=held.pk, answer={"title": "書きかけ"}, fence=0, by=cast.chie, now=now())
    hold.expire_due(now=now() + timedelta(days=2))
    client = signed_in(cast.chie)
    html = client.get(f"/work/{held.pk}/").content.decode()
    assert "Hand in late" in html
    assert "Take it again" in html
    assert "書きかけ" in html
    status = client.get(f"/work/{held.pk}/status/?seen=claimed").content.decode()
    assert "Your time for this task has run out" in status
    client.post(f"/work/task/{held.task_id}/claim/")
    assert "You took this task again" in client.get(f"/work/{held.pk}/").content.decode()


def test_late_answer_becomes_surplus(cast, signed_in, held):
    hold.expire_due(now=now() + timedelta(days=2))
    signed_in(cast.chie).post(f"/work/{held.pk}/submit/", posted(good_answer(), 0))
    held.refresh_from_db()
    assert held.state == "surplus"


def test_returned_work_shows_the_comments_at_the_fields(cast, signed_in, held):
    submission = hand_in(held)
    review.request_changes(
        submission_id=submission.pk,
        comments={"title": "素材も書いてください"},
        note="あと少し",
        by=cast.dai,
        now=now(),
    )
    client = signed_in(cast.chie)
    html = client.get(f"/work/{held.pk}/").content.decode()
    assert "素材も書いてください" in html
    assert "あと少し" in html
    held.refresh_from_db()
    client.post(f"/work/{held.pk}/submit/", posted(good_answer(9), held.fence))
    assert held.submissions.count() == 2


def test_text_typed_after_the_window_is_shown_to_copy(cast, signed_in, held):
    submission = hand_in(held)
    review.approve(submission_id=submission.pk, by=cast.dai, now=now())
    answer = signed_in(cast.chie).post(
        f"/work/{held.pk}/submit/", posted(good_answer() | {"title": "もう一度書いた"}, 7)
    )
    assert answer.status_code == 409
    assert "もう一度書いた" in answer.content.decode()


def test_rejection_is_told_with_its_reasons(cast, signed_in, held):
    submission = hand_in(held)
    review.reject(submission_id=submission.pk, reasons=["facts"], note="産地", by=cast.dai, now=now())
    html = signed_in(cast.chie).get(f"/work/{held.pk}/").content.decode()
    assert "Only facts that the pictures and the data show" in html
    assert "産地" in html


def test_japanese_task_page(cast, signed_in, held):
    cast.chie.language = "ja"
    cast.chie.save()
    html = signed_in(cast.chie).get(f"/work/{held.pk}/").content.decode()
    assert "納品して次の作業へ" in html
    assert "Submit" not in html


def test_sign_in_between_leads_back_to_the_task(cast, signed_in, held):
    assert signed_in(cast.chie).get(f"/work/{held.pk}/submit/").headers["Location"] == f"/work/{held.pk}/"


def test_huge_numbers_are_not_found(cast, signed_in):
    client = signed_in(cast.chie)
    for path in ("/work/{}/", "/work/batch/{}/", "/review/{}/", "/uploads/{}/"):
        assert client.get(path.format(10**30)).status_code == 404


def test_pictures_are_kept_and_shown_to_their_owner_alone(cast, signed_in):
    file = SimpleUploadedFile("写真.png", picture(), content_type="image/png")
    made = signed_in(cast.chie).post("/uploads/", {"file": file})
    assert made.status_code == 201
    shown = signed_in(cast.chie).get(made.json()["url"])
    assert shown.status_code == 200
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert "private" in shown.headers["Cache-Control"]
    assert b"".join(shown.streaming_content).startswith(b"\x89PNG")
    for person in (cast.fumi, cast.aya, cast.gen):
        assert signed_in(person).get(made.json()["url"]).status_code == 404


def test_what_is_no_picture_is_refused_in_words(cast, signed_in):
    svg = SimpleUploadedFile("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/png")
    refused = signed_in(cast.chie).post("/uploads/", {"file": svg})
    assert refused.status_code == 422
    assert "not a picture" in refused.json()["message"]
    assert signed_in(cast.chie).post("/uploads/").status_code == 422
    assert not Upload.objects.exists()


def test_picture_gone_from_the_disk_is_not_found(cast, signed_in):
    kept = make_upload(cast.chie)
    kept.file.storage.delete(kept.file.name)
    assert signed_in(cast.chie).get(f"/uploads/{kept.pk}/").status_code == 404


def test_submission_page_is_for_reading(cast, signed_in, held):
    submission = make_submission(held.batch, cast.fumi)
    html = signed_in(cast.fumi).get(f"/work/{submission.assignment_id}/").content.decode()
    assert "Your submission" in html
    assert 'name="answer-title"' not in html
