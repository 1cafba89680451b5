"""What each of the cast sees: their own, and nothing of anybody else's."""

import pytest
from django.db.models import QuerySet

from kernel.clock import now
from tasks.domain import batches, hold, queries, releases, review
from tasks.models import Batch, Slot, Step, Submission
from tests.factories import Cast
from tests.tasks.domain.world import DAY, handed_in, plain_batch, step_of, take

pytestmark = pytest.mark.django_db

EVERYBODY = ("aya", "ben", "chie", "dai", "emi", "fumi", "gen")
DESK = {"aya", "dai"}


def who_sees(cast: Cast, rows: object) -> set[str]:
    """Names of those for whom the query finds anything."""
    found: dict[str, QuerySet[Batch]] = {name: rows(getattr(cast, name)) for name in EVERYBODY}  # type: ignore[operator]
    return {name for name, query in found.items() if query.exists()}


def test_the_desk_sees_the_store_and_nobody_else_does(cast: Cast) -> None:
    batch = plain_batch(cast)
    releases.request_release(batch_id=batch.pk, format="source", by=cast.aya, now=now())
    for rows in (
        queries.visible_batches,
        queries.visible_tasks,
        queries.visible_imports,
        queries.visible_releases,
    ):
        assert who_sees(cast, lambda user, rows=rows: rows(user, now())) == DESK, rows


def test_a_role_that_has_ended_sees_nothing(cast: Cast) -> None:
    plain_batch(cast)
    cast.dai.memberships.update(until=now())
    assert not queries.visible_batches(cast.dai, now()).exists()
    assert queries.visible_batches(cast.dai, now() - DAY).exists()


def test_work_is_seen_by_its_worker(cast: Cast) -> None:
    take(plain_batch(cast, audience="crowd"), cast.chie)
    assert who_sees(cast, queries.visible_assignments) == {"chie"}


def test_an_answer_is_seen_by_its_worker_and_the_desk_until_it_is_rejected(cast: Cast) -> None:
    answer = handed_in(plain_batch(cast, audience="crowd"), cast.chie)

    def rows(user: object) -> QuerySet[Submission]:
        return queries.visible_submissions(user, now())  # type: ignore[arg-type]

    assert who_sees(cast, rows) == {"chie", *DESK}
    assert who_sees(cast, lambda user: queries.review_queue(user, now())) == DESK
    review.reject(submission_id=answer.pk, reasons=["true"], by=cast.dai, now=now())
    assert who_sees(cast, rows) == {"chie"}
    assert who_sees(cast, lambda user: queries.review_queue(user, now())) == set()


def test_the_queue_has_the_nearest_clock_first_and_the_last_submission(cast: Cast) -> None:
    batch, start = plain_batch(cast, count=3), now()
    late, early = handed_in(batch, cast.ben, start), handed_in(batch, cast.ben, start - DAY)
    held = take(batch, cast.ben)
    hold.release(assignment_id=held.pk, by=cast.ben, now=start)
    found = queries.review_queue(cast.dai, start).order_by("auto_approve_at", "id")
    assert [one.submission_id for one in found] == [early.pk, late.pk]  # type: ignore[attr-defined]  # annotated


@pytest.mark.parametrize(
    ("audience", "to_all", "expected"),
    [
        ("staff", False, {"aya", "ben"}),
        ("crowd", False, {"chie", "fumi"}),
        ("crowd", True, {"chie", "emi", "fumi"}),
    ],
)
def test_work_is_listed_for_those_who_may_take_it(
    cast: Cast, audience: str, to_all: bool, expected: set[str]
) -> None:
    batch = plain_batch(cast, audience=audience, open_to_all=to_all)

    def rows(user: object) -> QuerySet[Step]:
        return queries.offered_steps(user, now())  # type: ignore[arg-type]

    assert who_sees(cast, rows) == expected
    batches.pause(batch_id=batch.pk, by=cast.aya, now=now())
    assert who_sees(cast, rows) == expected
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    assert who_sees(cast, rows) == set()


def test_a_draft_is_offered_to_nobody(cast: Cast) -> None:
    plain_batch(cast, publish=False)
    assert who_sees(cast, lambda user: queries.offered_steps(user, now())) == set()


def test_what_is_free_is_free_for_this_person(cast: Cast) -> None:
    batch = plain_batch(cast, count=1, answers_per_task=2, audience="crowd")
    take(batch, cast.chie)

    def free(name: str) -> bool:
        step = queries.offered_steps(getattr(cast, name), now()).get()
        listed = queries.offered_tasks(getattr(cast, name), step_of(batch)).exists()
        assert step.has_free == listed  # type: ignore[attr-defined]  # annotated
        return listed

    assert (free("chie"), free("fumi")) == (False, True)
    take(batch, cast.fumi)
    assert not Slot.objects.filter(step__batch=batch, state="open").exists()
    assert not free("fumi")
