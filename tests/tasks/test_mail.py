"""Every kind of notice, told by what really happens: it arrives as a mail, reads well in both languages and
leads to the right page; and an hour without a mail server loses none, doubles none, and lets no clock run.

A new kind without a play in `notice_plays` fails here.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from django.db.models import Q
from django.test import Client
from django.utils import translation

from accounts.models import User
from events.dispatcher import dispatch_once
from events.readers import run_readers
from jobs.runner import run_pending
from kernel.clock import now
from notify.domain.outbox import COLLECT
from notify.domain.preferences import choose, of_person
from notify.domain.sending import send_due
from notify.kinds import KINDS, why_kept
from notify.models import Delivery, Notice
from tasks.domain import clocks, inviting, reports, windows
from tasks.models import Assignment
from tests.factories import Cast, make_cast
from tests.notify import reading
from tests.notify.mailserver import MailServer, plain
from tests.tasks.domain.world import DAY, HOUR, MINUTE
from tests.tasks.notice_plays import PLAYS, Stage, Told

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

MAILED = [name for name, kind in KINDS.items() if kind.choosable]
# The shop's own words, in whatever language.
NAMES = ("マグカップ", "Minato", "Aya", "aya@example.jp", "Plain")
LANGUAGES = ("ja", "en")


@pytest.fixture
def server(settings: Any, tmp_path: Any) -> Iterator[MailServer]:
    settings.MEDIA_ROOT = tmp_path
    started = MailServer(settings).start()
    yield started
    started.stop()


def cast_that_wants_mail(language: str) -> Cast:
    cast = make_cast()
    for user in cast.people().values():
        user.language = language
        user.save(update_fields=["language"])
        choose(emails=dict.fromkeys(of_person(user), "now"), by=user, now=now())
    return cast


def tick() -> None:
    """What the running installation does every few seconds."""
    clocks.sweep(now=now())
    for _ in range(3):
        run_pending()
        while dispatch_once():
            pass
        while run_readers():
            pass
        send_due(now=now())


def notice_of(kind: str, told: Told) -> Notice:
    found = Notice.objects.filter(kind=kind, user=told.who)
    if told.held is not None:
        of_held = Q(params__assignment=told.held.pk) | Q(path=f"/work/{told.held.pk}/")
        found = found.filter(of_held)
    notice = found.select_related("delivery").order_by("pk").last()
    assert notice is not None, f"{kind}: nobody told {told.who}"
    return notice


def mail_of(notice: Notice, server: MailServer) -> EmailMessage:
    assert notice.delivery is not None
    found = [mail for mail in server.mails if mail["Message-ID"] == notice.delivery.message_id]
    assert len(found) == 1, f"{notice.kind}: {len(found)} mails"
    assert found[0]["To"] == notice.user.email
    return found[0]


def test_every_kind_has_a_play() -> None:
    assert {*PLAYS} == {*MAILED}
    # Told in the inbox alone: its address takes no mail.
    assert {*KINDS} - {*MAILED} == {"mail_refused"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PLAYS)
def test_a_kind_is_triggered_delivered_read_and_followed(
    server: MailServer, monkeypatch: pytest.MonkeyPatch, kind: str, language: str
) -> None:
    play = PLAYS[kind]
    with time_machine.travel(now(), tick=False) as clock:
        start = now()
        told = play.begin(Stage(cast_that_wants_mail(language), monkeypatch))
        tick()
        for moment in (*play.between, play.after, play.after + COLLECT):
            clock.move_to(start + moment)
            tick()
        notice = notice_of(kind, told)
        mail = mail_of(notice, server)
        reading.check(mail, language, *NAMES)
        if kind != "signed_in":
            # Where it happened is the first thing below the sender's name.
            assert "Minato" in reading.shown(mail).pieces[1]
        follow(reading.button(mail), told)
        unsubscribe(mail, kind, told.who)


def unsubscribe(mail: EmailMessage, kind: str, reader: User) -> None:
    """As a mail program does for its reader (RFC 8058): one POST, without a sign-in, from nowhere."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = mail["List-Unsubscribe"].strip(" <>").removeprefix(reading.ORIGIN)
    program = Client(enforce_csrf_checks=True)
    assert program.post(stop, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert of_person(reader)[kind] == ("daily" if KINDS[kind].kept else "off")
    with translation.override(reader.language):
        assert (str(why_kept(KINDS[kind])) in plain(mail)) == KINDS[kind].kept


def follow(link: str, told: Told) -> None:
    """As its reader does: by the door, and from there to the right page."""
    browser = Client()
    door = browser.get(link)
    assert door.headers["Location"] == f"/accounts/login/?next={link}"
    sent = {"login": told.who.email, "password": "a long password", "next": link}
    assert browser.post(door.headers["Location"], sent).headers["Location"] == link
    page = browser.get(link, follow=True)
    there = page.redirect_chain[-1][0].partition("#")[0]
    assert (page.status_code, there[: len(told.path)]) == (200, told.path)
    assert there == told.path or told.path == "/invitations/"
    assert told.shows in page.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refused_address_is_told_in_the_inbox(
    server: MailServer, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    server.answers = {"RCPT": "550 unknown"}
    told = PLAYS["changes_requested"].begin(Stage(cast_that_wants_mail(language), monkeypatch))
    tick()
    notice = Notice.objects.get(kind="mail_refused", user=told.who)
    assert (notice.delivery, notice.handed_over_at is not None) == (None, True)
    browser = Client()
    browser.force_login(told.who)
    text = browser.get("/inbox/").content.decode()
    assert {"ja": "受け取られませんでした", "en": "was refused"}[language] in text
    page = browser.post(f"/inbox/{notice.pk}/", follow=True)
    assert (page.status_code, page.redirect_chain[-1][0]) == (200, notice.path)
    assert told.who.email in page.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_without_an_account_is_invited_by_mail(server: MailServer, language: str) -> None:
    cast = cast_that_wants_mail(language)
    inviting.invite(
        store_id=cast.store.pk, email="new@example.jp", role="staff", until=None, by=cast.aya, now=now()
    )
    tick()
    (mail,) = server.of("new@example.jp")
    reading.check(mail, language, *NAMES)
    page = Client().get(reading.button(mail))
    assert page.status_code == 200
    assert "Minato" in page.content.decode()


class Hour:
    """An hour without a mail server, in which every kind is told: done then, or begun so long before."""

    def __init__(self, clock: Any, stage: Stage, server: MailServer) -> None:
        self._clock, self._stage, self._server = clock, stage, server
        longest = max(play.after for play in PLAYS.values())
        self.start = now() + longest + HOUR
        self.told: dict[str, Told] = {}

    def run(self) -> None:
        for moment, kind in self._moments():
            self._clock.move_to(moment)
            if moment >= self.start:
                self._server.stop()
            if kind:
                self.told[kind] = PLAYS[kind].begin(self._stage)
            tick()

    def _moments(self) -> list[tuple[datetime, str]]:
        found: list[tuple[datetime, str]] = [(self.start + HOUR * n / 12, "") for n in range(13)]
        for number, (kind, play) in enumerate(PLAYS.items(), start=1):
            begins = self.start + number * MINUTE - play.after
            found += [(begins, kind), *((begins + moment, "") for moment in play.between)]
        found += [(now() + 12 * HOUR * n, "") for n in range(1, int((self.start - now()) / (12 * HOUR)) + 1)]
        return sorted(found)


@pytest.mark.both
def test_an_hour_without_a_mail_server_delays_every_kind_and_loses_none(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        hour = Hour(clock, Stage(cast_that_wants_mail("ja"), monkeypatch), server)
        hour.run()
        notices = {kind: notice_of(kind, told) for kind, told in hour.told.items()}
        assert {*notices} == {*MAILED}
        for kind, notice in notices.items():
            assert hour.start <= notice.created_at <= hour.start + HOUR, kind
            assert notice.handed_over_at is None, kind
        before = len(server.mails)
        waiting = {kind: fresh(told) for kind, told in hour.told.items() if KINDS[kind].starts_clock}
        assert {*waiting} == {windows.RETURNED, windows.REVIEW_DUE, windows.REPORTED}
        assert all(held.clock_waits for held in waiting.values())
        server.start()
        for _ in range(12):
            clock.shift(timedelta(seconds=30))
            tick()
        ids = [mail["Message-ID"] for mail in server.mails]
        assert len(ids) == len(set(ids))
        assert not Delivery.objects.filter(outcome="").exists()
        for kind, notice in notices.items():
            notice.refresh_from_db()
            mail = mail_of(notice, server)
            assert mail in server.mails[before:], kind
            assert notice.handed_over_at is not None
            assert notice.handed_over_at > hour.start + HOUR, kind
        check_clocks(hour.told, notices)


def fresh(told: Told) -> Assignment:
    assert told.held is not None
    return Assignment.objects.select_related("step").get(pk=told.held.pk)


def check_clocks(told: dict[str, Told], notices: dict[str, Notice]) -> None:
    """Each has its whole time from the moment in which the first of its readers was told."""
    ends = {
        windows.RETURNED: ("resubmit_by", 3 * DAY),
        windows.REPORTED: ("report_due_at", reports.ANSWER_WITHIN),
        windows.REVIEW_DUE: ("auto_approve_at", 7 * DAY * 5 / 100),
    }
    for kind, (column, whole) in ends.items():
        held = fresh(told[kind])
        alike = Notice.objects.filter(event_id=notices[kind].event_id, kind=kind)
        first = min(notice.handed_over_at for notice in alike if notice.handed_over_at)
        assert (kind, held.clock_waits, getattr(held, column)) == (kind, False, first + whole)
