"""Corrections, undo, reports and freed tasks by the API."""

from kernel.clock import now
from tasks.domain import claim
from tests.factories import Cast, good_answer, make_batch, make_submission
from tests.tasks.api.client import Api


def test_a_correction_is_told_to_desk_and_worker(cast: Cast) -> None:
    made = make_submission(make_batch(cast), cast.ben)
    dai, ben = Api(cast.dai), Api(cast.ben)
    path = f"submissions/{made.pk}"
    assert dai.post(f"{path}/correct", {"answer": made.answer}, key="a").code == "nothing_corrected"
    better = {**made.answer, "title": "港工房 マグ"}
    assert dai.post(f"{path}/correct", {"answer": {**better, "title": 5}}).fields == {"title": "not_text"}
    sent = {"answer": better, "note": "short"}
    decided = dai.post(f"{path}/correct", sent, key="b").ok()
    assert (decided["state"], decided["use"], decided["note"]) == ("approved", "used", "short")
    assert dai.post(f"{path}/correct", sent, key="b").ok() == decided
    told = ben.get(f"assignments/{made.assignment_id}").ok()["submissions"][0]
    assert told["answer"] == made.answer
    assert (told["correction"]["answer"], told["correction"]["fields"]) == (better, ["title"])
    assert ben.post(f"{path}/correct", sent).code == "role_missing"
    assert Api(cast.gen).post(f"{path}/correct", sent).status == 404
    assert Api(cast.dai, "read").post(f"{path}/correct", sent).code == "scope_missing"


def test_undo(cast: Cast) -> None:
    made = make_submission(make_batch(cast), cast.ben)
    dai = Api(cast.dai)
    assert dai.post(f"submissions/{made.pk}/undo").code == "illegal_transition"
    dai.post(f"submissions/{made.pk}/approve").ok()
    assert Api(cast.aya).post(f"submissions/{made.pk}/undo").code == "not_own_approval"
    back = dai.post(f"submissions/{made.pk}/undo", key="a").ok()
    assert (back["state"], back["use"], back["decision"]) == ("in_review", None, "undone")
    assert dai.post(f"submissions/{made.pk}/undo", key="a").ok() == back


def test_a_report_is_answered_and_the_next_one_agreed_with(cast: Cast) -> None:
    batch = make_batch(cast, audience="crowd")
    chie, aya = Api(cast.chie), Api(cast.aya)
    held = chie.post(f"batches/{batch.pk}/claim").ok(201)
    assert (held["impossible_share"], held["reports"]) == (20, [])
    path = f"assignments/{held['id']}"
    assert chie.post(f"{path}/report", {"reason": "bored"}).fields == {"reason": "unknown"}
    made = chie.post(f"{path}/report", {"reason": "other", "note": "??"}, key="a").ok(201)
    assert chie.post(f"{path}/report", {"reason": "other", "note": "??"}, key="a").ok(201) == made
    assert (made["state"], made["share"], made["worker"]["name"]) == ("open", 30, "Chie")
    listed = aya.get(f"batches/{batch.pk}/reports?state=open").ok()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    where = f"reports/{made['id']}"
    assert aya.post(f"{where}/answer", {"answer": ""}).fields == {"answer": "too_short"}
    assert Api(cast.dai).post(f"{where}/agree").code == "role_missing"
    told = aya.post(f"{where}/answer", {"answer": "Look again."}, key="b").ok()
    assert (told["state"], told["due_at"]) == ("answered", None)
    assert aya.post(f"{where}/agree").code == "report_closed"
    seen = chie.get(path).ok()
    assert (seen["state"], seen["reports"][0]["answer"]) == ("claimed", "Look again.")
    second = chie.post(f"{path}/report", {"reason": "source_missing"}).ok(201)
    assert aya.post(f"reports/{second['id']}/agree").ok()["state"] == "agreed"
    assert chie.get(path).ok()["state"] == "settled"
    assert aya.get(f"batches/{batch.pk}/reports?state=open").ok()["items"] == []
    assert Api(cast.gen).get(f"batches/{batch.pk}/reports").status == 404


def test_a_director_frees_a_task(cast: Cast) -> None:
    batch = make_batch(cast)
    held = claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    aya, path = Api(cast.aya), f"assignments/{held.pk}"
    assert aya.post(f"{path}/free", {}).fields == {"reason": "required"}
    assert aya.post(f"{path}/free", {"reason": "急ぎ"}, key="a").ok()["state"] == "released"
    assert Api(cast.ben).get(path).ok()["freed_reason"] == "急ぎ"
    assert Api(cast.gen).post(f"{path}/free", {"reason": "x"}).status == 404


def test_a_colleague_is_told_who_had_begun(cast: Cast) -> None:
    batch = make_batch(cast, count=1)
    ben, aya = Api(cast.ben), Api(cast.aya)
    held = ben.post(f"batches/{batch.pk}/claim").ok(201)
    ben.put(f"assignments/{held['id']}/draft", {"answer": good_answer(), "fence": 0}).ok()
    ben.post(f"assignments/{held['id']}/release").ok()
    got = aya.post(f"batches/{batch.pk}/claim").ok(201)
    assert (got["started_by"]["name"], got["draft"]) == ("Ben", good_answer())
