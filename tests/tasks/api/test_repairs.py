"""Pilot, repair and questions by the API."""

import pytest

from jobs.runner import run_pending
from tests.factories import Cast, make_batch, make_submission
from tests.tasks.api.client import Api

pytestmark = pytest.mark.django_db


def test_a_pilot_by_the_api(cast: Cast) -> None:
    director, worker = Api(cast.aya), Api(cast.ben)
    batch = make_batch(cast, count=4, pilot_tasks=1)
    assert director.get(f"batches/{batch.pk}").json["pilot_tasks"] == 1
    assert director.get(f"batches/{batch.pk}/pilot").json["waiting"] == 3
    worker.post(f"batches/{batch.pk}/claim")
    refused = worker.post(f"batches/{batch.pk}/claim")
    assert (refused.status, refused.json["code"]) == (409, "rest_waits")
    assert worker.get("work").json["items"][0]["reason"] == "rest_waits"
    assert director.post(f"batches/{batch.pk}/go-on").json["counts"]["open"] == 3
    again = director.post(f"batches/{batch.pk}/go-on")
    assert (again.status, again.json["code"]) == (409, "no_pilot")
    assert not director.get(f"batches/{batch.pk}/pilot").json["running"]


def test_a_repair_by_the_api(cast: Cast) -> None:
    director = Api(cast.aya)
    batch = make_batch(cast, count=3, audience="crowd")
    make_submission(batch, cast.chie)
    plan = director.get(f"batches/{batch.pk}/repair-plan").json
    assert (plan["all"]["paid"], plan["all"]["cost"], plan["failing"], plan["versions"]) == (1, 150, None, [])
    empty = director.post(f"batches/{batch.pk}/repairs", {"note": "x"})
    assert (empty.status, empty.json["fields"][0]["code"]) == (422, "unchanged")
    made = director.post(f"batches/{batch.pk}/repairs", {"note": "x", "manual_ja": "新"})
    assert made.status == 202
    busy = director.post(f"batches/{batch.pk}/repairs", {"note": "x", "manual_ja": "別"})
    assert (busy.status, busy.json["code"]) == (409, "repair_running")
    run_pending()
    found = director.get(f"repairs/{made.json['id']}").json
    assert (found["state"], found["paid"], found["reopened"]) == ("done", 1, 1)
    assert director.get(f"batches/{batch.pk}/repairs").json["items"] == [found]
    assert Api(cast.gen).get(f"repairs/{found['id']}").status == 404


def test_questions_by_the_api(cast: Cast) -> None:
    director, worker, other = Api(cast.aya), Api(cast.chie), Api(cast.fumi)
    batch = make_batch(cast, audience="crowd")
    asked = worker.post(f"batches/{batch.pk}/questions", {"text": "?"})
    assert (asked.status, asked.json["asked_by"]["name"]) == (201, "Chie")
    number = asked.json["id"]
    replied = director.post(f"questions/{number}/replies", {"text": "!"}).json
    assert replied["answered_at"] is not None
    seen = other.get(f"batches/{batch.pk}/questions").json["items"][0]
    assert (seen["asked_by"], seen["replies"][0]["by"], seen["replies"][0]["of_store"]) == (None, None, True)
    put = director.post(f"questions/{number}/into-manual")
    assert put.json["in_manual"]
    assert other.post(f"questions/{number}/into-manual").status == 403
    assert director.post(f"questions/{number}/hide").status == 204
    assert other.get(f"batches/{batch.pk}/questions").json["items"] == []
    assert worker.post(f"batches/{batch.pk}/questions", {"text": ""}).status == 422
