from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.clock import now
from tasks.domain import batches, claim
from tasks.models import Assignment, Task
from tests.factories import make_batch

pytestmark = pytest.mark.django_db


def test_each_sees_the_work_meant_for_them(cast, signed_in):
    make_batch(cast, title="Staff copy", audience="staff")
    make_batch(cast, title="Crowd copy", audience="crowd")
    seen = {name: signed_in(person).get("/work/").content.decode() for name, person in cast.people().items()}
    assert {name for name, html in seen.items() if "Staff copy" in html} == {"aya", "ben"}
    assert {name for name, html in seen.items() if "Crowd copy" in html} == {"chie", "fumi"}


def test_stranger_is_sent_to_the_sign_in(client):
    assert client.get("/work/").status_code == 302


def test_take_next_leads_to_the_task(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    answer = signed_in(cast.chie).post(f"/work/batch/{batch.pk}/claim/")
    held = Assignment.objects.get(worker=cast.chie)
    assert answer.headers["Location"] == f"/work/{held.pk}/"


def test_what_cannot_be_taken_says_why(cast, signed_in):
    capped = make_batch(cast, audience="crowd", title="Capped", per_worker_cap=1)
    paused = make_batch(cast, audience="crowd", title="Paused")
    claim.claim_next(batch_id=capped.pk, by=cast.chie, now=now())
    batches.pause(batch_id=paused.pk, by=cast.aya, now=now())
    html = signed_in(cast.chie).get("/work/").content.decode()
    assert "as many tasks of this batch as one person may" in html
    assert "The store has paused this batch" in html
    assert "1 / 1" in html


def test_refused_claim_is_told_on_the_list(cast, signed_in):
    batch = make_batch(cast, count=1, audience="crowd")
    claim.claim_next(batch_id=batch.pk, by=cast.fumi, now=now())
    html = signed_in(cast.chie).post(f"/work/batch/{batch.pk}/claim/", follow=True).content.decode()
    assert "Nothing is left to take here" in html


def test_batch_of_others_is_not_there(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    for person in (cast.emi, cast.gen, cast.ben):
        client = signed_in(person)
        assert client.get(f"/work/batch/{batch.pk}/").status_code == 404
        assert client.post(f"/work/batch/{batch.pk}/claim/").status_code in (403, 404)
    assert not Assignment.objects.exists()


def test_chosen_task_is_taken_once(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    task = Task.objects.filter(batch=batch).latest("pk")
    client = signed_in(cast.chie)
    assert "マグカップ 3" in client.get(f"/work/batch/{batch.pk}/").content.decode()
    first = client.post(f"/work/task/{task.pk}/claim/", {"batch": batch.pk})
    again = client.post(f"/work/task/{task.pk}/claim/", {"batch": batch.pk})
    assert first.headers["Location"] == again.headers["Location"]
    late = signed_in(cast.fumi).post(f"/work/task/{task.pk}/claim/", {"batch": batch.pk})
    assert late.headers["Location"] == f"/work/batch/{batch.pk}/"


def test_list_costs_the_same_for_one_batch_and_three(cast, signed_in):
    client = signed_in(cast.chie)
    make_batch(cast, audience="crowd")
    client.get("/work/")
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get("/work/")
    make_batch(cast, audience="crowd", deadline=now() + timedelta(days=2))
    make_batch(cast, audience="crowd", per_worker_cap=3)
    with CaptureQueriesContext(connection) as three:
        client.get("/work/")
    assert len(three) == len(one)


def test_unchanged_region_is_not_drawn_again(cast, signed_in):
    make_batch(cast, audience="crowd")
    client = signed_in(cast.chie)
    tag = client.get("/work/list/").headers["ETag"]
    assert client.get("/work/list/", headers={"If-None-Match": tag}).status_code == 304


def test_pages_in_japanese(cast, signed_in):
    cast.chie.language = "ja"
    cast.chie.save()
    make_batch(cast, audience="crowd")
    html = signed_in(cast.chie).get("/work/").content.decode()
    assert "次の作業を受ける" in html
    assert "Take next" not in html
