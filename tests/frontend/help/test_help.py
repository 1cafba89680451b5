"""First steps, the guided first batch and the help page."""

import re
from typing import Any

import pytest
from django.test import Client

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import batches, claim
from tasks.models import Batch, Import
from tests.factories import Cast, make_approved, make_batch, make_cast, make_store, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def visit(user: Any, path: str = "/") -> str:
    client = Client()
    client.force_login(user)
    return client.get(path, follow=True).content.decode()


def done(page: str) -> int:
    return len(re.findall(r'is-done">\s*<span class="first-mark"', page))


def test_a_new_shop_sees_four_first_steps_and_the_sample() -> None:
    director = make_user("Ichi")
    store = make_store("Empty")
    store.memberships.create(user=director, role="director")
    page = visit(director)
    assert page.count('class="first-mark"') == 4
    assert done(page) == 0
    assert "Try it with the sample file" in page


def test_steps_are_ticked_off_by_what_was_done(cast: Cast) -> None:
    batch = make_batch(cast)
    page = visit(cast.aya)
    # Posted a batch, and there are colleagues: two of four; the sample is no longer offered.
    assert done(page) == 2
    assert "Try it with the sample file" not in page
    make_approved(batch, cast.ben, cast.dai)
    assert done(visit(cast.aya)) == 3


def test_a_worker_is_led_to_a_first_approval_and_then_left_alone(cast: Cast) -> None:
    assert visit(cast.ben, "/work/").count('class="first-mark"') == 3
    batch = make_batch(cast)
    claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    assert done(visit(cast.ben, "/work/")) == 1
    make_approved(batch, cast.ben, cast.dai)
    assert "first-mark" not in visit(cast.ben, "/work/")


def test_hidden_steps_stay_hidden(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ben)
    answer = client.post("/help/steps/hide/", {"next": "/work/"})
    assert answer["Location"] == "/work/"
    assert "first-mark" not in client.get("/work/").content.decode()


def test_hiding_leads_to_no_other_site(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ben)
    assert client.post("/help/steps/hide/", {"next": "//evil.example/"})["Location"] == "/"


def test_the_sample_leads_from_the_button_to_a_published_batch(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.aya)
    batch = Batch.objects.get(pk=client.post("/help/sample/")["Location"].split("/")[2])
    run_pending()
    page = client.get(f"/batches/{batch.pk}/source/").content.decode()
    assert "Guide, step 2 of 6." in page
    client.post(f"/batches/{batch.pk}/source/", {"pick": "description", "answers_per_task": "1"})
    run_pending()
    read = Import.objects.get(batch=batch, inspect_only=False)
    assert (read.state, read.units_made, read.refused_rows) == ("done", 6, 0)
    for path, step in (("terms", 3), ("preview", 4)):
        assert f"Guide, step {step} of 6." in client.get(f"/batches/{batch.pk}/{path}/").content.decode()
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    assert "Guide, step 5 of 6." in client.get(f"/batches/{batch.pk}/").content.decode()
    assert "Guide, step 6 of 6." in client.get(f"/batches/{batch.pk}/results/").content.decode()


def test_no_guide_stands_beside_other_batches(cast: Cast) -> None:
    batch = make_batch(cast)
    assert "Guide, step" not in visit(cast.aya, f"/batches/{batch.pk}/")


def test_only_a_director_can_try_the_sample(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ben)
    assert client.post("/help/sample/").status_code == 403
    assert "Try it" not in visit(cast.ben, "/help/")


def test_the_sample_file_can_be_downloaded(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.aya)
    answer = client.get("/help/sample/file/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.content.decode().splitlines()[0].startswith("Title,URL handle")
