"""The operator sees whether mail leaves, and what does not."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from kernel.clock import now
from kernel.errors import NotAllowed
from notify.domain import mail_address, notify
from notify.domain.sending import send_due
from notify.domain.status import Verdict, late, refused, status, try_now
from notify.models import Delivery
from tests.factories import make_user
from tests.notify.mailserver import MailServer

pytestmark = pytest.mark.django_db


def tell(user: User, *, kind: str = "changes_requested", event: int = 1) -> None:
    params: dict[str, Any] = {"product": "湯のみ", "batch": "Spring", "days": 3}
    notify(event_id=event, user_ids=[user.pk], kind=kind, params=params, path="/work/1/", now=now())


def said(*words: str) -> str:
    out = StringIO()
    call_command("mail_status", *words, stdout=out)
    return out.getvalue()


def test_all_is_well(server: MailServer) -> None:
    ben = make_user("Ben")
    tell(ben)
    send_due(now=now())
    tell(ben, kind="approved", event=2)
    found = status(now())
    assert (found.verdict, found.late, found.planned, found.sent) == (Verdict.FINE, 0, 1, 1)
    assert said().splitlines() == ["late: 0", "planned: 1", "sent: 1", "refused: 0", "Mail goes out."]


def test_a_server_that_is_away(server: MailServer) -> None:
    server.stop()
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        for number in range(3):
            tell(make_user(f"Ben{number}"))
        clock.shift(timedelta(minutes=2))
        send_due(now=now())
        found = status(now())
        assert (found.verdict, found.late, found.since) == (Verdict.NO_SERVER, 3, start)
        assert "refused" in found.reason
        with pytest.raises(CommandError, match="cannot be reached"):
            said()
        server.start()
        assert said("--try-now").strip() == "tried at once: 1"
        assert send_due(now=now()) == 3
        assert status(now()).verdict == Verdict.FINE


def test_nobody_is_sending() -> None:
    tell(make_user("Ben"))
    assert status(now() + timedelta(seconds=30)).verdict == Verdict.FINE
    assert status(now() + timedelta(minutes=11)).verdict == Verdict.NOBODY_SENDS


def test_what_is_put_off_is_tried_at_the_operator_s_word_and_what_is_at_hand_is_not(
    server: MailServer,
) -> None:
    tell(make_user("Ben"))
    server.answers = {"RCPT": "452 mailbox full"}
    with time_machine.travel(now(), tick=False) as clock:
        send_due(now=now())
        assert status(now()).verdict == Verdict.PUT_OFF
        Delivery.objects.update(next_attempt_at=now() + timedelta(hours=2))
        at_hand = Delivery.objects.create(
            address="x@example.jp", kind="invited", message_id="<x@y>", created_at=now(), attempts=1,
            next_attempt_at=now() + timedelta(minutes=10),
        )  # fmt: skip
        assert try_now(by=None, now=now()) == 1
        at_hand.refresh_from_db()
        assert at_hand.next_attempt_at == now() + timedelta(minutes=10)
        clock.shift(timedelta(seconds=1))
        server.answers = {}
        assert send_due(now=now()) == 1


def test_only_the_operator(server: MailServer) -> None:
    with pytest.raises(NotAllowed):
        try_now(by=make_user("Aya"), now=now())


def test_the_page_of_the_operator(server: MailServer) -> None:
    operator = make_user("Op", is_operator=True)
    browser = Client()
    assert browser.get("/settings/operator/mail/").status_code == 302
    browser.force_login(make_user("Aya"))
    assert browser.get("/settings/operator/mail/").status_code == 404
    assert browser.post("/settings/operator/mail/again/").status_code == 404
    browser.force_login(operator)
    assert "Mail goes out." in browser.get("/settings/operator/mail/").content.decode()
    mail_address(
        address="new@example.jp",
        kind="invited",
        params={},
        path="/invitations/secret/",
        language="en",
        now=now(),
    )
    server.answers = {"RCPT": "550 no such mailbox"}
    send_due(now=now())
    server.stop()
    tell(make_user("Ben"))
    send_due(now=now())
    text = browser.get("/settings/operator/mail/").content.decode()
    assert "The mail server cannot be reached." in text
    assert "ben@example.jp" in text
    assert "My work is returned with comments" in text
    assert "湯のみ" not in text
    text = browser.get("/settings/operator/mail/?show=refused").content.decode()
    assert "new@example.jp" in text
    assert "550 no such mailbox" in text
    assert "secret" not in text
    reply = browser.post("/settings/operator/mail/again/", follow=True)
    assert "1 mail is tried now." in reply.content.decode()
    assert [len(rows) for rows in (late(now()), refused(now()))] == [1, 1]
