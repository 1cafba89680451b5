"""Result files by program: asked for, ticked off, taken back, traced."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import review
from tasks.models import Batch
from tests.factories import Cast, make_approved, make_batch, make_submission, products, shop_file
from tests.tasks.api.client import Api


@pytest.fixture
def batch(cast: Cast) -> Batch:
    made = make_batch(cast, count=4)
    for _number in range(2):
        make_approved(made, cast.ben, cast.dai)
    return made


def result(aya: Api, batch: Batch, **wanted: Any) -> Any:
    made = aya.post(f"batches/{batch.pk}/results", {"format": "update", **wanted}).ok(202)
    run_pending()
    return aya.get(f"results/{made['id']}").ok()


def pages(api: Api, path: str) -> list[Any]:
    page = api.get(path).ok()
    items = list(page["items"])
    while page["next"]:
        page = api.get(page["next"]).ok()
        items += page["items"]
    return items


def test_what_a_result_wrote_is_listed_in_pages(cast: Cast, batch: Batch) -> None:
    aya = Api(cast.aya)
    made = result(aya, batch)
    assert {one["logical"]: one["cells"] for one in made["columns"]}["seo_title"] == 2
    cells = pages(aya, f"results/{made['id']}/cells?limit=3")
    assert len(cells) == made["cells"] == 10
    first = cells[0]
    assert (first["key"], first["row"], first["logical"]) == ("mug-1", 2, "title")
    assert first["before"] == "マグカップ 1"
    assert aya.get(f"submissions/{first['submission']}").ok()["answer"]["title"] == first["after"]
    assert len(pages(aya, f"results/{made['id']}/cells?key=mug-2")) == 5
    assert {one["key"] for one in pages(aya, f"results/{made['id']}/cells?column=tags")} == {"mug-1", "mug-2"}
    assert aya.get(f"results/{made['id']}/cells?key=%00").fields == {"key": "unstorable"}


def test_results_of_a_batch_are_listed_the_newest_first(cast: Cast, batch: Batch) -> None:
    aya = Api(cast.aya)
    made = [result(aya, batch)["id"] for _number in range(3)]
    assert [one["id"] for one in pages(aya, f"batches/{batch.pk}/results?limit=2")] == made[::-1]
    assert Api(cast.dai).get(f"batches/{batch.pk}/results").status == 200
    assert Api(cast.dai).post(f"batches/{batch.pk}/results", {"format": "update"}).status == 403


def test_a_result_is_ticked_off_and_what_is_new_asked_for(cast: Cast, batch: Batch) -> None:
    aya = Api(cast.aya)
    early = aya.post(f"batches/{batch.pk}/results", {"format": "update", "since_uploaded": True})
    assert (early.status, early.code) == (409, "nothing_uploaded")
    first = result(aya, batch)
    ticked = aya.post(f"results/{first['id']}/uploaded").ok()
    assert ticked["uploaded_at"]
    assert ticked["uploaded_by"] == {"id": cast.aya.pk, "name": "Aya"}
    make_approved(batch, cast.ben, cast.dai)
    new = result(aya, batch, since_uploaded=True)
    assert (new["cells"], new["new"]) == (5, {"since": first["id"], "cells": 5})
    assert aya.post(f"results/{first['id']}/not-uploaded").ok()["uploaded_at"] is None
    assert Api(cast.dai).post(f"results/{first['id']}/uploaded").code == "role_missing"
    assert Api(cast.aya, "read").post(f"results/{first['id']}/uploaded").code == "scope_missing"


def test_a_restore_file_names_what_it_takes_back(cast: Cast, batch: Batch) -> None:
    aya = Api(cast.aya)
    first = result(aya, batch)
    back = result(aya, batch, format="restore", restores=first["id"])
    assert (back["state"], back["restores"], back["cells"]) == ("done", first["id"], 10)
    assert "マグカップ 1,mug-1".encode() in aya.get(back["url"]).content
    assert aya.post(f"batches/{batch.pk}/results", {"format": "restore"}).fields == {"restores": "unknown"}
    wrong = {"format": "restore", "restores": "2"}
    assert aya.post(f"batches/{batch.pk}/results", wrong).fields == {"restores": "wrong_type"}


def upload(aya: Api, batch: Batch, data: bytes, **form: str) -> Any:
    file = SimpleUploadedFile("now.csv", data, "text/csv")
    path = f"/api/v1/batches/{batch.pk}/results"
    return aya.client.post(path, {"fresh": file, "format": "source", **form}, headers=aya.headers)


def test_a_fresh_export_comes_along_and_what_changed_is_listed(cast: Cast, batch: Batch) -> None:
    aya = Api(cast.aya)
    rows = products(4)
    rows[0]["title"], rows[3]["price"] = "店が直した", "1800"
    answered = upload(aya, batch, shop_file(rows))
    assert answered.status_code == 202, answered.content
    run_pending()
    made = aya.get(answered["Location"]).ok()
    assert (made["state"], made["fresh"], made["cells"]) == ("done", "now.csv", 9)
    assert made["drift"]["changed"] == 2
    assert made["drift"]["answered"] == 1
    drift = pages(aya, f"results/{made['id']}/drift?limit=1")
    assert [(one["key"], one["column"], one["then"], one["now"]) for one in drift] == [
        ("mug-1", "Title", "マグカップ 1", "店が直した"),
        ("mug-4", "Price", "1500", "1800"),
    ]
    assert [one["key"] for one in pages(aya, f"results/{made['id']}/drift?answered=true")] == ["mug-1"]
    assert pages(aya, f"results/{made['id']}/drift?kind=row_added") == []
    assert aya.get(f"results/{made['id']}/drift?kind=odd").fields == {"kind": "unknown"}
    again = upload(aya, batch, shop_file(rows), overwrite="true")
    run_pending()
    assert aya.get(again["Location"]).ok()["cells"] == 10


def test_a_fresh_export_that_is_none_is_reported_in_the_readers_language(cast: Cast, batch: Batch) -> None:
    aya = Api(cast.aya)
    answered = upload(aya, batch, b"PK\x03\x04")
    run_pending()
    made = aya.get(answered["Location"]).ok()
    assert (made["state"], made["error"]["code"], made["error"]["places"]) == ("failed", "file_zip", [])
    japanese = aya.get(answered["Location"], **{"Accept-Language": "ja"}).ok()
    assert japanese["error"]["message"] != made["error"]["message"]
    odd = upload(aya, batch, shop_file(products(4)), overwrite="perhaps")
    assert json.loads(odd.content)["fields"][0]["field"] == "overwrite"


def test_an_answer_is_traced_to_the_files_that_hold_it(cast: Cast, batch: Batch) -> None:
    aya = Api(cast.aya)
    first = result(aya, batch)
    submission = aya.get(f"results/{first['id']}/cells").ok()["items"][0]["submission"]
    aya.post(f"results/{first['id']}/uploaded").ok()
    back = result(aya, batch, format="restore", restores=first["id"])
    found = aya.get(f"submissions/{submission}/trace").ok()
    assert [one["result"] for one in found["results"]] == [back["id"], first["id"]]
    assert found["results"][1]["uploaded_at"]
    assert found["results"][1]["restored_by"] == [back["id"]]
    assert len(found["results"][1]["cells"]) == 5
    assert [one["unit"]["key"] for one in found["items"]] == ["mug-2"]
    assert found["reviews"][0]["decision"] == "approved"
    for stranger in (cast.ben, cast.chie, cast.gen):
        assert Api(stranger).get(f"submissions/{submission}/trace").status == 404
    assert Api(cast.dai).get(f"submissions/{submission}/trace").status == 200


def test_rejected_work_cannot_be_traced(cast: Cast, batch: Batch) -> None:
    refused = make_submission(batch, cast.ben)
    review.reject(submission_id=refused.pk, reasons=["facts"], by=cast.dai, now=now())
    aya = Api(cast.aya)
    assert aya.get(f"submissions/{refused.pk}/trace").status == 404
    others = aya.get(f"results/{result(aya, batch)['id']}/cells").ok()["items"][0]["submission"]
    listed = aya.get(f"submissions/{others}/trace").ok()["items"]
    assert refused.pk not in [one["submission"] for one in listed]
