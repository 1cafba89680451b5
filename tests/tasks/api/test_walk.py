"""The first working day, wholly through the API."""

import csv
import io

import pytest

from jobs.runner import run_pending
from tests.factories import Cast, good_answer, products, shop_file
from tests.tasks.api.client import Api


def _results(director: Api, batch: int, form: str) -> bytes:
    made = director.post(f"batches/{batch}/results", {"format": form}).ok(202)
    assert made["state"] == "queued"
    run_pending()
    done = director.get(f"results/{made['id']}").ok()
    assert done["state"] == "done"
    file = director.get(done["url"])
    assert file.status == 200
    assert len(file.content) == done["size"]
    return file.content


def _rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(("dialect", "bom"), [("current", False), ("legacy", True)])
def test_a_catalogue_goes_out_and_comes_back(cast: Cast, dialect: str, bom: bool) -> None:
    aya, ben, chie, dai = Api(cast.aya), Api(cast.ben), Api(cast.chie), Api(cast.dai)
    data = shop_file(products(4), dialect=dialect, bom=bom)
    staff = _published(aya, cast, data, audience="staff")
    crowd = _published(aya, cast, data, audience="crowd", reward=150)

    # A freelancer sees the crowd's work alone, staff their own.
    assert [offer["batch"] for offer in chie.get("work").ok()["items"]] == [crowd]
    assert [offer["batch"] for offer in ben.get("work").ok()["items"]] == [staff]

    for worker, batch in ((ben, staff), (chie, crowd)):
        _work_through(worker, dai, batch)

    for batch in (staff, crowd):
        counts = aya.get(f"batches/{batch}").ok()["counts"]
        assert counts["done"] == 1
        assert counts["open"] == 1
        _files_differ_only_where_answered(aya, batch, data)


def _published(aya: Api, cast: Cast, data: bytes, **terms: object) -> int:
    made = aya.post(
        f"stores/{cast.store.pk}/batches", {"title": "Spring", "template": "product-copy", **terms}
    ).ok(201)
    batch = int(made["id"])
    started = aya.upload(
        f"batches/{batch}/source", data, format="shopify", row_filter='{"missing": ["description"]}'
    ).ok(202)
    run_pending()
    read = aya.get(f"imports/{started['id']}").ok()
    assert (read["state"], read["units"], read["units_left_out"], read["percent"]) == ("done", 2, 2, 100)
    assert aya.post(f"batches/{batch}/publish").ok()["state"] == "open"
    return batch


def _work_through(worker: Api, reviewer: Api, batch: int) -> None:
    held = worker.post(f"batches/{batch}/claim").ok(201)
    assert held["unit"] == {"key": "mug-1", "title": "マグカップ 1"}
    assert held["input"]["tags"] == ["食器", "ギフト"]
    assert held["input"]["options"] == [{"name": "色", "values": ["白"]}]
    assert held["manual"]["html"].startswith("<h2>")
    here = f"assignments/{held['id']}"

    first = worker.put(f"{here}/draft", {"answer": {"title": "港"}, "fence": held["fence"]}).ok()
    assert first["fence"] == held["fence"] + 1
    assert worker.post(f"{here}/heartbeat").ok()["fence"] == first["fence"]

    handed_in = worker.post(f"{here}/submit", {"answer": good_answer(1), "fence": first["fence"]}).ok(201)
    waiting = reviewer.get(f"reviews?batch={batch}").ok()["items"]
    assert [one["id"] for one in waiting] == [handed_in["id"]]
    assert waiting[0]["source"]["title"] == "マグカップ 1"
    assert waiting[0]["previous"] is None
    reviewer.post(f"submissions/{handed_in['id']}/start-review").ok()
    comment = {"comments": {"title": "色を先に"}, "note": "あと少しです"}
    reviewer.post(f"submissions/{handed_in['id']}/request-changes", comment).ok()

    back = worker.get(here).ok()
    assert back["state"] == "changes_requested"
    assert back["submissions"][0]["reviews"][0]["comments"] == {"title": "色を先に"}
    better = {**good_answer(1), "title": "白いマグカップ 港工房 マグカップ 1"}
    again = worker.post(f"{here}/submit", {"answer": better, "fence": back["fence"]}).ok(201)
    assert again["number"] == 2

    waiting = reviewer.get(f"reviews?batch={batch}").ok()["items"]
    assert waiting[0]["previous"]["answer"]["title"] == good_answer(1)["title"]
    done = reviewer.post(f"submissions/{again['id']}/approve", {"note": "ありがとう"}).ok()
    assert (done["state"], done["use"], done["decision"]) == ("approved", "used", "approved")
    assert worker.get(here).ok()["use"] == "used"


def _files_differ_only_where_answered(aya: Api, batch: int, data: bytes) -> None:
    whole = _results(aya, batch, "source")
    update = _results(aya, batch, "update")
    lines, merged = data.split(b"\r\n"), whole.split(b"\r\n")
    assert len(lines) == len(merged)
    assert [number for number, pair in enumerate(zip(lines, merged, strict=True)) if pair[0] != pair[1]] == [
        1
    ]
    before, after = _rows(data)[0], _rows(whole)[0]
    changed = {column for column in before if before[column] != after[column]}
    answered = {"Title", "Tags", "SEO title", "SEO description", "SEO Title", "SEO Description"}
    assert changed <= answered | {"Description", "Body (HTML)"}
    assert len(changed) == 5
    changes = _rows(update)
    assert len(changes) == 1
    assert set(changes[0].values()) == {*(after[column] for column in changed), "mug-1"}
    assert b"1500" not in update
    assert _results(aya, batch, "jsonl").count(b"\n") == 1
    assert "港工房".encode() in _results(aya, batch, "csv")
