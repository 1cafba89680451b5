"""The page of one result file, what the shop changed since, and where an answer went."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import review, uploaded
from tasks.models import Batch, Release, ReleaseCell
from tests.factories import Cast, make_approved, make_batch, make_submission, products, shop_file
from tests.frontend.conftest import SignedIn
from tests.tasks.domain.world import release


@pytest.fixture
def batch(cast: Cast) -> Batch:
    made = make_batch(cast, count=4)
    for _number in range(2):
        make_approved(made, cast.ben, cast.dai)
    return made


def text(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_page_shows_each_cell_with_what_stood_there_before(
    cast: Cast, signed_in: SignedIn, batch: Batch
) -> None:
    made, _data = release(batch, "update")
    client = signed_in(cast.aya)
    page = text(client, f"/results/{made.pk}/")
    assert "マグカップ 1" in page
    assert "港工房 マグカップ 白" in page
    submission = ReleaseCell.objects.filter(key="mug-1")[0].submission_id
    assert f"/answers/{submission}/" in page
    only = client.get(f"/results/{made.pk}/?unit=mug-2&column=tags").context["units"]
    assert [(one["key"], [cell.logical for cell in one["cells"]]) for one in only] == [("mug-2", ["tags"])]
    assert "No cell of this file is like that" in text(client, f"/results/{made.pk}/?unit=nothing")
    assert f"/results/{made.pk}/" in text(client, f"/batches/{batch.pk}/results/")


def test_an_upload_is_ticked_off_and_only_what_is_new_offered(
    cast: Cast, signed_in: SignedIn, batch: Batch
) -> None:
    made, _data = release(batch, "update")
    client = signed_in(cast.aya)
    assert "since_uploaded" not in text(client, f"/batches/{batch.pk}/results/")
    assert client.post(f"/results/{made.pk}/uploaded/").status_code == 302
    assert "Aya ticked it off as uploaded" in text(client, f"/results/{made.pk}/")
    make_approved(batch, cast.ben, cast.dai)
    assert "since_uploaded" in text(client, f"/batches/{batch.pk}/results/")
    client.post(f"/batches/{batch.pk}/results/", {"format": "update", "since_uploaded": "1"})
    run_pending()
    assert "5 new cells since the last upload" in text(client, f"/batches/{batch.pk}/results/")
    client.post(f"/results/{made.pk}/not-uploaded/")
    assert Release.objects.filter(uploaded_at__isnull=False).count() == 0
    reviewer = signed_in(cast.dai)
    assert "I have uploaded it" not in text(reviewer, f"/results/{made.pk}/")
    assert reviewer.post(f"/results/{made.pk}/uploaded/").status_code == 403


def test_a_restore_file_is_asked_for(cast: Cast, signed_in: SignedIn, batch: Batch) -> None:
    made, _data = release(batch, "update")
    client = signed_in(cast.aya)
    answer = client.post(f"/results/{made.pk}/restore/", follow=True)
    assert "Being written" in answer.content.decode()
    run_pending()
    restored = Release.objects.get(restores=made)
    # The page that waited is given the file where the progress stood.
    assert f'href="/results/{restored.pk}/file/"' in text(client, f"/results/{restored.pk}/state/?waited=1")
    page = text(client, f"/results/{restored.pk}/")
    assert "were blank before" in page
    assert f"/results/{restored.pk}/" in text(client, f"/results/{made.pk}/")
    assert f"/results/{restored.pk}/restore/" not in page


def test_a_fresh_export_is_compared(cast: Cast, signed_in: SignedIn, batch: Batch) -> None:
    rows = products(4)
    rows[0]["title"], rows[3]["price"] = "店が直した", "1800"
    client = signed_in(cast.aya)
    fresh = SimpleUploadedFile("now.csv", shop_file(rows))
    client.post(f"/batches/{batch.pk}/results/", {"format": "source", "fresh": fresh})
    run_pending()
    made = Release.objects.get()
    assert "See 2 changes of the shop since" in text(client, f"/results/{made.pk}/")
    page = text(client, f"/results/{made.pk}/drift/")
    assert "店が直した" in page
    assert "1800" in page
    page = text(client, f"/results/{made.pk}/drift/?show=answered")
    assert "店が直した" in page
    assert "1800" not in page
    plain, _data = release(batch, "update")
    assert "made without a fresh export" in text(client, f"/results/{plain.pk}/drift/")


def test_a_fresh_export_that_is_none_is_said_on_the_page(
    cast: Cast, signed_in: SignedIn, batch: Batch
) -> None:
    client = signed_in(cast.aya)
    fresh = SimpleUploadedFile("now.csv", shop_file(products(4)) + b'"open')
    client.post(f"/batches/{batch.pk}/results/", {"format": "source", "fresh": fresh})
    run_pending()
    page = text(client, f"/results/{Release.objects.get().pk}/")
    assert "The fresh export cannot be read." in page
    assert "Row 6" in page


def test_an_answer_leads_to_its_files_and_to_others(cast: Cast, signed_in: SignedIn, batch: Batch) -> None:
    made, _data = release(batch, "update")
    uploaded.mark_uploaded(release_id=made.pk, by=cast.aya, now=now())
    submission = ReleaseCell.objects.filter(key="mug-1")[0].submission_id
    page = text(signed_in(cast.dai), f"/answers/{submission}/")
    assert f"/results/{made.pk}/" in page
    assert "マグカップ 2" in page
    for stranger in (cast.ben, cast.chie, cast.gen):
        assert signed_in(stranger).get(f"/answers/{submission}/").status_code == 404
    refused = make_submission(batch, cast.ben)
    assert "No file holds it yet" in text(signed_in(cast.aya), f"/answers/{refused.pk}/")
    review.reject(submission_id=refused.pk, reasons=["facts"], by=cast.dai, now=now())
    assert signed_in(cast.aya).get(f"/answers/{refused.pk}/").status_code == 404
    assert f"/answers/{refused.pk}/" not in text(signed_in(cast.aya), f"/answers/{submission}/")
