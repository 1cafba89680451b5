"""Every refusal: its status, its code, the field it names."""

import json
from datetime import timedelta
from typing import Any

import pytest

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import batches, claim, review
from tests import factories
from tests.factories import Cast, good_answer, make_batch, make_submission
from tests.tasks.api.client import Api
from tests.tasks.domain import world

TERMS = {"title": "Spring", "template": "product-copy", "audience": "staff"}


# Who asks


def test_without_a_key_there_is_nothing(cast: Cast) -> None:
    found = Api(None).get("me")
    assert (found.status, found.code) == (401, "not_authenticated")
    assert found.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer tencho_wrong", "Bearer", "Bearer a b", "Bearer tencho_\xe9"])
def test_a_wrong_key_is_refused(cast: Cast, header: str) -> None:
    found = Api(None).get("me", Authorization=header)
    assert (found.status, found.code) == (401, "api_key_invalid")


def test_a_key_without_the_scope_is_refused(cast: Cast) -> None:
    batch = make_batch(cast)
    reader = Api(cast.aya, "read")
    for path in (f"batches/{batch.pk}/claim", f"batches/{batch.pk}/pause", "submissions/1/approve"):
        found = reader.post(path)
        assert (found.status, found.code) == (403, "scope_missing")
        assert found.json["scope"] in ("work", "direct", "review")
    assert reader.get(f"batches/{batch.pk}").status == 200


def test_a_colleague_without_the_role_is_told_so(cast: Cast) -> None:
    batch = make_batch(cast)
    for person in (cast.ben, cast.dai):
        api = Api(person)
        assert api.post(f"batches/{batch.pk}/pause").code == "role_missing"
        assert api.post(f"stores/{cast.store.pk}/batches", TERMS).code == "role_missing"
    assert Api(cast.dai).post(f"batches/{batch.pk}/results", {"format": "csv"}).code == "role_missing"


# Addresses


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "batches/0",
        "batches/-1",
        "batches/abc",
        "batches/9223372036854775808",
        "batches/99999999999999999999999999",
        "batches/1%00",
        "assignments/9223372036854775807",
        "submissions/9223372036854775807",
        "results/1/file/more",
    ],
)
def test_unknown_addresses_are_problems_too(cast: Cast, path: str) -> None:
    found = Api(cast.aya).get(path)
    assert (found.status, found.code) == (404, "not_found")


def test_a_slash_at_the_end_is_forgiven(cast: Cast) -> None:
    assert Api(cast.aya).get("me/").status == 200


def test_other_methods_are_refused(cast: Cast) -> None:
    found = Api(cast.aya).raw("DELETE", "me", b"")
    assert (found.status, found.code) == (405, "method_not_allowed")
    assert "GET" in found.headers["Allow"]


# Bodies


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"\xff\xfe",
        b'{"title": "\xe9"}',
        b'\xef\xbb\xbf{"title": "a"}',
        b'{"reward": NaN}',
        b'{"reward": Infinity}',
        b"[" * 100_000,
        b'{"title": ' + b'{"a":' * 5000,
        b'{"reward": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_json_is_malformed(cast: Cast, data: bytes) -> None:
    found = Api(cast.aya).raw("POST", f"stores/{cast.store.pk}/batches", data)
    assert (found.status, found.code) == (400, "malformed")


@pytest.mark.parametrize("data", [b"[]", b"1", b'"text"', b"null", b"true"])
def test_what_is_no_object_is_refused(cast: Cast, data: bytes) -> None:
    found = Api(cast.aya).raw("POST", f"stores/{cast.store.pk}/batches", data)
    assert (found.status, found.code) == (422, "request_invalid")
    assert found.fields[""] == "wrong_type"


def test_another_content_type_is_refused(cast: Cast) -> None:
    api = Api(cast.aya)
    for path, content_type in (
        (f"stores/{cast.store.pk}/batches", "application/x-www-form-urlencoded"),
        ("uploads", "application/json"),
    ):
        found = api.raw("POST", path, b"a=1", content_type)
        assert (found.status, found.code) == (415, "unsupported_media_type")


