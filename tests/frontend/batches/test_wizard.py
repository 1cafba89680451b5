import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.states import Role
from jobs.runner import run_pending
from tasks.domain import counts
from tasks.models import Batch, Step, Unit
from tests.factories import Cast, make_member, make_store, products, shop_file
from tests.frontend.batches.steps import choose, dispatch, upload
from tests.frontend.conftest import SignedIn

TERMS = {
    "title": "Spring",
    "who": "pool",
    "reward": "180",
    "lease_minutes": "120",
    "deadline": "2099-01-31T18:00",
    "per_worker_cap": "",
}


def test_wizard_leads_from_a_file_to_a_published_batch(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    assert client.get("/batches/new/").status_code == 200
    batch = upload(client, cast)
    assert batch.title == "spring"
    page = client.get(f"/batches/{batch.pk}/source/").content.decode()
    assert "Without a description" in page
    assert Unit.objects.count() == 0
    choose(client, batch, "description")
    assert set(Unit.objects.values_list("key", flat=True)) == {"mug-1", "mug-3"}
    assert "2 tasks are ready" in client.get(f"/batches/{batch.pk}/source/").content.decode()
    assert client.get(f"/batches/{batch.pk}/terms/").status_code == 200
    answer = client.post(f"/batches/{batch.pk}/terms/", TERMS)
    assert answer["Location"] == f"/batches/{batch.pk}/preview/"
    preview = client.get(answer["Location"]).content.decode()
    assert "Publish 2 tasks" in preview
    assert "¥360" in preview
    assert client.post(f"/batches/{batch.pk}/publish/")["Location"] == f"/batches/{batch.pk}/"
    step = Step.objects.get(batch=batch)
    assert (step.audience, step.open_to_all, step.reward, step.lease_minutes) == ("crowd", False, 180, 120)
    batch.refresh_from_db()
    assert batch.state == "open"
    assert batch.deadline is not None
    # 18:00 in Tokyo, where Aya reads it.
    assert batch.deadline.isoformat() == "2099-01-31T09:00:00+00:00"


def test_draft_can_be_left_and_comes_back_to_where_it_was(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    assert client.get(f"/batches/{batch.pk}/")["Location"] == f"/batches/{batch.pk}/source/"
    assert client.get(f"/batches/{batch.pk}/terms/")["Location"] == f"/batches/{batch.pk}/source/"
    assert client.get(f"/batches/{batch.pk}/preview/")["Location"] == f"/batches/{batch.pk}/source/"
    choose(client, batch)
    assert client.get(f"/batches/{batch.pk}/")["Location"] == f"/batches/{batch.pk}/terms/"


def test_new_without_a_file_keeps_what_was_typed(cast: Cast, signed_in: SignedIn):
    answer = signed_in(cast.aya).post(
        "/batches/new/", {"store": cast.store.pk, "template": "product-copy", "title": "My name"}
    )
    assert answer.status_code == 422
    assert 'value="My name"' in answer.content.decode()
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("ハンドル\r\n1\r\n".encode("cp932"), "UTF-8"),
        (b"PK\x03\x04" + b"0" * 100, "ZIP"),
    ],
)
def test_refused_file_says_why_and_leaves_the_draft(cast: Cast, signed_in: SignedIn, data: bytes, said: str):
    client = signed_in(cast.aya)
    batch = upload(client, cast, data, name="bad.csv")
    page = client.get(f"/batches/{batch.pk}/source/").content.decode()
    assert "“bad.csv” could not be taken." in page
    assert said.lower() in page.lower()
    again = SimpleUploadedFile("good.csv", shop_file(products(2)))
    assert client.post(f"/batches/{batch.pk}/source/file/", {"file": again}).status_code == 302
    run_pending()
    assert "Which products become tasks?" in client.get(f"/batches/{batch.pk}/source/").content.decode()


