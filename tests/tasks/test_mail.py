"""What happens to work, told by the real domain functions, arrives as mail and leads to the right page."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from accounts.models import User
from events.dispatcher import dispatch_once
from events.readers import run_readers
from jobs.runner import run_pending
from kernel.clock import now
from notify.domain.preferences import choose, of_person
from notify.domain.sending import send_due
from tasks.domain import batches, clocks, hold, releases, reports, review
from tasks.models import Batch
from tasks.states import PauseReason
from tests.factories import Cast, make_cast, read_file
from tests.notify.mailserver import MailServer, plain
from tests.tasks.domain.world import DAY, HOUR, MINUTE, handed_in, plain_batch, take

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]


@pytest.fixture
def server(settings: Any, tmp_path: Any) -> Iterator[MailServer]:
    settings.MEDIA_ROOT = tmp_path
    started = MailServer(settings).start()
    yield started
    started.stop()


def tick() -> None:
    clocks.sweep(now=now())
    for _ in range(3):
        run_pending()
        while dispatch_once():
            pass
        while run_readers():
            pass
        send_due(now=now())


def a_batch_s_life(cast: Cast, clock: Any) -> None:
    """Everything a mail can tell of, from the file to the result."""
    batch = plain_batch(cast, count=9, lease_minutes=600, deadline=now() + 20 * DAY)
    returned, refused, approved, _silent = (handed_in(batch, cast.ben) for _ in range(4))
    review.request_changes(submission_id=returned.pk, comments={"title": "?"}, by=cast.dai, now=now())
    review.reject(submission_id=refused.pk, reasons=["true"], by=cast.dai, now=now())
    review.approve(submission_id=approved.pk, by=cast.dai, now=now())
    answered, agreed, freed, _forgotten = (take(batch, cast.ben) for _ in range(4))
    for held in (answered, agreed):
        report = reports.report_impossible(
            assignment_id=held.pk, reason="source_missing", by=cast.ben, now=now()
        )
        if held is answered:
            reports.answer_report(report_id=report.pk, answer="Look at page 2", by=cast.aya, now=now())
        else:
            reports.agree(report_id=report.pk, by=cast.aya, now=now())
    hold.free(assignment_id=freed.pk, reason="Urgent", by=cast.aya, now=now())
    releases.request_release(batch_id=batch.pk, format="csv", by=cast.aya, now=now())
    tick()
    releases.give_up(
        release_id=releases.request_release(batch_id=batch.pk, format="csv", by=cast.aya, now=now()).pk,
        now=now(),
    )
    empty = plain_batch(cast, publish=False)
    batches.remove_source(batch_id=empty.pk, by=cast.aya, now=now())
    read_file(empty, b"", by=cast.aya)
    stuck = plain_batch(cast)
    with transaction.atomic():
        locked = Batch.objects.select_for_update(of=("self",)).select_related("store").get(pk=stuck.pk)
        batches.hold_claims(locked, reason=PauseReason.IMPOSSIBLE, actor=None, now=now())
    for step in [4 * HOUR, 4 * HOUR + 30 * MINUTE, 3 * HOUR, *[12 * HOUR] * 44]:
        clock.shift(step)
        tick()


# Kind → the English subject's beginning, and who reads it.
EXPECTED = {
    "changes_requested": ("Returned:", "ben"),
    "window_ending": (r"\d+ hours left:|The time to change", "ben"),
    "window_ended": ("Decided as it stands:", "ben"),
    "approved": (r"Approved:|\d+ answers were approved", "ben"),
    "rejected": ("Rejected:", "ben"),
    "lease_ending": (r"\d+ hours left:|Your time for", "ben"),
    "expired": (r"Time ran out|Your time for \d+ task", "ben"),
    "report_answered": ("Answered:", "ben"),
    "report_settled": ("Settled:", "ben"),
    "freed": ("Taken back:", "ben"),
    "review_due": (r"Waits for review:|\d+ answers wait", "dai"),
    "report_received": (r"Cannot be done:|\d+ tasks are reported", "aya"),
    "unseen": (r"Approved by silence:|\d+ answers were approved by silence", "aya"),
    "paused": ("Paused:", "aya"),
    "deadline_near": (r"Closes within a day:|\d+ batches close", "aya"),
    "closed": (r"Closed:|\d+ batches were closed", "aya"),
    "completed": (r"Complete:|\d+ batches are complete", "aya"),
    "import_landed": (r"File read:|\d+ files were read", "aya"),
    "import_failed": ("File not read:", "aya"),
    "release_done": ("Result ready:", "aya"),
    "release_failed": ("Result not written:", "aya"),
}


def test_what_happens_to_work_is_mailed_and_the_links_work(server: MailServer) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        cast = make_cast()
        for user in (cast.aya, cast.ben, cast.dai):
            choose(emails=dict.fromkeys(of_person(user), "now"), by=user, now=now())
        a_batch_s_life(cast, clock)
        for kind, (subject, name) in EXPECTED.items():
            reader: User = cast.people()[name]
            found = [mail for mail in server.of(reader.email) if re.match(subject, mail["Subject"].strip())]
            assert found, (kind, sorted({mail["Subject"] for mail in server.of(reader.email)}))
            browser = Client()
            browser.force_login(reader)
            for link in re.findall(r"http://127.0.0.1:8000(/n/\S+)", plain(found[0])):
                assert browser.get(link, follow=True).status_code == 200, (kind, link)
