from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.clock import now
from tasks.domain import claim, draft, hold, review
from tasks.models import Assignment
from tests.factories import make_approved, make_batch, make_submission

pytestmark = pytest.mark.django_db


def test_tabs_hold_each_kind_of_work(cast, signed_in):
    batch = make_batch(cast, count=6, audience="crowd")
    client = signed_in(cast.chie)
    make_approved(batch, cast.chie, cast.dai)
    make_submission(batch, cast.chie)
    back = make_submission(batch, cast.chie)
    review.request_changes(submission_id=back.pk, comments={"title": "直して"}, by=cast.dai, now=now())
    ended = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    draft.save_draft(assignment_id=ended.pk, answer={"title": "残り"}, fence=0, by=cast.chie, now=now())
    hold.release(assignment_id=ended.pk, by=cast.chie, now=now())
    claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    titles = {
        tab: [f"マグカップ {n}" in client.get(f"/my-work/?tab={tab}").content.decode() for n in range(1, 6)]
        for tab in ("done", "waiting", "returned", "kept", "hand")
    }
    assert titles == {
        "done": [True, False, False, False, False],
        "waiting": [False, True, False, False, False],
        "returned": [False, False, True, False, False],
        "kept": [False, False, False, True, False],
        "hand": [False, False, False, False, True],
    }


def test_what_came_back_stands_first(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    back = make_submission(batch, cast.chie)
    client = signed_in(cast.chie)
    assert client.get("/my-work/").context["tab"].name == "waiting"
    assert "You have nothing in hand" in client.get("/my-work/?tab=hand").content.decode()
    review.request_changes(submission_id=back.pk, comments={}, note="直して", by=cast.dai, now=now())
    assert "直して" in client.get("/my-work/").content.decode()


def test_earnings_count_what_was_approved_this_month(cast, signed_in):
    batch = make_batch(cast, audience="crowd", reward=150)
    make_approved(batch, cast.chie, cast.dai)
    old = Assignment.objects.get(submissions=make_approved(batch, cast.chie, cast.dai))
    old.decided_at = now() - timedelta(days=40)
    old.save(update_fields=["state", "decided_at"])
    make_submission(batch, cast.chie)
    assert "¥150</b>" in signed_in(cast.chie).get("/my-work/").content.decode()
    assert "approved this month" not in signed_in(cast.ben).get("/my-work/").content.decode()


def test_list_costs_the_same_for_one_row_and_three(cast, signed_in):
    batch = make_batch(cast, count=4, audience="crowd")
    client = signed_in(cast.chie)
    make_approved(batch, cast.chie, cast.dai)
    client.get("/my-work/?tab=done")
    with CaptureQueriesContext(connection) as one:
        client.get("/my-work/?tab=done")
    make_approved(batch, cast.chie, cast.dai)
    make_approved(batch, cast.chie, cast.dai)
    with CaptureQueriesContext(connection) as three:
        client.get("/my-work/?tab=done")
    assert len(three) == len(one)


def test_my_work_is_mine(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    make_submission(batch, cast.chie)
    for person in (cast.fumi, cast.aya, cast.dai, cast.emi):
        assert "マグカップ" not in signed_in(person).get("/my-work/?tab=waiting").content.decode()


def test_japanese(cast, signed_in):
    cast.chie.language = "ja"
    cast.chie.save()
    html = signed_in(cast.chie).get("/my-work/").content.decode()
    assert "差し戻し" in html
    assert "Returned" not in html
