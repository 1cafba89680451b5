from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from frontend.review.queue import Place
from kernel.clock import now
from tasks.domain import review
from tests.factories import make_batch, make_submission

pytestmark = pytest.mark.django_db


def test_desk_people_see_the_queue_and_nobody_else(cast, signed_in):
    make_submission(make_batch(cast, audience="crowd"), cast.chie)
    seen = {
        name: "マグカップ" in signed_in(p).get("/review/").content.decode()
        for name, p in cast.people().items()
    }
    assert {name for name, there in seen.items() if there} == {"aya", "dai"}


def test_nearest_clock_first(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    late, soon = make_submission(batch, cast.chie).assignment, make_submission(batch, cast.chie).assignment
    soon.refresh_from_db()
    soon.auto_approve_at = now() + timedelta(hours=2)
    soon.save(update_fields=["state", "auto_approve_at"])
    html = signed_in(cast.dai).get("/review/").content.decode()
    assert html.index(f"review-{soon.pk}") < html.index(f"review-{late.pk}")


def test_one_batch_alone(cast, signed_in):
    first, second = make_batch(cast, audience="crowd"), make_batch(cast, audience="crowd", title="Second")
    one, other = make_submission(first, cast.chie), make_submission(second, cast.chie)
    html = signed_in(cast.dai).get(f"/review/?batch={first.pk}").content.decode()
    assert f"review-{one.assignment_id}" in html
    assert f"review-{other.assignment_id}" not in html
    assert signed_in(cast.gen).get(f"/review/?batch={first.pk}").status_code == 404


def test_pages_follow_on(cast, signed_in):
    batch = make_batch(cast, count=23, audience="crowd")
    for _turn in range(23):
        make_submission(batch, cast.chie)
    client = signed_in(cast.dai)
    first = client.get("/review/").content.decode()
    assert first.count("data-row") == 20
    cursor = first.split("?after=")[1].split('"')[0]
    assert client.get(f"/review/?after={cursor}").content.decode().count("data-row") == 3


def test_queue_costs_the_same_for_one_row_and_three(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    client = signed_in(cast.dai)
    make_submission(batch, cast.chie)
    client.get("/review/")
    with CaptureQueriesContext(connection) as one:
        client.get("/review/")
    make_submission(batch, cast.chie)
    make_submission(batch, cast.fumi)
    with CaptureQueriesContext(connection) as three:
        client.get("/review/")
    assert len(three) == len(one)


def test_who_is_reviewing_is_shown(cast, signed_in):
    submission = make_submission(make_batch(cast, audience="crowd"), cast.chie)
    review.start_review(submission_id=submission.pk, by=cast.dai, now=now())
    assert "Dai is reviewing" in signed_in(cast.aya).get("/review/list/").content.decode()
    assert "You are reviewing" in signed_in(cast.dai).get("/review/list/").content.decode()


def test_next_passes_over_what_others_look_at_and_begins_again(cast, signed_in):
    batch = make_batch(cast, audience="crowd")
    one, two, three = (make_submission(batch, cast.chie) for _turn in range(3))
    review.start_review(submission_id=two.pk, by=cast.aya, now=now())
    client = signed_in(cast.dai)

    def after(submission):
        submission.assignment.refresh_from_db()
        place = Place.of(submission.assignment)
        return client.get("/review/next/", {"after": str(place)}).headers["Location"]

    assert after(one) == f"/review/{three.pk}/"
    assert after(three) == f"/review/{one.pk}/"
    review.approve(submission_id=one.pk, by=cast.dai, now=now())
    assert after(three) == "/review/"


@pytest.mark.parametrize(
    "text",
    ["", "~", "x~1", "2026-01-01T00:00:00~1", "2026-13-01T00:00:00+00:00~1", "2026-01-01T00:00:00+00:00~²"],
)
def test_odd_place_is_the_head_of_the_queue(text):
    assert Place.parse(text) is None


def test_place_comes_back():
    place = Place(now(), 7)
    assert Place.parse(str(place)) == place


def test_japanese(cast, signed_in):
    cast.dai.language = "ja"
    cast.dai.save()
    make_submission(make_batch(cast, audience="crowd"), cast.chie)
    html = signed_in(cast.dai).get("/review/").content.decode()
    assert "期限の近い順" in html
    assert "Review" not in html