def test_a_huge_body_is_refused(cast: Cast) -> None:
    data = json.dumps({**TERMS, "title": "a" * 3_000_000}).encode()
    found = Api(cast.aya).raw("POST", f"stores/{cast.store.pk}/batches", data)
    assert (found.status, found.code) == (413, "too_large")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": None}, "title", "wrong_type"),
        ({"title": 5}, "title", "wrong_type"),
        ({"title": ""}, "title", "too_short"),
        ({"title": "a" * 201}, "title", "too_long"),
        ({"title": "a\0b"}, "title", "unstorable"),
        ({"title": "a\ud800b"}, "title", "unstorable"),
        ({"title": "   "}, "title", "out_of_range"),
        ({"template": "nothing"}, "template", "unknown"),
        ({"audience": "robots"}, "audience", "unknown"),
        ({"open_to_all": 1}, "open_to_all", "wrong_type"),
        ({"open_to_all": True}, "open_to_all", "out_of_range"),
        ({"reward": "150"}, "reward", "wrong_type"),
        ({"reward": True}, "reward", "wrong_type"),
        ({"reward": 1.5}, "reward", "wrong_type"),
        ({"reward": -1}, "reward", "out_of_range"),
        ({"reward": 10**30}, "reward", "out_of_range"),
        ({"answers_per_task": 6}, "answers_per_task", "out_of_range"),
        ({"lease_minutes": 0}, "lease_minutes", "out_of_range"),
        ({"per_worker_cap": 0}, "per_worker_cap", "out_of_range"),
        ({"deadline": 5}, "deadline", "wrong_type"),
        ({"deadline": "tomorrow"}, "deadline", "not_a_moment"),
        ({"deadline": "2099-12-24T18:00:00"}, "deadline", "not_a_moment"),
        ({"deadline": "9999-12-31T23:59:59-23:00"}, "deadline", "not_a_moment"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "deadline", "out_of_range"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"a\0\ud800": "red"}, "a��", "unknown_field"),
    ],
)
def test_a_wrong_field_is_named(cast: Cast, change: dict[str, Any], field: str, code: str) -> None:
    found = Api(cast.aya).post(f"stores/{cast.store.pk}/batches", {**TERMS, **change})
    assert found.status == 422
    assert found.fields == {field: code}


def test_missing_fields_are_named_together(cast: Cast) -> None:
    found = Api(cast.aya).post(f"stores/{cast.store.pk}/batches", {})
    assert found.fields == dict.fromkeys(("title", "template", "audience"), "required")


def test_messages_speak_the_readers_language(cast: Cast) -> None:
    english = Api(cast.aya).get("nothing", **{"Accept-Language": "en"}).json["detail"]
    japanese = Api(cast.aya).get("nothing", **{"Accept-Language": "ja"}).json["detail"]
    assert english.isascii()
    assert not japanese.isascii()


# Queries


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "request_invalid"),
        ("limit=101", "request_invalid"),
        ("limit=ten", "request_invalid"),
        ("limit=%EF%BC%95", "request_invalid"),
        ("limit=" + "9" * 30, "request_invalid"),
        ("state=lost", "request_invalid"),
        ("state=%00", "request_invalid"),
        ("after=!", "cursor_invalid"),
        ("after=WyJhYmMiXQ", "cursor_invalid"),
        ("after=%00", "cursor_invalid"),
        ("after=W3sidCI6IjAwMDEtMDEtMDFUMDA6MDA6MDArMTQ6MDAifV0", "cursor_invalid"),
        ("after=" + "A" * 5000, "cursor_invalid"),
    ],
)
def test_a_wrong_query_is_refused(cast: Cast, query: str, code: str) -> None:
    found = Api(cast.ben).get(f"assignments?{query}")
    assert (found.status, found.code) == (422, code)


@pytest.mark.parametrize("since", ["-1", "abc", str(2**63)])
def test_events_want_a_position(cast: Cast, since: str) -> None:
    assert Api(cast.ben).get(f"events?since={since}").status == 422


# Posting


