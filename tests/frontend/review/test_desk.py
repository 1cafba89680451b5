import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.clock import now
from tasks.domain import claim, hold, review
from tasks.models import Assignment, Review, Submission
from tests.factories import good_answer, hand_in, make_batch, make_submission

pytestmark = pytest.mark.django_db
SCRIPT = {"X-Desk": "1"}


@pytest.fixture
def submission(cast):
    return make_submission(make_batch(cast, count=4, audience="crowd"), cast.chie)


def state(submission):
    return Assignment.objects.get(pk=submission.assignment_id).state


def test_only_the_desk_of_the_store(cast, signed_in, submission):
    for person in (cast.ben, cast.chie, cast.emi, cast.fumi, cast.gen):
        client = signed_in(person)
        for path in ("", "presence/"):
            assert client.get(f"/review/{submission.pk}/{path}").status_code == 404
        for verb in ("start", "stop", "approve", "changes", "reject", "accept"):
            answer = client.post(f"/review/{submission.pk}/{verb}/", {"reasons": "facts", "note": "x"})
            assert answer.status_code in (403, 404)
    assert state(submission) == "submitted"


def test_desk_shows_answer_source_and_checks(cast, signed_in, submission):
    html = signed_in(cast.dai).get(f"/review/{submission.pk}/").content.decode()
    assert submission.answer["description"].split()[0] in html
    assert "マグカップ 1" in html
    assert "All machine checks passed" in html
    assert "Only facts that the pictures and the data show" in html
    assert Assignment.objects.get().state == "submitted"


