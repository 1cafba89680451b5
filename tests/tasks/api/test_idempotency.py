"""The same POST twice is one POST, also when the first reply never arrived."""

import pytest
from django.db import connection

from tasks.models import Assignment, Batch, DraftAlternative, Import, Submission, Upload
from tests.factories import Cast, good_answer, make_batch, make_cast, picture, products, shop_file
from tests.tasks.api.client import Api, Reply
from tests.threads import in_threads

TERMS = {"title": "Spring", "template": "product-copy", "audience": "staff"}


def _same(first: Reply, second: Reply) -> None:
    assert (first.status, first.content) == (second.status, second.content)
    for name in ("Content-Type", "Location"):
        assert first.headers.get(name) == second.headers.get(name)


def test_the_same_request_gets_the_same_answer(cast: Cast) -> None:
    aya, path = Api(cast.aya), f"stores/{cast.store.pk}/batches"
    first = aya.post(path, TERMS, key="k-1")
    assert first.status == 201
    _same(first, aya.post(path, TERMS, key="k-1"))
    assert Batch.objects.count() == 1
    aya.post(path, TERMS).ok(201)
    assert Batch.objects.count() == 2


def test_another_body_or_address_under_the_same_key_is_refused(cast: Cast) -> None:
    aya, path = Api(cast.aya), f"stores/{cast.store.pk}/batches"
    first = aya.post(path, TERMS, key="k-1").ok(201)
    for found in (
        aya.post(path, {**TERMS, "title": "Summer"}, key="k-1"),
        aya.post(f"batches/{first['id']}/publish", key="k-1"),
    ):
        assert (found.status, found.code) == (422, "idempotency_key_reused")
    assert Batch.objects.count() == 1


@pytest.mark.parametrize("key", ["", "a b", "a" * 201, "é"])
def test_a_key_is_short_and_visible(cast: Cast, key: str) -> None:
    found = Api(cast.aya).post(f"stores/{cast.store.pk}/batches", TERMS, key=key)
    assert (found.status, found.code) == (422, "idempotency_key_invalid")
    assert not Batch.objects.exists()


def test_keys_of_two_people_do_not_meet(cast: Cast) -> None:
    batch = make_batch(cast)
    first, second = (Api(who).post(f"batches/{batch.pk}/claim", key="same") for who in (cast.ben, cast.aya))
    assert first.ok(201)["id"] != second.ok(201)["id"]


def test_refusals_are_repeated_as_well(cast: Cast) -> None:
    batch = make_batch(cast, count=1)
    Api(cast.ben).post(f"batches/{batch.pk}/claim").ok(201)
    aya = Api(cast.aya)
    first = aya.post(f"batches/{batch.pk}/claim", key="k")
    assert (first.status, first.code) == (409, "nothing_left")
    Api(cast.ben).post(f"assignments/{Assignment.objects.get().pk}/release").ok()
    _same(first, aya.post(f"batches/{batch.pk}/claim", key="k"))
    aya.post(f"batches/{batch.pk}/claim", key="another").ok(201)


def test_a_refused_text_stays_beside_the_draft_under_a_key(cast: Cast) -> None:
    """The refusal is an answer like any other: what it wrote is not undone with it."""
    ben, batch = Api(cast.ben), make_batch(cast)
    held = ben.post(f"batches/{batch.pk}/claim").ok(201)
    ben.put(f"assignments/{held['id']}/draft", {"answer": {"title": "one"}, "fence": 0}).ok()
    sent = {"answer": {"title": "two"}, "fence": 0}
    first = ben.post(f"assignments/{held['id']}/submit", sent, key="k")
    assert first.code == "draft_outdated"
    _same(first, ben.post(f"assignments/{held['id']}/submit", sent, key="k"))
    assert DraftAlternative.objects.get().answer == {"title": "two"}


def test_submitting_twice_makes_one_submission(cast: Cast) -> None:
    ben, batch = Api(cast.ben), make_batch(cast)
    held = ben.post(f"batches/{batch.pk}/claim", key="claim").ok(201)
    assert ben.post(f"batches/{batch.pk}/claim", key="claim").ok(201)["id"] == held["id"]
    path, sent = f"assignments/{held['id']}/submit?next=1", {"answer": good_answer(), "fence": 0}
    first = ben.post(path, sent, key="submit")
    assert first.ok(201)["next"]["id"] != held["id"]
    _same(first, ben.post(path, sent, key="submit"))
    assert Submission.objects.count() == 1
    assert Assignment.objects.count() == 2


def test_uploads_are_recognised_by_their_bytes(cast: Cast) -> None:
    aya, batch = Api(cast.aya), make_batch(cast, publish=False)
    Import.objects.all().delete()
    data = shop_file(products(3000))
    path = f"batches/{batch.pk}/source"
    first = aya.upload(path, data, key="k")
    assert first.status == 202
    _same(first, aya.upload(path, data, key="k"))
    assert Import.objects.count() == 1
    other = data[:-3] + b"8\r\n"
    assert aya.upload(path, other, key="k").code == "idempotency_key_reused"
    assert aya.upload(path, data, key="k", row_filter="{}").code == "idempotency_key_reused"
    assert aya.upload(path, data, key="k", name="other.csv").code == "idempotency_key_reused"


def test_pictures_are_kept_once(cast: Cast) -> None:
    ben = Api(cast.ben)
    first = ben.upload("uploads", picture(), name="a.png", key="k")
    assert first.status == 201
    _same(first, ben.upload("uploads", picture(), name="a.png", key="k"))
    assert Upload.objects.count() == 1


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once() -> None:
    cast = make_cast()
    batch = make_batch(cast, count=10)
    replies: list[Reply] = []
    apis = [Api(cast.ben) for _ in range(8)]

    def claim(api: Api) -> None:
        replies.append(api.post(f"batches/{batch.pk}/claim", key="at-once"))

    in_threads(*(lambda api=api: claim(api) for api in apis))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert Assignment.objects.count() == 1
    connection.close()
