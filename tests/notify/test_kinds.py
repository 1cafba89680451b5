"""Every kind of notice as a mail, through the mail server, in both languages."""

import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from kernel.clock import now
from notify.domain import notify
from notify.domain.outbox import COLLECT
from notify.domain.preferences import choices_of, choose
from notify.domain.sending import send_due
from notify.kinds import GROUPS, KINDS
from notify.texts import TEXTS
from tests.factories import make_user
from tests.notify.mailserver import MailServer, html, plain

pytestmark = pytest.mark.django_db

MAILED = [name for name, kind in KINDS.items() if kind.choosable]
PARAMS: dict[str, Any] = {
    "product": "マグ", "batch": "秋", "store": "港", "who": "Aya", "days": 3, "hours": 5, "n": 2,
    "percent": 95,
    "text": "?", "address": "a@example.jp", "role": "R", "day": "2026-12-01",
}  # fmt: skip
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")


def test_every_kind_has_a_line_and_a_place_on_the_page_of_choices() -> None:
    assert set(KINDS) == set(TEXTS)
    assert {kind.group for kind in KINDS.values()} == set(GROUPS)
    for name, kind in KINDS.items():
        assert kind.email in choices_of(name), name
        assert not kind.starts_clock or kind.kept, name


@pytest.mark.parametrize("kind", MAILED)
def test_a_kind_is_delivered_in_both_languages_and_its_link_works(server: MailServer, kind: str) -> None:
    readers = {language: make_user(f"Ben-{language}", language) for language in ("ja", "en")}
    for user in readers.values():
        choose(emails={kind: "now"}, by=user, now=now())
    with time_machine.travel(now(), tick=False) as clock:
        people = [user.pk for user in readers.values()]
        notify(event_id=1, user_ids=people, kind=kind, params=PARAMS, path="/inbox/", now=now())
        clock.shift(COLLECT)
        assert send_due(now=now()) == 2
    for language, user in readers.items():
        (mail,) = server.of(user.email)
        text = plain(mail)
        own = re.sub("マグ|秋|港", "", mail["Subject"] + text + html(mail))
        assert bool(JAPANESE.search(own)) == (language == "ja"), own
        assert "%(" not in own
        assert "–" not in own, "a word of the text is missing"
        link = re.search(r"http://127.0.0.1:8000(/n/\S+)", text)
        assert link is not None
        assert link.group(1) in html(mail)
        browser = Client()
        browser.force_login(user)
        assert browser.get(link.group(1), follow=True).status_code == 200
        stop = mail["List-Unsubscribe"].strip(" <>").removeprefix("http://127.0.0.1:8000")
        assert Client().post(stop, {"List-Unsubscribe": "One-Click"}).status_code == 200
