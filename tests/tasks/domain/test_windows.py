"""No clock that can cost somebody money starts before its notice was handed over."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Membership, User
from events.dispatcher import dispatch_once
from events.readers import run_readers
from jobs.runner import run_pending
from kernel.clock import now
from notify.domain.preferences import choose
from notify.domain.refusals import refused_address
from notify.domain.sending import send_due
from notify.models import Notice
from tasks.domain import clocks, reports, review, windows
from tasks.models import Assignment, Submission
from tasks.states import AssignmentState, Use
from tests.factories import Cast
from tests.notify.mailserver import MailServer
from tests.tasks.domain.world import DAY, HOUR, MINUTE, fresh, hand_in, handed_in, plain_batch, take

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    started = MailServer(settings).start()
    yield started
    started.stop()


def tick() -> None:
    """What the running installation does every few seconds."""
    clocks.sweep(now=now())
    run_pending()
    for _ in range(3):
        while dispatch_once():
            pass
        while run_readers():
            pass
        send_due(now=now())


def live(clock: Any, span: timedelta, step: timedelta) -> None:
    end = now() + span
    while now() < end:
        clock.shift(min(step, end - now()))
        tick()


def returned(cast: Cast) -> Submission:
    answer = handed_in(plain_batch(cast), cast.ben)
    review.request_changes(submission_id=answer.pk, comments={"title": "?"}, by=cast.dai, now=now())
    return answer


def want(email: str, kind: str, *people: User) -> None:
    for user in people:
        choose(emails={kind: email}, by=user, now=now())


def test_a_returned_answer_waits_for_its_mail(cast: Cast, server: MailServer) -> None:
    server.stop()
    with time_machine.travel(now(), tick=False) as clock:
        answer = returned(cast)
        assert fresh(answer).clock_waits
        live(clock, HOUR, 5 * MINUTE)
        assert fresh(answer).clock_waits
        server.start()
        live(clock, 10 * MINUTE, MINUTE)
        held = fresh(answer)
        told = Notice.objects.get(kind="changes_requested").handed_over_at
        assert told is not None
        assert (held.clock_waits, held.resubmit_by) == (False, told + 3 * DAY)
        live(clock, 3 * DAY, 6 * HOUR)
    assert fresh(answer).state == AssignmentState.SUBMITTED
    assert [mail["Subject"] for mail in server.of(cast.ben.email)][:2] == [
        "Returned: マグカップ 1",
        "24 hours left: マグカップ 1",
    ]


def test_a_week_without_mail_ends_no_window(cast: Cast, server: MailServer) -> None:
    server.stop()
    with time_machine.travel(now(), tick=False) as clock:
        answer = returned(cast)
        live(clock, 7 * DAY, 6 * HOUR)
        assert fresh(answer).state == AssignmentState.CHANGES_REQUESTED
        server.start()
        live(clock, HOUR, 5 * MINUTE)
        left = fresh(answer).resubmit_by
        assert left is not None
        assert 3 * DAY - HOUR <= left - now() <= 3 * DAY


def test_whoever_wants_no_mail_at_once_is_told_by_the_inbox(cast: Cast, server: MailServer) -> None:
    server.stop()
    want("daily", "changes_requested", cast.ben)
    with time_machine.travel(now(), tick=False):
        answer = returned(cast)
        tick()
        held = fresh(answer)
        assert (held.clock_waits, held.resubmit_by) == (False, now() + 3 * DAY)


def test_a_refused_address_counts_from_its_refusal(cast: Cast, server: MailServer) -> None:
    server.answers = {"RCPT": "550 unknown"}
    answer = returned(cast)
    tick()
    assert not fresh(answer).clock_waits
    assert refused_address(cast.ben) is not None


def test_an_answer_given_while_the_mail_waits_needs_no_mail(cast: Cast, server: MailServer) -> None:
    server.stop()
    with time_machine.travel(now(), tick=False) as clock:
        answer = returned(cast)
        tick()
        hand_in(fresh(answer), "良い商品名、直しました")
        assert not fresh(answer).clock_waits
        review.request_changes(
            submission_id=fresh(answer).submissions.latest("pk").pk,
            comments={"title": "again"},
            by=cast.dai,
            now=now(),
        )
        first = Notice.objects.get(kind="changes_requested")
        # The first round's mail must not start the second round's window.
        started = windows.start(
            assignment_id=answer.assignment_id,
            notice=first.kind,
            submission_id=first.params["submission"],
            now=now(),
        )
        assert not started
        assert fresh(answer).clock_waits
        server.start()
        live(clock, 10 * MINUTE, MINUTE)
        assert not fresh(answer).clock_waits


def test_silence_waits_until_a_reviewer_was_told(cast: Cast, server: MailServer) -> None:
    server.stop()
    want("now", "review_due", cast.aya, cast.dai)
    with time_machine.travel(now(), tick=False) as clock:
        answer = handed_in(plain_batch(cast), cast.ben)
        live(clock, 8 * DAY, 6 * HOUR)
        held = fresh(answer)
        assert (held.state, held.reminded, held.clock_waits) == (AssignmentState.SUBMITTED, 95, True)
        server.start()
        live(clock, HOUR, 5 * MINUTE)
        told = Notice.objects.filter(kind="review_due", params__percent=95).earliest("handed_over_at")
        assert told.handed_over_at is not None
        assert fresh(answer).auto_approve_at == told.handed_over_at + 7 * DAY / 20
        live(clock, 7 * DAY / 20, HOUR)
        assert fresh(answer).use == Use.UNSEEN


def test_silence_does_not_wait_where_nobody_is_to_be_told(cast: Cast, server: MailServer) -> None:
    server.stop()
    with time_machine.travel(now(), tick=False) as clock:
        answer = handed_in(plain_batch(cast), cast.ben)
        Membership.objects.filter(role__in=["director", "reviewer"]).update(until=now())
        live(clock, 8 * DAY, 6 * HOUR)
        assert fresh(answer).use == Use.UNSEEN


def test_an_unread_reminder_of_one_reviewer_is_enough(cast: Cast, server: MailServer) -> None:
    server.stop()
    want("daily", "review_due", cast.dai)
    with time_machine.travel(now(), tick=False) as clock:
        answer = handed_in(plain_batch(cast), cast.ben)
        live(clock, 7 * DAY + 12 * HOUR, 6 * HOUR)
        assert fresh(answer).use == Use.UNSEEN


def test_a_report_waits_for_its_director(cast: Cast, server: MailServer) -> None:
    server.stop()
    with time_machine.travel(now(), tick=False) as clock:
        held = take(plain_batch(cast), cast.ben)
        reports.report_impossible(
            assignment_id=held.pk, reason="source_missing", by=cast.ben, now=now(), note=""
        )
        live(clock, 3 * DAY, 6 * HOUR)
        assert fresh(held).state == AssignmentState.REPORTED
        server.start()
        live(clock, HOUR, 5 * MINUTE)
        due = fresh(held).report_due_at
        assert due is not None
        assert due - now() > 2 * DAY - HOUR
        live(clock, 2 * DAY, 6 * HOUR)
        assert fresh(held).state == AssignmentState.SETTLED


def test_a_long_hold_is_announced_before_it_ends_and_again_when_renewed(cast: Cast) -> None:
    start = now()
    held = take(plain_batch(cast, lease_minutes=10 * 60), cast.ben, start)
    assert clocks.sweep(now=start + 7 * HOUR)["reminders"] == 0
    assert clocks.sweep(now=start + 8 * HOUR)["reminders"] == 1
    assert clocks.sweep(now=start + 9 * HOUR)["reminders"] == 0
    Assignment.objects.filter(pk=held.pk).update(lease_expires_at=start + 19 * HOUR)
    assert clocks.sweep(now=start + 9 * HOUR)["reminders"] == 0
    assert clocks.sweep(now=start + 17 * HOUR)["reminders"] == 1


def test_a_short_hold_is_not_announced(cast: Cast) -> None:
    start: datetime = now()
    take(plain_batch(cast), cast.ben, start)
    assert clocks.sweep(now=start + 59 * MINUTE)["reminders"] == 0
