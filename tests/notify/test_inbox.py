"""The inbox: one line for each event and person, read by its owner only."""

from datetime import timedelta

import pytest
from django.utils import translation

from events.models import Event, EventAudience
from kernel.clock import now
from notify.domain import UNREAD_SHOWN, mark_read, notify, unread_count
from notify.models import Notice
from notify.texts import TEXTS, words
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def tell(*people: object, event: int = 1, kind: str = "approved") -> None:
    ids = [person.pk for person in people]  # type: ignore[attr-defined]  # people of the cast
    notify(event_id=event, user_ids=ids, kind=kind, params={"product": "Mug"}, path="/work/1/", now=now())


def test_each_person_hears_of_an_event_once() -> None:
    aya, ben = make_user("Aya"), make_user("Ben")
    tell(aya, ben, aya)
    tell(aya, ben)
    tell(aya, event=2)
    assert (unread_count(aya), unread_count(ben)) == (2, 1)
    topics = EventAudience.objects.filter(event__name="notice.made").values_list("topic", flat=True)
    assert sorted(topics) == sorted([f"user.{aya.pk}"] * 2 + [f"user.{ben.pk}"])


def test_reading_one_or_all_marks_only_ones_own() -> None:
    aya, ben, start = make_user("Aya"), make_user("Ben"), now()
    for event in range(3):
        tell(aya, ben, event=event)
    theirs = Notice.objects.filter(user=ben)[0]
    assert mark_read(by=aya, now=start, notice_id=theirs.pk) == 0
    first = Notice.objects.filter(user=aya).order_by("pk")[0]
    assert mark_read(by=aya, now=start, notice_id=first.pk) == 1
    assert mark_read(by=aya, now=start + timedelta(days=1)) == 2
    assert mark_read(by=aya, now=start) == 0
    first.refresh_from_db()
    assert first.read_at == start
    assert (unread_count(aya), unread_count(ben)) == (0, 3)
    assert Event.objects.filter(name="notice.read").count() == 2


def test_the_counter_stops_where_nobody_reads_the_number() -> None:
    aya = make_user("Aya")
    for event in range(UNREAD_SHOWN + 5):
        tell(aya, event=event)
    assert unread_count(aya) == UNREAD_SHOWN + 1


def test_every_kind_has_words_in_both_languages() -> None:
    params = {"product": "Mug", "batch": "Spring", "percent": 50}
    for kind in TEXTS:
        with translation.override("en"):
            english = words(kind, params)
        with translation.override("ja"):
            japanese = words(kind, params)
        assert english != japanese, kind
        assert "%(" not in english + japanese


def test_a_kind_of_a_later_release_is_shown_by_its_name() -> None:
    assert words("from_the_future", {}) == "from_the_future"
