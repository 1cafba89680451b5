import pytest
from django.http import StreamingHttpResponse

from jobs.runner import run_pending
from tasks.models import Batch, Release
from tests.factories import Cast, make_approved, make_batch, make_submission
from tests.frontend.batches.steps import dispatch, let_silence_approve
from tests.frontend.conftest import SignedIn


@pytest.fixture
def batch(cast: Cast) -> Batch:
    made = make_batch(cast)
    make_approved(made, cast.ben, cast.dai)
    let_silence_approve(make_submission(made, cast.ben))
    make_submission(made, cast.ben)
    return made


def test_page_counts_what_goes_in_and_what_stays_out(cast: Cast, signed_in: SignedIn, batch: Batch):
    context = signed_in(cast.aya).get(f"/batches/{batch.pk}/results/").context
    assert (context["used"], context["unseen"], context["undecided"]) == (1, 1, 1)


@pytest.mark.parametrize("kind", ["update", "source", "csv", "jsonl"])
def test_file_is_asked_for_made_and_taken(cast: Cast, signed_in: SignedIn, batch: Batch, kind: str):
    client = signed_in(cast.aya)
    assert client.post(f"/batches/{batch.pk}/results/", {"format": kind}).status_code == 302
    assert "Being written" in client.get(f"/batches/{batch.pk}/results/").content.decode()
    release = Release.objects.get()
    assert client.get(f"/results/{release.pk}/file/").status_code == 404
    run_pending()
    dispatch()
    part = client.get(f"/batches/{batch.pk}/results/files/").content.decode()
    assert f"/results/{release.pk}/file/" in part
    assert "1 answer was approved by silence" in part or kind in ("csv", "jsonl")
    release.refresh_from_db()
    whole = client.get(f"/results/{release.pk}/file/")
    assert isinstance(whole, StreamingHttpResponse)
    body = b"".join(whole)
    assert len(body) == release.size
    assert f'filename="{release.name}"' in whole["Content-Disposition"]
    some = client.get(f"/results/{release.pk}/file/", headers={"Range": "bytes=3-9"})
    assert (some.status_code, some.content) == (206, body[3:10])


def test_nothing_to_take_is_said(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast)
    client = signed_in(cast.aya)
    kinds = "Make a file of the answers so far"
    assert kinds not in client.get(f"/batches/{batch.pk}/results/").content.decode()
    answer = client.post(f"/batches/{batch.pk}/results/", {"format": "update"}, follow=True)
    assert "No answer has been approved for use yet." in answer.content.decode()
    assert client.post(f"/batches/{batch.pk}/results/", {"format": "odd"}).status_code == 422
    assert not Release.objects.exists()
    make_approved(batch, cast.ben, cast.dai)
    assert kinds in client.get(f"/batches/{batch.pk}/results/").content.decode()


def test_reviewer_takes_files_but_asks_for_none_and_strangers_find_none(
    cast: Cast, signed_in: SignedIn, batch: Batch
):
    signed_in(cast.aya).post(f"/batches/{batch.pk}/results/", {"format": "csv"})
    run_pending()
    release = Release.objects.get()
    reviewer = signed_in(cast.dai)
    assert "Make it" not in reviewer.get(f"/batches/{batch.pk}/results/").content.decode()
    assert reviewer.post(f"/batches/{batch.pk}/results/", {"format": "csv"}).status_code == 403
    assert reviewer.get(f"/results/{release.pk}/file/").status_code == 200
    for user in (cast.gen, cast.ben, cast.chie, cast.emi):
        assert signed_in(user).get(f"/results/{release.pk}/file/").status_code == 404


def test_draft_has_no_results(cast: Cast, signed_in: SignedIn):
    batch = make_batch(cast, publish=False)
    assert signed_in(cast.aya).get(f"/batches/{batch.pk}/results/").status_code == 302
