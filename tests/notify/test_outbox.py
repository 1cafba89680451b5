"""From a notice to the mail server and back: nothing is lost, nothing is sent twice, nobody is flooded."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import User
from events.models import Event
from kernel.clock import now
from notify import mails
from notify.domain import mail_address, mark_read, notify, sending
from notify.domain.outbox import COLLECT
from notify.domain.preferences import choose
from notify.domain.refusals import refused_address
from notify.domain.sending import GIVE_UP_AFTER, forget_old, send_due
from notify.models import Delivery, Notice, Unwanted
from tests.factories import make_user
from tests.notify.mailserver import MailServer, SilentServer, html, plain
from tests.threads import in_threads

pytestmark = pytest.mark.django_db

# 11:30 in Tokyo.
NOON = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


def tell(user: User, *, kind: str = "changes_requested", event: int = 1, **params: Any) -> Notice:
    told = {"product": "湯のみ", "batch": "Spring", "days": 3, "hours": 5, "percent": 95, **params}
    notify(event_id=event, user_ids=[user.pk], kind=kind, params=told, path="/work/1/", now=now())
    return Notice.objects.get(user=user, event_id=event, kind=kind)


def handed_over(notice: Notice) -> bool:
    notice.refresh_from_db()
    return notice.handed_over_at is not None


def send() -> int:
    return send_due(now=now())


@pytest.mark.both
def test_an_urgent_notice_is_mailed_at_once(server: MailServer) -> None:
    ben = make_user("Ben", language="ja")
    notice = tell(ben)
    assert not handed_over(notice)
    assert send() == 1
    (mail,) = server.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        ben.email,
        "Tencho <tencho@example.jp>",
        "差し戻し：湯のみ",
    )
    assert server.envelopes == [("tencho@example.jp", [ben.email])]
    assert "コメントを読み" in plain(mail)
    assert "コメントを読む" in html(mail)
    assert 'lang="ja"' in html(mail)
    assert handed_over(notice)
    assert send() == 0
    assert Event.objects.filter(name="notice.handed_over", payload__notice=notice.pk).count() == 1


def test_what_programs_read_of_a_mail(server: MailServer) -> None:
    notice = tell(make_user("Ben"))
    send()
    (mail,) = server.mails
    delivery = Delivery.objects.get()
    assert mail["Message-ID"] == delivery.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].strip().startswith("<http://127.0.0.1:8000/notices/stop/")
    assert abs(mail["Date"].datetime.replace(tzinfo=UTC) - now()) < timedelta(minutes=1)
    assert mail.get_content_type() == "multipart/alternative"
    raw = mail.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 998
    assert notice.delivery_id == delivery.pk


@pytest.mark.parametrize(
    "title", ["Mug\r\nBcc: all@example.jp", "Mug\nX: y", "\u2028a\x00b\x85c", "長" * 400, "<b>&amp;"]
)
def test_no_title_gets_into_the_headers_or_the_markup(server: MailServer, title: str) -> None:
    tell(make_user("Ben"), product=title.replace("\x00", ""))
    assert send() == 1
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert "\n" not in mail["Subject"]
    assert len(mail["Subject"].strip()) <= 120
    assert "<b>" not in html(mail)
    assert server.envelopes[0][1] == ["ben@example.jp"]


def test_fifty_approvals_are_one_mail(server: MailServer) -> None:
    ben = make_user("Ben")
    choose(emails={"approved": "now"}, by=ben, now=now())
    with time_machine.travel(NOON, tick=False) as clock:
        for event in range(50):
            tell(ben, kind="approved", event=event, product=f"Mug {event}")
        assert send() == 0
        clock.shift(COLLECT)
        assert send() == 1
        assert send() == 0
    (mail,) = server.mails
    assert mail["Subject"] == "50 answers were approved"
    assert "Mug 0" in plain(mail)
    assert "and 10 more in your inbox" in plain(mail)
    assert not Notice.objects.filter(handed_over_at=None).exists()


def test_a_flood_of_urgent_notices_is_two_mails(server: MailServer) -> None:
    ben = make_user("Ben")
    with time_machine.travel(NOON, tick=False) as clock:
        for event in range(20):
            tell(ben, event=event)
        assert send() == 1
        clock.shift(COLLECT)
        assert send() == 1
    assert [mail["Subject"] for mail in server.mails] == ["Returned: 湯のみ", "19 answers were returned"]


def test_the_daily_summary_comes_at_eight_where_the_reader_is(server: MailServer) -> None:
    ben, kim = make_user("Ben"), make_user("Kim", time_zone="America/New_York", language="ja")
    with time_machine.travel(NOON, tick=False) as clock:
        for user in (ben, kim):
            for event, batch in enumerate(("Spring", "Autumn", "Spring")):
                assert handed_over(
                    tell(user, kind="approved", event=event, batch=batch, product=f"Mug {event}")
                )
        # 22:00 in New York, then eight o'clock there, then eight in Tokyo.
        clock.move_to(datetime(2026, 11, 24, 12, 59, tzinfo=UTC))
        assert send() == 0
        clock.move_to(datetime(2026, 11, 24, 13, 0, tzinfo=UTC))
        assert send() == 1
        clock.move_to(datetime(2026, 11, 24, 23, 0, tzinfo=UTC))
        assert send() == 1
    first, second = server.mails
    assert (first["To"], first["Subject"]) == (kim.email, "11月24日のお知らせ：3件")
    assert (second["To"], second["Subject"]) == (ben.email, "November 25: 3 notices")
    text = plain(second)
    assert text.index("■ Spring") < text.index("Mug 0") < text.index("Mug 2") < text.index("■ Autumn")


def test_what_was_read_here_is_not_mailed(server: MailServer) -> None:
    ben = make_user("Ben")
    notice = tell(ben, kind="approved")
    mark_read(by=ben, now=now())
    with time_machine.travel(now() + timedelta(days=2)):
        assert send() == 0
    assert Delivery.objects.get().outcome == "unneeded"
    assert handed_over(notice)
    assert not server.mails


def test_whoever_wants_no_mail_gets_none(server: MailServer) -> None:
    ben, gone = make_user("Ben"), make_user("Gone", is_active=False)
    choose(emails={"rejected": "off"}, by=ben, now=now())
    assert handed_over(tell(ben, kind="rejected"))
    assert handed_over(tell(gone))
    assert not Delivery.objects.exists()
    late = tell(ben, kind="expired", event=2)
    choose(emails={"expired": "off"}, by=ben, now=now())
    with time_machine.travel(now() + COLLECT):
        assert send() == 0
    assert handed_over(late)
    assert not server.mails


def test_whoever_chooses_once_a_day_meanwhile_reads_it_in_the_summary(server: MailServer) -> None:
    ben = make_user("Ben")
    with time_machine.travel(NOON, tick=False) as clock:
        returned, read = tell(ben), tell(ben, event=2)
        mark_read(by=ben, now=now(), notice_id=read.pk)
        choose(emails={"changes_requested": "daily"}, by=ben, now=now())
        assert send() == 0
        clock.shift(COLLECT)
        assert send() == 0
        assert handed_over(returned)
        assert handed_over(read)
        clock.shift(timedelta(days=1))
        assert send() == 1
    (mail,) = server.mails
    assert mail["Subject"] == "November 25: 1 notice"
    assert plain(mail).count("was returned to you") == 1


def test_a_summary_leaves_out_what_is_not_wanted_any_more(server: MailServer) -> None:
    ben = make_user("Ben")
    with time_machine.travel(NOON, tick=False) as clock:
        tell(ben, kind="approved"), tell(ben, kind="window_ended", event=2)
        choose(emails={"approved": "off", "window_ended": "now"}, by=ben, now=now())
        clock.shift(timedelta(days=1))
        assert send() == 1
    text = plain(server.mails[0])
    assert "was approved" not in text
    assert "decided as it stands" in text


def test_a_mail_is_in_the_language_that_its_reader_speaks_when_it_goes(server: MailServer) -> None:
    ben = make_user("Ben")
    tell(ben)
    User.objects.filter(pk=ben.pk).update(language="ja")
    assert send() == 1
    assert server.mails[0]["Subject"] == "差し戻し：湯のみ"


@pytest.mark.both
def test_a_server_down_for_an_hour_delays_and_loses_nothing(server: MailServer) -> None:
    people = [make_user(f"Ben{n}") for n in range(5)]
    server.stop()
    with time_machine.travel(NOON, tick=False) as clock:
        notices = []
        for minute in range(60):
            if minute % 12 == 0:
                notices += [tell(people[minute // 12], event=minute)]
            assert send() == 0
            clock.shift(timedelta(minutes=1))
        assert not any(handed_over(notice) for notice in notices)
        server.start()
        for _ in range(10):
            send()
            clock.shift(timedelta(seconds=30))
    assert sorted(mail["To"] for mail in server.mails) == [user.email for user in people]
    assert all(handed_over(notice) for notice in notices)
    assert len({mail["Message-ID"] for mail in server.mails}) == 5


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_not_now_is_tried_again_with_growing_pauses(server: MailServer, step: str) -> None:
    notice = tell(make_user("Ben"))
    server.answers = {step: "451 try again later"}
    with time_machine.travel(now(), tick=False) as clock:
        assert send() == 0
        assert send() == 0
        assert Delivery.objects.get().attempts == 1
        clock.shift(timedelta(minutes=1))
        assert send() == 0
        clock.shift(timedelta(minutes=1))
        assert send() == 0
        assert Delivery.objects.get().attempts == 2
        assert "451 try again later" in Delivery.objects.get().last_error
        assert not handed_over(notice)
        server.answers = {}
        clock.shift(timedelta(minutes=1))
        assert send() == 1
    assert handed_over(notice)


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_refusal_counts_as_handed_over_and_is_said_in_the_inbox(server: MailServer, step: str) -> None:
    ben = make_user("Ben")
    notice = tell(ben)
    server.answers = {step: "550 no such mailbox"}
    assert send() == 0
    assert Delivery.objects.get().outcome == "refused"
    assert handed_over(notice)
    assert list(Notice.objects.values_list("kind", flat=True)) == ["changes_requested", "mail_refused"]
    refused = refused_address(ben)
    assert refused is not None
    assert "550 no such mailbox" in refused.reason
    with time_machine.travel(now() + timedelta(hours=1)):
        tell(ben, event=2)
        send()
        assert Notice.objects.filter(kind="mail_refused").count() == 1
        server.answers = {}
        tell(ben, kind="window_ending", event=3)
        assert send() == 1
    assert refused_address(ben) is None


def test_a_refused_sender_is_ours_to_put_right(server: MailServer) -> None:
    notice = tell(make_user("Ben"))
    server.answers = {"MAIL": "553 not your address"}
    assert send() == 0
    assert not handed_over(notice)
    assert Delivery.objects.get().outcome == ""


def test_not_now_for_five_days_is_a_refusal(server: MailServer) -> None:
    notice = tell(make_user("Ben"))
    server.answers = {"RCPT": "452 mailbox full"}
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        while now() < start + GIVE_UP_AFTER:
            send()
            assert not handed_over(notice)
            clock.shift(timedelta(hours=2))
        send()
    assert handed_over(notice)


def test_a_server_that_never_answers_costs_a_moment(server: MailServer, settings: Any) -> None:
    server.stop()
    people = [make_user(f"Ben{n}") for n in range(3)]
    for user in people:
        tell(user)
    settings.EMAIL_TIMEOUT = 0.3
    with SilentServer(server.port):
        began = datetime.now(UTC)
        assert send() == 0
        # The first one found it dead; the others wait for the next look.
        assert datetime.now(UTC) - began < timedelta(seconds=5)
        assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    server.start()
    with time_machine.travel(now() + timedelta(minutes=1)):
        send()
    assert len(server.mails) == 3


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(
    server: MailServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = tell(make_user("Ben")), tell(make_user("Chie"))

    def break_first(delivery: Delivery, notices: list[Notice]) -> Any:
        if delivery.pk == broken.delivery_id:
            raise RuntimeError("poison")
        return mails.compose(delivery, notices)

    monkeypatch.setattr(sending, "compose", break_first)
    with caplog.at_level("CRITICAL", "tencho.mail"):
        assert send() == 1
    assert (handed_over(broken), handed_over(fine)) == (False, True)


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_two_runners_send_each_mail_once(server: MailServer) -> None:
    for number in range(12):
        tell(make_user(f"Ben{number}"))
    together = threading.Barrier(2)

    def run() -> None:
        together.wait(20)
        send()

    in_threads(run, run)
    assert len(server.mails) == 12
    assert len({mail["To"] for mail in server.mails}) == 12
    assert not Delivery.objects.exclude(outcome="sent").exists()


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_a_notice_that_joins_while_its_mail_is_taken_is_not_forgotten(server: MailServer) -> None:
    ben = make_user("Ben")
    choose(emails={"approved": "now"}, by=ben, now=now())
    start = now()
    with time_machine.travel(start - COLLECT, tick=False):
        tell(ben, kind="approved", event=0)
    together = threading.Barrier(2)

    def run() -> None:
        together.wait(20)
        send()

    def join() -> None:
        together.wait(20)
        for event in range(1, 6):
            tell(ben, kind="approved", event=event, product=f"Mug {event}")

    in_threads(run, join)
    with time_machine.travel(now() + COLLECT * 2):
        send()
    assert not Notice.objects.filter(handed_over_at=None).exists()
    text = "".join(plain(mail) for mail in server.mails)
    assert all(f"Mug {event}" in text for event in range(1, 6))


def test_a_killed_sender_s_mail_is_sent_again_with_the_same_id(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = tell(make_user("Ben"))

    def die(*_args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "_accepted", die)
    with pytest.raises(KeyboardInterrupt):
        send()
    monkeypatch.undo()
    assert send() == 0
    assert not handed_over(notice)
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert send() == 1
    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert handed_over(notice)


def test_somebody_without_an_account_is_mailed(server: MailServer) -> None:
    invitation = {"who": "Aya", "store": "港"}
    for _ in range(2):
        mail_address(
            address="New@Example.jp",
            kind="invited",
            params=invitation,
            path="/invitations/secret/",
            language="ja",
            now=now(),
        )
    assert send() == 2
    mail = server.mails[0]
    assert (mail["To"], mail["Subject"]) == ("new@example.jp", "「港」への招待")
    assert "http://127.0.0.1:8000/invitations/secret/" in plain(mail)
    # The link's secret is in the mail alone.
    assert set(Delivery.objects.values_list("path", flat=True)) == {""}
    Unwanted.objects.create(address="new@example.jp", since=now())
    asked: dict[str, Any] = {"kind": "invited", "params": invitation, "path": "/x/", "language": "ja"}
    assert mail_address(address="new@example.jp", now=now(), **asked) is None


def test_old_mail_is_forgotten_and_its_notices_stay(server: MailServer) -> None:
    notice = tell(make_user("Ben"))
    send()
    assert forget_old(now=now() + timedelta(days=89)) == 0
    assert forget_old(now=now() + timedelta(days=91)) == 1
    notice.refresh_from_db()
    assert notice.delivery_id is None
