"""Pilot, repair and questions by the API."""

from datetime import timedelta

import pytest
import time_machine

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import clocks
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


def test_an_ended_batch_is_repaired_with_a_new_deadline(cast: Cast) -> None:
    director = Api(cast.aya)
    deadline = now() + timedelta(hours=1)
    batch = make_batch(cast, count=3, audience="crowd", deadline=deadline)
    make_submission(batch, cast.chie)
    with time_machine.travel(deadline + timedelta(minutes=1)):
        clocks.sweep(now=now())
        wanted = {"note": "x", "manual_ja": "新"}
        run_pending()
        for sent, code in (
            ({}, "required"),
            ({"deadline": soon(-1)}, "out_of_range"),
            ({"deadline": "?"}, ""),
        ):
            refused = director.post(f"batches/{batch.pk}/repairs", {**wanted, **sent})
            assert refused.status == 422
            assert refused.json["fields"][0]["field"] == "deadline"
            assert code in refused.json["fields"][0]["code"]
        assert director.get(f"batches/{batch.pk}").json["state"] == "closed"
        assert director.post(f"batches/{batch.pk}/repairs", {**wanted, "deadline": soon(5)}).status == 202
        run_pending()
        found = director.get(f"batches/{batch.pk}").json
    assert (found["state"], found["counts"]["open"], found["counts"]["cancelled"]) == ("open", 1, 2)


def soon(days: int) -> str:
    return (now() + timedelta(days=days)).isoformat()


def test_what_the_checks_refuse_is_counted_by_a_job(cast: Cast) -> None:
    director = Api(cast.aya)
    batch = make_batch(cast, count=3)
    make_submission(batch, cast.ben)
    where = f"batches/{batch.pk}/repair-plan"
    assert director.get(where).json["failing"] is None
    asked = director.post(where)
    assert (asked.status, asked.json["state"], asked.json["plan"]) == (202, "queued", None)
    run_pending()
    found = director.get(asked.headers["Location"].removeprefix("/api/v1/")).json
    assert found == director.get(where).json
    assert (found["failing"]["state"], found["failing"]["tasks_done"], found["failing"]["stale"]) == (
        "done",
        1,
        False,
    )
    assert (found["failing"]["plan"]["received"], found["failing"]["plan"]["untouched"]) == (1, 1)
    assert (found["all"]["received"], found["all"]["tasks"]) == (1, 1)
    make_submission(batch, cast.ben)
    assert director.get(where).json["failing"]["stale"]
    again = director.post(where, {"version": found["versions"][0]["id"] if found["versions"] else 10**9})
    assert (again.status, again.json["fields"][0]["field"]) == (422, "version")
    assert Api(cast.dai).post(where).status == 403
    assert Api(cast.gen).post(where).status == 404


def test_texts_name_their_version_where_there_is_a_newer_one(cast: Cast) -> None:
    director = Api(cast.aya)
    older, newer = make_batch(cast, count=1), make_batch(cast, count=1)
    director.post(f"batches/{newer.pk}/repairs", {"note": "x", "manual_ja": "新"})
    run_pending()
    where = f"batches/{older.pk}"
    (version,) = director.get(f"{where}/repair-plan").json["versions"]
    refused = director.post(f"{where}/repairs", {"note": "x", "manual_ja": "別"})
    assert (refused.status, refused.json["fields"][0]["code"]) == (422, "newer_version")
    made = director.post(f"{where}/repairs", {"note": "x", "manual_ja": "別", "version": version["id"]})
    assert made.status == 202
    assert made.json["version"] > version["id"]