def test_file_that_is_too_big_is_refused_at_once(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    form = {"store": str(cast.store.pk), "template": "product-copy", "title": ""}
    big = SimpleUploadedFile("big.csv", b"x" * (15 * 1024 * 1024 + 1))
    answer = client.post("/batches/new/", {**form, "file": big}, follow=True)
    assert "The file is larger than 15 MB." in answer.content.decode()
    batch = Batch.objects.get()
    assert not batch.imports.exists()
    big.seek(0)
    answer = client.post(f"/batches/{batch.pk}/source/file/", {"file": big})
    assert answer.status_code == 422
    assert "The file is larger than 15 MB." in answer.content.decode()


def test_refused_rows_are_listed_page_by_page(cast: Cast, signed_in: SignedIn):
    rows = products(30)
    for row in rows[:25]:
        row["title"] = ""
    client = signed_in(cast.aya)
    batch = upload(client, cast, shop_file(rows))
    answer = client.get(f"/batches/{batch.pk}/source/")
    assert "25 rows were not taken" in answer.content.decode()
    assert [refusal["row"] for refusal in answer.context["refusals"]] == list(range(2, 22))
    more = client.get(f"/batches/{batch.pk}/source/", {"after": answer.context["next"]})
    assert [refusal["row"] for refusal in more.context["refusals"]] == list(range(22, 27))


def test_products_chosen_by_hand(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    answer = client.post(f"/batches/{batch.pk}/source/", {"pick": "hand", "answers_per_task": "1"})
    assert answer.status_code == 422
    assert "Tick at least one product" in answer.content.decode()
    choose(client, batch, "hand", keys=["mug-2"], handles="mug-4\r\n\r\n mug-1 ")
    assert set(Unit.objects.values_list("key", flat=True)) == {"mug-1", "mug-2", "mug-4"}


def test_handle_that_is_too_long_is_said_at_the_field(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    form = {"pick": "hand", "answers_per_task": "1", "handles": "x" * 300}
    answer = client.post(f"/batches/{batch.pk}/source/", form)
    assert answer.status_code == 422
    assert "Give a list of texts." in answer.content.decode()


def test_status_narrows_the_choice(cast: Cast, signed_in: SignedIn):
    rows = products(4)
    rows[0]["status"] = "draft"
    client = signed_in(cast.aya)
    batch = upload(client, cast, shop_file(rows))
    assert client.get(f"/batches/{batch.pk}/source/").context["facts"]["statuses"] == {
        "active": 3,
        "draft": 1,
    }
    choose(client, batch, "description", statuses=["active"])
    assert set(Unit.objects.values_list("key", flat=True)) == {"mug-3"}


def test_choice_that_matches_nothing_asks_again_and_another_number_of_answers_may_be_taken(
    cast: Cast, signed_in: SignedIn
):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    choose(client, batch, "hand", handles="no-such")
    assert "No product of the file matched" in client.get(f"/batches/{batch.pk}/source/").content.decode()
    choose(client, batch, "all", answers_per_task="3")
    assert Step.objects.get(batch=batch).answers_per_task == 3
    assert Unit.objects.count() == 4


def test_other_products_can_be_chosen_and_the_file_can_be_replaced(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    choose(client, batch)
    assert client.post(f"/batches/{batch.pk}/source/again/").status_code == 302
    assert counts.of_batch(batch.pk)["open"] == 0
    run_pending()
    assert Unit.objects.count() == 0
    choose(client, batch, "description", answers_per_task="2")
    assert Unit.objects.count() == 2
    assert client.get(f"/batches/{batch.pk}/terms/").context["progress"].answers == 4
    assert client.post(f"/batches/{batch.pk}/source/remove/").status_code == 302
    run_pending()
    assert not batch.imports.exists()
    assert "Drop the product file here" in client.get(f"/batches/{batch.pk}/source/").content.decode()


def test_reading_page_follows_the_job(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    form = {"store": str(cast.store.pk), "template": "product-copy", "title": "T"}
    client.post("/batches/new/", {**form, "file": SimpleUploadedFile("a.csv", shop_file(products(2)))})
    batch = Batch.objects.get()
    assert "Looking into the file" in client.get(f"/batches/{batch.pk}/source/").content.decode()
    dispatch()
    part = client.get(f"/batches/{batch.pk}/source/progress/")
    assert "data-continue" not in part.content.decode()
    etag = {"If-None-Match": part["ETag"]}
    assert client.get(f"/batches/{batch.pk}/source/progress/", headers=etag).status_code == 304
    run_pending()
    dispatch()
    part = client.get(f"/batches/{batch.pk}/source/progress/", headers=etag)
    assert part.status_code == 200
    assert "data-continue" in part.content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"deadline": "2020-01-01T10:00"}, "The deadline has passed already."),
        ({"reward": "2000000"}, "between 0 and 1,000,000"),
        ({"title": ""}, "This field is required."),
        ({"who": "nobody"}, "not one of the available choices"),
        ({"per_worker_cap": "0"}, "greater than or equal to 1"),
    ],
)
def test_terms_that_cannot_be_are_said_at_the_field_and_kept(
    cast: Cast, signed_in: SignedIn, change: dict[str, str], said: str
):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    choose(client, batch)
    answer = client.post(f"/batches/{batch.pk}/terms/", {**TERMS, "reward": "777", **change})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert f'value="{change.get("reward", "777")}"' in page


def test_freelance_work_without_a_reward_is_stopped_at_the_preview(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    choose(client, batch)
    client.post(f"/batches/{batch.pk}/terms/", {**TERMS, "reward": "0"})
    page = client.get(f"/batches/{batch.pk}/preview/").content.decode()
    assert "Freelance work needs a reward." in page
    assert "Publish 4 tasks" not in page
    answer = client.post(f"/batches/{batch.pk}/publish/", follow=True)
    assert "Freelance work needs a reward." in answer.content.decode()
    batch.refresh_from_db()
    assert batch.state == "draft"


def test_preview_shows_one_product_after_the_other(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    choose(client, batch)
    first = client.get(f"/batches/{batch.pk}/preview/")
    assert (first.context["task"].unit.key, first.context["before"], first.context["after"]) == (
        "mug-1",
        None,
        2,
    )
    last = client.get(f"/batches/{batch.pk}/preview/?at=4")
    assert (last.context["task"].unit.key, last.context["before"], last.context["after"]) == (
        "mug-4",
        3,
        None,
    )
    for odd in ("9999", "-1", "x", "1" * 40):
        assert client.get(f"/batches/{batch.pk}/preview/", {"at": odd}).context["task"].unit.key == "mug-1"


def test_store_is_chosen_among_those_one_directs(cast: Cast, signed_in: SignedIn):
    second = make_store("Kobe", cast.company)
    make_member(cast.aya, second, Role.DIRECTOR)
    client = signed_in(cast.aya)
    assert "Kobe" in client.get("/batches/new/").content.decode()
    form = {
        "template": "product-copy",
        "title": "",
        "file": SimpleUploadedFile("a.csv", shop_file(products(1))),
    }
    assert client.post("/batches/new/", {**form, "store": cast.other_store.pk}).status_code == 422
    form["file"] = SimpleUploadedFile("a.csv", shop_file(products(1)))
    assert client.post("/batches/new/", {**form, "store": second.pk}).status_code == 302
    assert Batch.objects.get().store == second


def test_discarding_a_draft(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    assert "Discard the draft" in client.get(f"/batches/{batch.pk}/cancel/").content.decode()
    assert client.post(f"/batches/{batch.pk}/cancel/")["Location"] == "/batches/"
    batch.refresh_from_db()
    assert batch.state == "cancelled"


def test_wizard_is_closed_to_all_but_directors(cast: Cast, signed_in: SignedIn):
    batch = upload(signed_in(cast.aya), cast)
    pages = ["source/", "source/progress/", "terms/", "preview/"]
    posts = ["source/", "source/file/", "source/remove/", "source/again/", "terms/", "publish/"]
    for user, status in (
        (cast.dai, 403),
        (cast.gen, 404),
        (cast.ben, 404),
        (cast.chie, 404),
        (cast.emi, 404),
    ):
        client = signed_in(user)
        assert {client.get(f"/batches/{batch.pk}/{page}").status_code for page in pages} == {status}
        assert {client.post(f"/batches/{batch.pk}/{page}").status_code for page in posts} == {status}
    assert signed_in(cast.chie).get("/batches/new/").status_code == 403
    batch.refresh_from_db()
    assert batch.state == "draft"
    assert batch.imports.count() == 1


def test_published_batch_has_no_wizard(cast: Cast, signed_in: SignedIn):
    client = signed_in(cast.aya)
    batch = upload(client, cast)
    choose(client, batch)
    client.post(f"/batches/{batch.pk}/publish/")
    for page in ("source/", "terms/", "preview/"):
        assert client.get(f"/batches/{batch.pk}/{page}")["Location"] == f"/batches/{batch.pk}/"
    assert client.post(f"/batches/{batch.pk}/source/remove/")["Location"] == f"/batches/{batch.pk}/"
    assert Unit.objects.count() == 4
