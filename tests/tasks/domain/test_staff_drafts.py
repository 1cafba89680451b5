"""What a colleague had begun goes on with the next one; a freelancer's draft never does."""

from typing import Any

import pytest

from accounts.models import User
from accounts.states import Role
from kernel.clock import now
from tasks.domain import claim, draft, hold
from tasks.domain.queries import visible_uploads
from tasks.domain.submit import submit
from tasks.models import Assignment, Batch
from tests.factories import Cast, make_member, make_upload, make_user
from tests.tasks.domain.test_corrections import priced_batch
from tests.tasks.domain.world import HOUR, fresh, hand_in, plain_batch, take

pytestmark = [pytest.mark.both, pytest.mark.django_db]


@pytest.fixture
def yui(cast: Cast) -> User:
    return make_member(make_user("Yui"), cast.store, Role.STAFF)


def begun(batch: Batch, by: User, answer: dict[str, Any], task: int | None = None) -> Assignment:
    """A hold with a draft, given back."""
    held = take(batch, by) if task is None else claim.claim_task(task_id=task, by=by, now=now())
    fence = Assignment.objects.get(pk=held.pk).fence
    draft.save_draft(assignment_id=held.pk, answer=answer, fence=fence, by=by, now=now())
    return hold.release(assignment_id=held.pk, by=by, now=now())


@pytest.mark.parametrize("ending", ["release", "expire", "free"])
def test_the_next_colleague_goes_on_with_the_draft(cast: Cast, yui: User, ending: str) -> None:
    batch, at = plain_batch(cast, count=1), now()
    held = take(batch, cast.ben, at)
    draft.save_draft(assignment_id=held.pk, answer={"title": "半分"}, fence=0, by=cast.ben, now=at)
    if ending == "release":
        hold.release(assignment_id=held.pk, by=cast.ben, now=at)
    elif ending == "free":
        hold.free(assignment_id=held.pk, reason="a", by=cast.aya, now=at)
    else:
        hold.expire_due(now=at + 2 * HOUR)
    got = take(batch, yui, at)
    assert (got.draft, got.started_by) == ({"title": "半分"}, cast.ben)
    hand_in(got, "全部できた")
    assert fresh(held).draft == {"title": "半分"}


def test_a_freelancers_draft_is_nobody_elses(cast: Cast) -> None:
    batch = plain_batch(cast, count=1, audience="crowd")
    begun(batch, cast.chie, {"title": "半分"})
    got = take(batch, cast.fumi)
    assert (got.draft, got.started_by) == ({}, None)


def test_ones_own_draft_comes_back_as_ones_own(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    begun(batch, cast.ben, {"title": "半分"})
    got = take(batch, cast.ben)
    assert (got.draft, got.started_by) == ({"title": "半分"}, None)


def test_ones_own_text_stays_beside_what_a_colleague_went_on_with(cast: Cast, yui: User) -> None:
    batch = plain_batch(cast, count=1)
    task = begun(batch, cast.ben, {"title": "半分"}).task_id
    begun(batch, yui, {"title": "ほとんど"}, task)
    got = take(batch, cast.ben)
    assert (got.draft, got.started_by) == ({"title": "ほとんど"}, yui)
    assert [one.answer for one in got.alternatives.all()] == [{"title": "半分"}]


def test_an_empty_hold_between_loses_nothing(cast: Cast, yui: User) -> None:
    batch = plain_batch(cast, count=1)
    begun(batch, cast.ben, {"title": "半分"})
    empty = take(batch, yui)
    draft.save_draft(assignment_id=empty.pk, answer={}, fence=empty.fence, by=yui, now=now())
    hold.release(assignment_id=empty.pk, by=yui, now=now())
    assert take(batch, cast.aya).draft == {"title": "半分"}


def test_pictures_go_along_as_copies(cast: Cast, yui: User) -> None:
    batch = priced_batch(cast)
    picture = make_upload(cast.ben)
    task = begun(batch, cast.ben, {"title": "半分", "photo": str(picture.pk)}).task_id
    got = claim.claim_task(task_id=task, by=yui, now=now())
    copy = int(got.draft["photo"])
    assert copy != picture.pk
    seen = set(visible_uploads(yui, now()).values_list("pk", flat=True))
    assert copy in seen
    assert picture.pk not in seen
    made = draft.save_draft(assignment_id=got.pk, answer=got.draft, fence=got.fence, by=yui, now=now())
    submit(assignment_id=got.pk, answer=got.draft, fence=made.fence, by=yui, now=now())
    picture.refresh_from_db()
    assert picture.assignment_id is None
