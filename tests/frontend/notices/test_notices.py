"""Where the links of mails lead, and the page of choices."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from kernel.clock import now
from notify.domain import mail_address, notify, preferences, unread_count
from notify.domain.refusals import address_refused
from notify.links import Stop, to_delivery, to_notice, to_stop
from notify.models import Delivery, Notice, Unwanted
from tests.factories import Cast
from tests.frontend.conftest import SignedIn


def tell(user: User, event: int = 1, kind: str = "approved", path: str = "/my-work/") -> Notice:
    params = {"product": "湯のみ", "batch": "秋", "days": 3}
    notify(event_id=event, user_ids=[user.pk], kind=kind, params=params, path=path, now=now())
    return Notice.objects.get(user=user, event_id=event)


def test_a_link_opens_the_right_place_after_signing_in(cast: Cast) -> None:
    link, browser = to_notice(tell(cast.chie).pk), Client()
    door = browser.get(link)
    assert door.headers["Location"] == f"/accounts/login/?next={link}"
    signed = browser.post(
        door.headers["Location"], {"login": cast.chie.email, "password": "a long password", "next": link}
    )
    assert signed.headers["Location"] == link
    assert browser.get(link).headers["Location"] == "/my-work/"
    assert unread_count(cast.chie) == 0


def test_somebody_else_s_link_says_so_and_lets_them_change(cast: Cast, signed_in: SignedIn) -> None:
    link, browser = to_notice(tell(cast.chie).pk), signed_in(cast.fumi)
    page = browser.get(link)
    text = page.content.decode()
    assert page.status_code == 404
    assert "c…@example.jp" in text
    assert cast.chie.email not in text
    assert unread_count(cast.chie) == 1
    left = browser.post("/accounts/logout/", {"next": link})
    assert left.headers["Location"] == link
    assert browser.get(link).headers["Location"].startswith("/accounts/login/")


def test_the_link_of_a_collected_mail_reads_all_of_it(cast: Cast, signed_in: SignedIn) -> None:
    first = tell(cast.chie, 1, path="/work/1/")
    tell(cast.chie, 2, path="/work/2/")
    assert first.delivery_id is not None
    browser = signed_in(cast.chie)
    assert browser.get(to_delivery(first.delivery_id)).headers["Location"] == "/inbox/"
    assert unread_count(cast.chie) == 0


@pytest.mark.parametrize("token", ["n1", "n1.x", "d1.AAAA", "n1.\u00e9", "." * 500])
def test_a_made_up_link_leads_nowhere(cast: Cast, signed_in: SignedIn, token: str) -> None:
    tell(cast.chie)
    assert signed_in(cast.chie).get(f"/n/{token}/").status_code == 404
    assert Client().post(f"/notices/stop/{token}/").status_code == 404


def test_one_click_stops_a_kind_and_can_be_undone(cast: Cast) -> None:
    link = to_stop(Stop(kind="rejected", user=cast.chie.pk))
    browser = Client(enforce_csrf_checks=True)
    assert browser.get(link).status_code == 200
    assert preferences.of_person(cast.chie)["rejected"] == "now"
    done = browser.post(link, {"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert preferences.of_person(cast.chie)["rejected"] == "off"
    browser.post(link, {"List-Unsubscribe": "One-Click"})
    kinds = re.findall(r'name="kind" value="(\w+)"', done.content.decode())
    browser.post(link, {"undo": "1", "kind": kinds})
    assert preferences.of_person(cast.chie)["rejected"] == "now"


def test_what_tells_of_running_time_comes_once_a_day_instead(cast: Cast) -> None:
    link = to_stop(Stop(kind="changes_requested", user=cast.chie.pk))
    Client().post(link)
    assert preferences.of_person(cast.chie)["changes_requested"] == "daily"
    Client().post(to_stop(Stop(kind="", user=cast.chie.pk)))
    emails = preferences.of_person(cast.chie)
    assert (emails["approved"], emails["changes_requested"]) == ("off", "daily")


def test_undo_changes_no_other_kind(cast: Cast) -> None:
    link = to_stop(Stop(kind="rejected", user=cast.chie.pk))
    Client().post(link, {"undo": "1", "kind": ["approved", "rejected", "nothing"]})
    assert preferences.of_person(cast.chie)["approved"] == "daily"


def test_an_address_without_account_is_left_alone(db: None) -> None:
    told: Any = {"kind": "invited", "params": {}, "path": "/x/", "language": "en", "now": now()}
    mail_address(address="new@example.jp", **told)
    link = to_stop(Stop(kind="invited", address="new@example.jp"))
    Client().post(link)
    assert Delivery.objects.get().outcome == "unneeded"
    assert mail_address(address="new@example.jp", **told) is None
    Client().post(link, {"undo": "1"})
    assert not Unwanted.objects.exists()


def test_the_page_of_choices_saves_what_is_chosen(cast: Cast, signed_in: SignedIn) -> None:
    browser = signed_in(cast.chie)
    text = browser.get("/settings/notices/").content.decode()
    assert "My work is approved" in text
    assert "A batch is complete" not in text
    browser.post("/settings/notices/", {"approved": "off", "changes_requested": "daily"})
    emails = preferences.of_person(cast.chie)
    assert (emails["approved"], emails["changes_requested"], emails["rejected"]) == ("off", "daily", "now")
    assert browser.post("/settings/notices/", {"changes_requested": "off"}).status_code == 422
    assert browser.post("/settings/notices/", {"approved": "hourly"}).status_code == 422
    assert "Answers wait for review" in signed_in(cast.dai).get("/settings/notices/").content.decode()


def test_one_choice_for_all_that_is_shown_and_back(cast: Cast, signed_in: SignedIn) -> None:
    browser, usual = signed_in(cast.chie), preferences.of_person(cast.chie)
    browser.post("/settings/notices/", {"approved": "off"})
    browser.post("/settings/notices/", {"all": "daily", "approved": "now"})
    emails = preferences.of_person(cast.chie)
    assert {emails[kind] for kind in ("approved", "changes_requested", "signed_in")} == {"daily"}
    # A batch's are not hers to see, and stay as they were.
    assert emails["completed"] == usual["completed"] == "now"
    browser.post("/settings/notices/", {"all": "usual"})
    assert preferences.of_person(cast.chie) == usual


def test_the_inbox_says_where_it_happened(cast: Cast, signed_in: SignedIn) -> None:
    place = {"batch": "秋", "store": "港"}
    for event, (kind, params) in enumerate(
        [("approved", {"product": "湯のみ", **place}), ("completed", place)]
    ):
        notify(event_id=event, user_ids=[cast.chie.pk], kind=kind, params=params, path="/my-work/", now=now())
    page = signed_in(cast.chie).get("/inbox/")
    # The words of the second name the batch themselves.
    assert [line["place"] for line in page.context["lines"]] == ["港", "港 › 秋"]
    assert "港 › 秋" in page.content.decode()


def test_what_is_kept_says_why_where_it_is_to_be_stopped(cast: Cast) -> None:
    text = Client().get(to_stop(Stop(kind="signed_in", user=cast.chie.pk))).content.decode()
    assert "safety of your account" in text
    text = Client().post(to_stop(Stop(kind="changes_requested", user=cast.chie.pk))).content.decode()
    assert "Work or money depends on it" in text


def test_a_refused_address_is_said_where_it_is_seen(cast: Cast, signed_in: SignedIn) -> None:
    address_refused(cast.chie, "550 <b>no</b>")
    browser = signed_in(cast.chie)
    for path in ("/inbox/", "/settings/notices/"):
        text = browser.get(path).content.decode()
        assert "does not arrive" in text
        assert "<b>no" not in text
    cast.chie.email = "chie.new@example.jp"
    cast.chie.save()
    assert "does not arrive" not in browser.get("/inbox/").content.decode()


def test_the_inbox_shows_all_or_what_is_unread(cast: Cast, signed_in: SignedIn) -> None:
    tell(cast.chie, 1)
    tell(cast.chie, 2, "rejected")
    browser = signed_in(cast.chie)
    browser.post(f"/inbox/{Notice.objects.get(kind='rejected').pk}/")
    assert "was rejected" in browser.get("/inbox/").content.decode()
    unread = browser.get("/inbox/?show=unread").content.decode()
    assert "was rejected" not in unread
    assert "was approved" in unread
    browser.post("/inbox/read/")
    assert "read everything" in browser.get("/inbox/list/?show=unread").content.decode()