def test_failed_checks_stand_first_and_can_be_cited(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    held = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    submission = hand_in(held, good_answer() | {"title": "港工房 最高のマグカップ"})
    client = signed_in(cast.dai)
    html = client.get(f"/review/{submission.pk}/").content.decode()
    assert "1 machine check found something" in html
    assert "最高" in html
    client.post(f"/review/{submission.pk}/reject/", {"reasons": ["title-careful"]})
    assert Review.objects.get().reasons == ["title-careful"]


def test_desk_costs_little(cast, signed_in, submission):
    client = signed_in(cast.dai)
    client.get(f"/review/{submission.pk}/")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/review/{submission.pk}/")
    assert len(queries) <= 14


def test_start_leases_and_tells_others(cast, signed_in, submission):
    signed_in(cast.dai).post(f"/review/{submission.pk}/start/")
    assert state(submission) == "in_review"
    other = signed_in(cast.aya)
    assert "Dai is reviewing this now" in other.get(f"/review/{submission.pk}/").content.decode()
    refused = other.post(f"/review/{submission.pk}/approve/")
    assert refused.status_code == 409
    assert "Another reviewer is looking at this" in refused.content.decode()
    signed_in(cast.dai).post(f"/review/{submission.pk}/stop/")
    assert state(submission) == "submitted"


def test_approve_goes_on_to_the_next(cast, signed_in, submission):
    following = make_submission(submission.assignment.batch, cast.fumi)
    answer = signed_in(cast.dai).post(f"/review/{submission.pk}/approve/")
    assert state(submission) == "approved"
    assert answer.headers["Location"] == f"/review/{following.pk}/"


def test_script_gets_json_and_the_bare_desk(cast, signed_in, submission):
    make_submission(submission.assignment.batch, cast.fumi)
    client = signed_in(cast.dai)
    ahead = client.get("/review/next/", headers=SCRIPT).content.decode()
    assert "<html" not in ahead
    assert "data-desk" in ahead
    answer = client.post(f"/review/{submission.pk}/approve/", headers=SCRIPT)
    assert answer.json() == {"message": "Approved.", "undo": f"/review/{submission.pk}/undo/"}
    again = client.post(f"/review/{submission.pk}/approve/", headers=SCRIPT)
    assert again.status_code == 409
    assert again.json()["code"] == "illegal_transition"


def test_nothing_left_is_told_to_the_script(cast, signed_in):
    assert signed_in(cast.dai).get("/review/next/", headers=SCRIPT).status_code == 204


def test_changes_are_asked_for_at_fields(cast, signed_in, submission):
    signed_in(cast.dai).post(
        f"/review/{submission.pk}/changes/", {"comment-title": "素材も", "note": "あと少し"}
    )
    asked = Review.objects.get()
    assert (asked.comments, asked.note) == ({"title": "素材も"}, "あと少し")
    assert state(submission) == "changes_requested"


def test_empty_request_for_changes_is_refused_on_the_desk(cast, signed_in, submission):
    answer = signed_in(cast.dai).post(f"/review/{submission.pk}/changes/", {"note": " "})
    assert answer.status_code == 422
    assert "Say what should change" in answer.content.decode()


def test_second_round_shows_the_first(cast, signed_in, submission):
    client = signed_in(cast.dai)
    client.post(f"/review/{submission.pk}/changes/", {"comment-title": "素材も書いてください"})
    again = hand_in(Assignment.objects.get(), good_answer(8))
    html = client.get(f"/review/{again.pk}/").content.decode()
    assert "素材も書いてください" in html
    assert "Earlier rounds" in html
    assert submission.answer["title"] in html


def test_after_two_rounds_changes_are_over(cast, signed_in, submission):
    client = signed_in(cast.dai)
    for turn in (1, 2):
        last = Submission.objects.latest("pk")
        client.post(f"/review/{last.pk}/changes/", {"note": "もう一度"})
        hand_in(Assignment.objects.get(), good_answer(turn + 5))
    last = Submission.objects.latest("pk")
    html = client.get(f"/review/{last.pk}/").content.decode()
    assert "Changes were asked for twice already" in html
    refused = client.post(f"/review/{last.pk}/changes/", {"note": "もう一度"})
    assert refused.status_code == 409


def test_rejection_needs_a_reason_and_keeps_the_note(cast, signed_in, submission):
    client = signed_in(cast.dai)
    refused = client.post(f"/review/{submission.pk}/reject/", {"note": "理由の説明"})
    assert refused.status_code == 422
    assert "理由の説明" in refused.content.decode()
    client.post(f"/review/{submission.pk}/reject/", {"reasons": ["facts"], "note": "理由の説明"})
    assert state(submission) == "rejected"


def test_rejected_text_is_not_readable_by_the_store(cast, signed_in, submission):
    review.reject(submission_id=submission.pk, reasons=["facts"], by=cast.dai, now=now())
    assert signed_in(cast.dai).get(f"/review/{submission.pk}/").status_code == 404


def test_rejection_cap_is_a_note(cast, signed_in):
    batch = make_batch(cast, count=6, audience="crowd")
    client = signed_in(cast.dai)
    for _turn in range(4):
        last = make_submission(batch, cast.chie)
        answer = client.post(f"/review/{last.pk}/reject/", {"reasons": ["facts"]})
    assert answer.status_code == 409
    assert "further rejections need the operator" in answer.content.decode()


def test_own_work_is_for_other_eyes(cast, signed_in):
    submission = make_submission(make_batch(cast, audience="staff"), cast.aya)
    client = signed_in(cast.aya)
    html = client.get(f"/review/{submission.pk}/").content.decode()
    assert "Somebody else has to review it" in html
    assert 'value="approve"' not in html
    assert client.post(f"/review/{submission.pk}/approve/").status_code == 403
    assert state(submission) == "submitted"


def test_late_answer_can_be_decided(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    held = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    hold.expire_due(now=now() + timedelta(days=2))
    held.refresh_from_db()
    submission = hand_in(held)
    client = signed_in(cast.dai)
    html = client.get(f"/review/{submission.pk}/").content.decode()
    assert "Late" in html
    assert "Ask for changes" not in html
    client.post(f"/review/{submission.pk}/approve/")
    assert state(submission) == "approved"


def test_other_answers_stand_beside_and_one_is_chosen(cast, signed_in):
    batch = make_batch(cast, count=1, audience="crowd", answers_per_task=2)
    first, second = make_submission(batch, cast.chie), make_submission(batch, cast.fumi)
    client = signed_in(cast.dai)
    assert second.answer["title"] in client.get(f"/review/{first.pk}/").content.decode()
    for one in (first, second):
        client.post(f"/review/{one.pk}/approve/")
    assert "Use this answer" in client.get(f"/review/{second.pk}/").content.decode()
    client.post(f"/review/{second.pk}/accept/")
    assert Assignment.objects.get(pk=second.assignment_id).use == "used"


def test_presence_region_is_cheap_when_unchanged(cast, signed_in, submission):
    client = signed_in(cast.dai)
    tag = client.get(f"/review/{submission.pk}/presence/").headers["ETag"]
    again = client.get(f"/review/{submission.pk}/presence/", headers={"If-None-Match": tag})
    assert again.status_code == 304


def test_refusal_reads_well_in_japanese(cast, signed_in, submission):
    cast.dai.language = "ja"
    cast.dai.save()
    html = signed_in(cast.dai).get(f"/review/{submission.pk}/").content.decode()
    assert "自動チェックはすべて合格です" in html
    assert "Approve" not in html
    refused = signed_in(cast.dai).post(f"/review/{submission.pk}/changes/", {}, headers=SCRIPT)
    assert not json.loads(refused.content)["message"].isascii()
