"""What several tests of the director's pages do."""

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from events.dispatcher import dispatch_once
from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import clocks, windows
from tasks.models import Assignment, Batch, Submission
from tests.factories import Cast, products, shop_file


def upload(
    client: Client, cast: Cast, data: bytes | None = None, name: str = "spring.csv", **more: str
) -> Batch:
    """Sends the first form of the wizard and runs the job that looks into the file."""
    content = shop_file(products(4)) if data is None else data
    form = {"store": str(cast.store.pk), "template": "product-copy", "title": "", **more}
    answer = client.post("/batches/new/", {**form, "file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()
    run_pending()
    return Batch.objects.latest("pk")


def choose(client: Client, batch: Batch, pick: str = "all", **more: object) -> None:
    """Sends the choice of products and runs the job that makes the tasks."""
    answer = client.post(f"/batches/{batch.pk}/source/", {"pick": pick, "answers_per_task": "1", **more})
    assert answer.status_code == 302, answer.content.decode()
    run_pending()


def let_silence_approve(*submissions: Submission) -> None:
    ids = [submission.assignment_id for submission in submissions]
    # As after the last reminder has reached a reviewer and nobody decided.
    Assignment.objects.filter(pk__in=ids).update(
        auto_approve_at=now() - timedelta(minutes=1), reminded=windows.LAST_REMINDER, clock_waits=False
    )
    clocks.sweep(now=now())


def dispatch() -> None:
    while dispatch_once():
        pass