def test_a_batch_is_published_once_it_is_complete(cast: Cast) -> None:
    aya = Api(cast.aya)
    batch = aya.post(f"stores/{cast.store.pk}/batches", {**TERMS, "audience": "crowd"}).ok(201)["id"]
    assert aya.post(f"batches/{batch}/publish").code == "no_tasks"
    started = aya.upload(f"batches/{batch}/source", factories.shop_file(factories.products(1)))
    assert started.status == 202
    assert aya.post(f"batches/{batch}/publish").code == "import_running"
    assert aya.upload(f"batches/{batch}/source", b"x").code == "import_running"
    run_pending()
    assert aya.post(f"batches/{batch}/publish").code == "reward_missing"
    changed = aya.patch(f"batches/{batch}", {"reward": 100}).ok()
    assert changed["reward"] == 100
    assert aya.patch(f"batches/{batch}", {"answers_per_task": 2}).code == "source_present"
    assert aya.upload(f"batches/{batch}/source", b"another").code == "source_present"
    aya.post(f"batches/{batch}/publish").ok()
    again = aya.post(f"batches/{batch}/publish")
    assert (again.status, again.code) == (409, "illegal_transition")
    assert (again.json["state"], again.json["verb"]) == ("open", "publish")
    assert aya.patch(f"batches/{batch}", {"reward": 200}).code == "terms_fixed"
    assert aya.patch(f"batches/{batch}", {"title": "Summer"}).ok()["title"] == "Summer"


def test_verbs_walk_the_machine(cast: Cast) -> None:
    aya, batch = Api(cast.aya), make_batch(cast)
    states = [aya.post(f"batches/{batch.pk}/{verb}").ok()["state"] for verb in ("pause", "resume", "close")]
    assert states == ["paused", "open", "closed"]
    assert aya.post(f"batches/{batch.pk}/resume").code == "illegal_transition"
    other = make_batch(cast)
    assert aya.post(f"batches/{other.pk}/cancel").ok()["state"] == "cancelled"


def test_results_need_answers(cast: Cast) -> None:
    aya, batch = Api(cast.aya), make_batch(cast)
    path = f"batches/{batch.pk}/results"
    assert aya.post(path, {"format": "csv"}).code == "nothing_to_release"
    assert aya.post(path, {"format": "pdf"}).fields == {"format": "unknown"}
    made = aya.post(path, {"format": "source"}).ok(202)
    waiting = aya.get(f"results/{made['id']}/file")
    assert (waiting.status, waiting.code) == (409, "result_not_ready")
    draft = make_batch(cast, publish=False)
    assert aya.post(f"batches/{draft.pk}/results", {"format": "csv"}).code == "batch_not_published"


# Working


def test_reasons_not_to_get_work(cast: Cast) -> None:
    ben = Api(cast.ben)
    capped = make_batch(cast, per_worker_cap=1)
    ben.post(f"batches/{capped.pk}/claim").ok(201)
    assert ben.post(f"batches/{capped.pk}/claim").code == "cap_reached"
    small = make_batch(cast, count=1)
    held = ben.post(f"batches/{small.pk}/claim").ok(201)
    assert ben.post(f"batches/{small.pk}/claim").code == "nothing_left"
    assert ben.post(f"tasks/{held['task']}/claim").code == "already_on_task"
    assert Api(cast.aya).post(f"tasks/{held['task']}/claim").code == "slot_taken"
    batches.pause(batch_id=capped.pk, by=cast.aya, now=now())
    late = make_batch(cast, deadline=now() + timedelta(days=1))
    late.deadline = now()
    late.save(update_fields=["state", "deadline"])
    offers = {one["batch"]: one for one in ben.get("work").ok()["items"]}
    assert {batch: one["reason"] for batch, one in offers.items()} == {
        capped.pk: "batch_paused",
        small.pk: "nothing_left",
        late.pk: "deadline_passed",
    }
    assert not any(one["can_take"] for one in offers.values())
    for batch in (capped, late):
        refused = ben.post(f"batches/{batch.pk}/claim")
        assert (refused.status, refused.code) == (409, offers[batch.pk]["reason"])
    batches.resume(batch_id=capped.pk, by=cast.aya, now=now())
    offers = {one["batch"]: one for one in ben.get("work").ok()["items"]}
    assert (offers[capped.pk]["reason"], offers[capped.pk]["taken"]) == ("cap_reached", 1)


