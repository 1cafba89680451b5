from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.clock import now
from tasks.domain import review
from tests.factories import Cast, make_batch, make_submission
from tests.frontend.batches.steps import dispatch, let_silence_approve
from tests.frontend.conftest import SignedIn


def test_board_shows_each_task_in_its_column(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast, count=4, audience="crowd", deadline=now() + timedelta(days=2))
    done = make_submission(batch, cast.chie)
    review.approve(submission_id=done.pk, by=cast.dai, now=now())
    returned = make_submission(batch, cast.fumi)
    review.request_changes(submission_id=returned.pk, comments={"title": "Longer"}, by=cast.dai, now=now())
    make_submission(batch, cast.chie)
    dispatch()
    answer = signed_in(cast.aya).get(f"/batches/{batch.pk}/")
    columns = {column["state"]: column for column in answer.context["columns"]}
    assert {state: column["n"] for state, column in columns.items()} == {
        "open": 1,
        "claimed": 0,
        "in_review": 2,
        "done": 1,
    }
    assert [holder.name for holder in columns["done"]["cards"][0].holders] == ["Chie"]
    assert [str(chip.label) for card in columns["in_review"]["cards"] for chip in card.chips] == ["Returned"]
    page = answer.content.decode()
    assert "¥150<small> / ¥600</small>" in page
    assert "Dai approved “マグカップ 1”." in page
    assert "Fumi handed in “マグカップ 2”." in page


def test_region_is_the_part_of_the_page_and_is_not_drawn_twice(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    dispatch()
    client = signed_in(cast.aya)
    part = client.get(f"/batches/{batch.pk}/board/")
    assert part.content.decode().strip() in client.get(f"/batches/{batch.pk}/").content.decode()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        again = client.get(f"/batches/{batch.pk}/board/", headers={"If-None-Match": part["ETag"]})
    assert again.status_code == 304
    assert len(seen) <= 4
    make_submission(batch, cast.ben)
    dispatch()
    assert (
        client.get(f"/batches/{batch.pk}/board/", headers={"If-None-Match": part["ETag"]}).status_code == 200
    )


@pytest.mark.parametrize("path", ["", "board/", "tasks/", "tasks/?show=unseen", "results/"])
def test_queries_do_not_grow_with_the_tasks(cast: Cast, signed_in: SignedIn, path: str):
    client = signed_in(cast.aya)
    small, large = make_batch(cast, count=1), make_batch(cast, count=3, title="Large")
    let_silence_approve(make_submission(small, cast.ben))
    let_silence_approve(*(make_submission(large, cast.ben) for _n in range(3)))
    dispatch()
    counted = []
    for batch in (small, large):
        client.get(f"/batches/{batch.pk}/{path}")
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/batches/{batch.pk}/{path}").status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 20


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_opens_in_both_languages(cast: Cast, signed_in: SignedIn, language: str):
    cast.aya.language = language
    cast.aya.save()
    client = signed_in(cast.aya)
    batch = make_batch(cast)
    submission = make_submission(batch, cast.ben)
    for path in ("", "tasks/", "tasks/?show=unseen", "results/", "pause/", "close/", "cancel/"):
        assert client.get(f"/batches/{batch.pk}/{path}").status_code == 200
    assert client.get("/batches/").status_code == 200
    page = client.get(f"/tasks/{submission.assignment.task_id}/").content.decode()
    assert ("Submission 1" in page) == (language == "en")
    assert ("納品 1回目" in page) == (language == "ja")


def test_director_moves_the_batch_after_reading_what_it_means(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    client = signed_in(cast.aya)
    assert "3 open tasks cannot be taken" in client.get(f"/batches/{batch.pk}/pause/").content.decode()
    for verb, state in (("pause", "paused"), ("resume", "open"), ("close", "closed")):
        assert client.post(f"/batches/{batch.pk}/{verb}/")["Location"] == f"/batches/{batch.pk}/"
        batch.refresh_from_db()
        assert batch.state == state
    assert client.get(f"/batches/{batch.pk}/pause/").status_code == 409
    assert client.post(f"/batches/{batch.pk}/pause/").status_code == 409


def test_reviewer_sees_the_board_and_moves_nothing(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    client = signed_in(cast.dai)
    page = client.get(f"/batches/{batch.pk}/").content.decode()
    assert f"/batches/{batch.pk}/close/" not in page
    for verb in ("pause", "resume", "close", "cancel"):
        assert client.get(f"/batches/{batch.pk}/{verb}/").status_code == 403
        assert client.post(f"/batches/{batch.pk}/{verb}/").status_code == 403
    batch.refresh_from_db()
    assert batch.state == "open"


def test_others_find_nothing(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast, audience="crowd", open_to_all=True)
    task_id = make_submission(batch, cast.chie).assignment.task_id
    paths = [
        f"/batches/{batch.pk}/{path}"
        for path in ("", "board/", "close/", "tasks/", "results/", "results/files/")
    ]
    paths += [f"/tasks/{task_id}/", f"/tasks/{task_id}/answers/"]
    for user in (cast.gen, cast.ben, cast.chie, cast.emi):
        client = signed_in(user)
        assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 404)
        posts = [f"/batches/{batch.pk}/{path}" for path in ("close/", "accept/", "results/")]
        assert {client.post(path).status_code for path in posts} == {404}
        assert not client.get("/batches/").context["lines"]


def test_unknown_batch_and_signed_out_reader(cast: Cast, signed_in: SignedIn, client):
    assert signed_in(cast.aya).get("/batches/999999/").status_code == 404
    for path in ("/batches/", "/batches/1/", "/batches/1/terms/", "/tasks/1/", "/results/1/file/"):
        assert client.get(path)["Location"].startswith("/accounts/login/")


def test_list_filters_pages_and_hides_drafts_from_reviewers(cast: Cast, signed_in: SignedIn):
    for n in range(21):
        make_batch(cast, count=1, title=f"Batch {n}")
    draft = make_batch(cast, count=1, publish=False, title="Half done")
    client = signed_in(cast.aya)
    first = client.get("/batches/")
    assert len(first.context["lines"]) == 20
    assert first.context["lines"][0]["batch"] == draft
    second = client.get("/batches/", {"after": first.context["next"]})
    assert [line["batch"].title for line in second.context["lines"]] == ["Batch 1", "Batch 0"]
    shown = client.get("/batches/?show=draft").context["lines"]
    assert [line["batch"].title for line in shown] == ["Half done"]
    assert client.get("/batches/?show=ended").context["lines"] == []
    assert client.get("/batches/?after=nonsense").status_code == 422
    assert all(line["batch"] != draft for line in signed_in(cast.dai).get("/batches/").context["lines"])


def test_list_asks_the_same_for_one_batch_and_for_three(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    counted = []
    for more in (1, 2):
        for n in range(more):
            make_batch(cast, count=1, title=f"{more}-{n}")
        client.get("/batches/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/batches/")
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 20
