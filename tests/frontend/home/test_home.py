from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import Cast, make_approved, make_batch, make_submission, make_user
from tests.frontend.batches.steps import dispatch, let_silence_approve, upload
from tests.frontend.conftest import SignedIn


def test_home_names_what_needs_the_director(cast: Cast, signed_in: SignedIn):
    running = make_batch(cast, count=4)
    make_approved(running, cast.ben, cast.dai)
    let_silence_approve(make_submission(running, cast.ben))
    make_submission(running, cast.ben)
    draft = make_batch(cast, count=1, publish=False, title="Half done")
    client = signed_in(cast.aya)
    context = client.get("/").context
    assert context["to_review"] == 1
    assert context["first_clock"] is not None
    assert [(row.batch_id, row.n) for row in context["unseen"]] == [(running.pk, 1)]
    assert draft in context["drafts"]
    assert [line["batch"] for line in context["running"]] == [running]
    assert context["running"][0]["progress"].spent == 300


def test_failed_file_is_named(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast, b"PK\x03\x04" + b"0" * 50)
    assert client.get("/").context["failed"] == [batch]
    assert "A file could not be read" in client.get("/").content.decode()


def test_workers_are_sent_to_the_work(cast: Cast, signed_in: SignedIn):
    for user in (cast.ben, cast.chie, cast.emi):
        assert signed_in(user).get("/")["Location"] == "/work/"


def test_reviewer_has_a_home_without_the_directors_things(cast: Cast, signed_in: SignedIn):
    make_batch(cast, publish=False)
    answer = signed_in(cast.dai).get("/")
    assert answer.status_code == 200
    assert answer.context["drafts"] == []
    assert "/batches/new/" not in answer.content.decode()


def test_somebody_without_anything_is_greeted(cast: Cast, signed_in: SignedIn):
    page = signed_in(make_user("Nao")).get("/", follow=True).content.decode()
    assert "Welcome, Nao" in page


def test_calm_home_says_so_in_both_languages(cast: Cast, signed_in: SignedIn):
    assert "Nothing waits for you." in signed_in(cast.aya).get("/").content.decode()
    cast.aya.language = "ja"
    cast.aya.save()
    assert "対応待ちはありません。" in signed_in(cast.aya).get("/").content.decode()


def test_other_companies_see_nothing_of_it(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    make_submission(batch, cast.ben)
    context = signed_in(cast.gen).get("/").context
    assert context["calm"]
    assert context["running"] == []


def test_region_changes_with_the_store(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    dispatch()
    client = signed_in(cast.aya)
    part = client.get("/home/now/")
    assert part.content.decode().strip() in client.get("/").content.decode()
    etag = {"If-None-Match": part["ETag"]}
    assert client.get("/home/now/", headers=etag).status_code == 304
    make_submission(batch, cast.ben)
    dispatch()
    assert "1" in client.get("/home/now/", headers=etag).content.decode()


def test_home_asks_the_same_for_one_batch_and_for_three(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    counted = []
    for more in (1, 2):
        for n in range(more):
            batch = make_batch(cast, count=2, title=f"{more}-{n}")
            let_silence_approve(make_submission(batch, cast.ben))
            make_submission(batch, cast.ben)
        client.get("/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/")
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 20