def test_own_company_is_no_crowd(cast: Cast) -> None:
    crowd = make_batch(cast, audience="crowd")
    refused = Api(cast.ben).post(f"batches/{crowd.pk}/claim")
    assert (refused.status, refused.code) == (403, "own_company")
    batches.close(batch_id=crowd.pk, by=cast.aya, now=now())
    assert Api(cast.chie).post(f"batches/{crowd.pk}/claim").code == "batch_not_open"


def test_an_outdated_draft_is_kept_beside(cast: Cast) -> None:
    ben, batch = Api(cast.ben), make_batch(cast)
    held = ben.post(f"batches/{batch.pk}/claim").ok(201)
    here = f"assignments/{held['id']}"
    ben.put(f"{here}/draft", {"answer": {"title": "one"}, "fence": 0}).ok()
    # The reply of a save was lost: the same once more changes nothing.
    assert ben.put(f"{here}/draft", {"answer": {"title": "one"}, "fence": 0}).ok()["fence"] == 1
    for sent in (
        ben.put(f"{here}/draft", {"answer": {"title": "two"}, "fence": 0}),
        ben.post(f"{here}/submit", {"answer": {"title": "two"}, "fence": 0}),
        ben.post(f"{here}/submit", {"answer": {"title": "two"}, "fence": 0}, key="outdated"),
    ):
        assert (sent.status, sent.code) == (409, "draft_outdated")
        assert (sent.json["draft"], sent.json["fence"]) == ({"title": "one"}, 1)
    kept = ben.get(here).ok()["alternatives"]
    assert [one["answer"] for one in kept] == [{"title": "two"}]
    assert kept[0]["id"] == sent.json["alternative"]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": ""}, "title", "required"),
        ({"title": "港"}, "title", "check_length"),
        ({"title": "業界一のマグ"}, "title", "check_banned"),
        ({"seo_title": "a\nb"}, "seo_title", "line_break"),
    ],
)
def test_an_answer_is_checked(cast: Cast, change: dict[str, str], field: str, code: str) -> None:
    ben, batch = Api(cast.ben), make_batch(cast)
    held = ben.post(f"batches/{batch.pk}/claim").ok(201)
    sent = {"answer": {**good_answer(), **change}, "fence": 0}
    found = ben.post(f"assignments/{held['id']}/submit", sent)
    assert (found.status, found.code) == (422, "answer_invalid")
    assert found.fields == {field: code}
    # What was typed is the draft now.
    now_held = ben.get(f"assignments/{held['id']}").ok()
    assert now_held["fence"] == found.json["fence"] == 1
    assert now_held["draft"]["tags"] == good_answer()["tags"]


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"title": "a\0"}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"title": {"a": 1}}, "title"),
        ({"title": "a" * 100_001}, "title"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_stored_is_no_draft(cast: Cast, answer: dict[str, Any], field: str) -> None:
    ben, batch = Api(cast.ben), make_batch(cast)
    held = ben.post(f"batches/{batch.pk}/claim").ok(201)
    found = ben.put(f"assignments/{held['id']}/draft", {"answer": answer, "fence": 0})
    assert (found.status, found.code) == (422, "draft_invalid")
    assert list(found.fields) == [field]


def test_what_is_decided_or_over_cannot_be_worked_on(cast: Cast) -> None:
    ben, batch = Api(cast.ben), make_batch(cast)
    done = factories.make_approved(batch, cast.ben, cast.dai)
    here = f"assignments/{done.assignment_id}"
    for verb in ("heartbeat", "extend", "release"):
        assert ben.post(f"{here}/{verb}").code == "illegal_transition"
    other = {"answer": {"title": "x"}, "fence": 1}
    assert ben.put(f"{here}/draft", other).code == "illegal_transition"
    assert ben.post(f"{here}/submit", other).code == "illegal_transition"


def test_a_hold_that_ended_can_be_handed_in_late(cast: Cast) -> None:
    ben, batch = Api(cast.ben), make_batch(cast)
    held = ben.post(f"batches/{batch.pk}/claim").ok(201)
    ben.put(f"assignments/{held['id']}/draft", {"answer": {"title": "typed"}, "fence": 0}).ok()
    world.sweep(now() + timedelta(hours=2))
    over = ben.get(f"assignments/{held['id']}").ok()
    assert (over["state"], over["draft"]) == ("expired", {"title": "typed"})
    late = ben.post(f"assignments/{held['id']}/submit", {"answer": good_answer(), "fence": 1}).ok(201)
    assert (late["state"], late["late"]) == ("surplus", True)


def test_a_paused_batch_keeps_the_rest_of_a_lease(cast: Cast) -> None:
    ben, batch = Api(cast.ben), make_batch(cast)
    held = ben.post(f"batches/{batch.pk}/claim").ok(201)
    Api(cast.aya).post(f"batches/{batch.pk}/pause").ok()
    paused = ben.post(f"assignments/{held['id']}/heartbeat").ok()
    assert paused["lease_expires_at"] is None
    assert 3500 < paused["lease_remaining_seconds"] <= 3600
    assert ben.post(f"assignments/{held['id']}/extend").code == "batch_paused"


def test_next_is_refused_without_undoing_the_submission(cast: Cast) -> None:
    ben, batch = Api(cast.ben), make_batch(cast, count=2)
    held = ben.post(f"batches/{batch.pk}/claim").ok(201)
    sent = {"answer": good_answer(1), "fence": 0}
    first = ben.post(f"assignments/{held['id']}/submit?next=1", sent, key="a").ok(201)
    assert (first["next"]["state"], first["next_code"]) == ("claimed", None)
    sent = {"answer": good_answer(2), "fence": 0}
    path = f"assignments/{first['next']['id']}/submit?next=1"
    last = ben.post(path, sent, key="b").ok(201)
    assert (last["submission"]["state"], last["next"], last["next_code"]) == (
        "submitted",
        None,
        "nothing_left",
    )
    assert ben.post(path, sent, key="b").ok(201) == last
    assert ben.post(f"assignments/{held['id']}/submit?next=2", sent).fields == {"next": "unknown"}


# Deciding


def test_who_may_decide(cast: Cast) -> None:
    batch = make_batch(cast)
    submission = make_submission(batch, cast.aya)
    path = f"submissions/{submission.pk}"
    own = Api(cast.aya).post(f"{path}/approve")
    assert (own.status, own.code) == (403, "own_work")
    assert Api(cast.ben).post(f"{path}/approve").status == 404
    other = make_submission(batch, cast.ben)
    refused = Api(cast.ben).post(f"submissions/{other.pk}/approve")
    assert (refused.status, refused.code) == (403, "role_missing")


def test_a_submission_lies_on_one_desk(cast: Cast) -> None:
    submission = make_submission(make_batch(cast), cast.ben)
    path = f"submissions/{submission.pk}"
    taken = Api(cast.dai).post(f"{path}/start-review").ok()
    assert (taken["leased_to"]["name"], taken["state"]) == ("Dai", "in_review")
    other = Api(cast.aya).post(f"{path}/approve")
    assert (other.status, other.code, other.json["reviewer"]) == (409, "reviewed_by_other", "Dai")
    assert Api(cast.dai).post(f"{path}/stop-review").ok()["leased_to"] is None
    assert Api(cast.aya).post(f"{path}/approve", {}).ok()["use"] == "used"
    assert Api(cast.dai).post(f"{path}/approve").code == "illegal_transition"
    assert Api(cast.dai).post(f"{path}/accept").code == "illegal_transition"


def test_changes_need_words_and_a_rejection_reasons(cast: Cast) -> None:
    dai, submission = Api(cast.dai), make_submission(make_batch(cast), cast.ben)
    path = f"submissions/{submission.pk}"
    assert dai.post(f"{path}/request-changes", {}).fields == {"comments": "required"}
    assert dai.post(f"{path}/request-changes", {"comments": {"colour": "x"}}).fields == {
        "colour": "unknown_field"
    }
    assert dai.post(f"{path}/request-changes", {"comments": {"title": 1}}).fields == {
        "comments.title": "wrong_type"
    }
    assert dai.post(f"{path}/request-changes", {"note": "a\0"}).fields == {"note": "unstorable"}
    assert dai.post(f"{path}/reject", {}).fields == {"reasons": "required"}
    assert dai.post(f"{path}/reject", {"reasons": []}).fields == {"reasons": "too_short"}
    assert dai.post(f"{path}/reject", {"reasons": ["bad mood"]}).fields == {"reasons": "not_in_brief"}
    dai.post(f"{path}/request-changes", {"note": "shorter"}).ok()
    factories.hand_in(submission.assignment, good_answer(9))
    assert dai.post(f"{path}/approve").code == "not_last_submission"


def test_rounds_and_rejections_are_capped(cast: Cast) -> None:
    dai, batch = Api(cast.dai), make_batch(cast, count=6)
    submission = make_submission(batch, cast.ben)
    for _ in range(2):
        dai.post(f"submissions/{submission.pk}/request-changes", {"note": "again"}).ok()
        submission = factories.hand_in(type(submission.assignment).objects.get(pk=submission.assignment_id))
    third = dai.post(f"submissions/{submission.pk}/request-changes", {"note": "again"})
    assert (third.status, third.code) == (409, "rounds_used_up")
    for _ in range(3):
        bad = make_submission(batch, cast.ben)
        dai.post(f"submissions/{bad.pk}/reject", {"reasons": ["facts"]}).ok()
    bad = make_submission(batch, cast.ben)
    refused = dai.post(f"submissions/{bad.pk}/reject", {"reasons": ["facts"]})
    assert (refused.status, refused.code) == (409, "rejection_cap")


def test_of_several_answers_one_is_chosen(cast: Cast) -> None:
    aya = Api(cast.aya)
    batch = make_batch(cast, count=1, audience="crowd", answers_per_task=2)
    first, second = (make_submission(batch, person) for person in (cast.chie, cast.fumi))
    for submission in (first, second):
        assert aya.post(f"submissions/{submission.pk}/approve").ok()["use"] == "unused"
    assert aya.post(f"batches/{batch.pk}/results", {"format": "update"}).code == "nothing_to_release"
    assert aya.post(f"submissions/{first.pk}/accept").ok()["use"] == "used"
    assert aya.post(f"submissions/{second.pk}/accept").ok()["decision"] == "accepted"
    answers = aya.get(f"batches/{batch.pk}/tasks").ok()["items"][0]["assignments"]
    assert [one["use"] for one in answers] == ["unused", "used"]


def test_silence_approves_and_a_person_accepts(cast: Cast) -> None:
    aya, batch = Api(cast.aya), make_batch(cast, count=1)
    submission = make_submission(batch, cast.ben)
    world.sweep(now() + timedelta(days=8))
    assert aya.get(f"submissions/{submission.pk}").ok()["use"] == "unseen"
    assert aya.post(f"batches/{batch.pk}/results", {"format": "csv"}).code == "nothing_to_release"
    assert aya.post(f"submissions/{submission.pk}/accept").ok()["use"] == "used"


def test_rejected_work_is_the_workers_alone(cast: Cast) -> None:
    aya, ben, batch = Api(cast.aya), Api(cast.ben), make_batch(cast)
    submission = make_submission(batch, cast.ben)
    review.reject(submission_id=submission.pk, reasons=["facts"], by=cast.dai, now=now(), note="no")
    assert aya.get(f"submissions/{submission.pk}").status == 404
    assert aya.get(f"batches/{batch.pk}/submissions").ok()["items"] == []
    answers = aya.get(f"batches/{batch.pk}/tasks").ok()["items"][0]["assignments"]
    assert [(one["state"], one["submission"]) for one in answers] == [("rejected", None)]
    mine = ben.get(f"assignments/{submission.assignment_id}").ok()
    assert mine["submissions"][0]["reviews"][0]["reasons"] == ["facts"]
    assert ben.get(f"submissions/{submission.pk}").ok()["answer"] == good_answer(submission.assignment_id)


# Claims come from the domain without a second look


def test_a_claim_offers_an_earlier_draft_again(cast: Cast) -> None:
    ben, batch = Api(cast.ben), make_batch(cast, count=1)
    held = claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    ben.put(f"assignments/{held.pk}/draft", {"answer": {"title": "typed"}, "fence": 0}).ok()
    ben.post(f"assignments/{held.pk}/release").ok()
    again = ben.post(f"batches/{batch.pk}/claim").ok(201)
    assert (again["draft"], again["fence"], again["state"]) == ({"title": "typed"}, 1, "claimed")
