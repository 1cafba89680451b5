"""Who leaves a store: held staff work is free again, drafts and past work stay with their worker."""

from datetime import timedelta

import pytest

from accounts.models import Membership
from accounts.states import Role
from events.models import Event
from kernel.clock import now
from realtime.topics import allowed
from tasks.domain import claim, clocks, draft, leaving, queries
from tasks.errors import Missing
from tasks.models import Assignment
from tests.factories import Cast, hand_in, make_batch, make_member


def membership(cast: Cast, name: str) -> int:
    return Membership.objects.get(user=cast.people()[name], store=cast.store).pk


def test_the_work_of_a_removed_person_is_free_and_their_draft_is_kept(cast: Cast) -> None:
    batch = make_batch(cast, count=2)
    done = hand_in(claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now()))
    held = claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())
    draft.save_draft(assignment_id=held.pk, answer={"title": "半分"}, fence=0, by=cast.ben, now=now())
    leaving.end_membership(membership_id=membership(cast, "ben"), by=cast.aya, now=now())
    freed = Assignment.objects.get(pk=held.pk)
    assert (freed.state, freed.draft) == ("released", {"title": "半分"})
    event = Event.objects.get(name="assignment.released")
    assert (event.actor_id, event.reason) == (cast.aya.pk, "left_store")
    assert claim.claim_next(batch_id=batch.pk, by=cast.aya, now=now()).task_id == held.task_id
    # Own papers and past work, nothing else.
    assert set(queries.visible_assignments(cast.ben).values_list("pk", flat=True)) == {
        done.assignment_id,
        held.pk,
    }
    assert done in queries.visible_submissions(cast.ben, now())
    assert not queries.offered_steps(cast.ben, now()).exists()
    assert not queries.visible_batches(cast.ben, now()).exists()
    topics = [f"work.store.{cast.store.pk}", f"store.{cast.store.pk}", f"batch.{batch.pk}"]
    assert not any(allowed(cast.ben, topics, now()).values())
    with pytest.raises(Missing):
        claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now())


def test_a_removed_reviewer_sees_nothing_of_the_desk(cast: Cast) -> None:
    batch = make_batch(cast)
    submission = hand_in(claim.claim_next(batch_id=batch.pk, by=cast.ben, now=now()))
    assert submission in queries.visible_submissions(cast.dai, now())
    leaving.end_membership(membership_id=membership(cast, "dai"), by=cast.dai, now=now())
    assert submission not in queries.visible_submissions(cast.dai, now())
    assert not queries.review_queue(cast.dai, now()).exists()


def test_who_still_works_for_the_store_keeps_the_hold(cast: Cast) -> None:
    make_member(cast.ben, cast.store, Role.DIRECTOR)
    held = claim.claim_next(batch_id=make_batch(cast).pk, by=cast.ben, now=now())
    staff = Membership.objects.get(user=cast.ben, role="staff")
    leaving.end_membership(membership_id=staff.pk, by=cast.aya, now=now())
    assert Assignment.objects.get(pk=held.pk).state == "claimed"


def test_another_role_without_staff_work_frees_the_hold(cast: Cast) -> None:
    held = claim.claim_next(batch_id=make_batch(cast).pk, by=cast.ben, now=now())
    leaving.change_membership(
        membership_id=membership(cast, "ben"), role="reviewer", until=None, by=cast.aya, now=now()
    )
    assert Assignment.objects.get(pk=held.pk).state == "released"


def test_a_membership_announces_its_end_once_and_ends_by_itself(cast: Cast) -> None:
    start = now()
    held = claim.claim_next(batch_id=make_batch(cast, lease_minutes=60 * 24 * 7).pk, by=cast.ben, now=start)
    Membership.objects.filter(user=cast.ben).update(until=start + timedelta(days=4))

    def told(days: int) -> list[str]:
        clocks.sweep(now=start + timedelta(days=days, minutes=1))
        return list(Event.objects.filter(name__startswith="member.").values_list("name", flat=True))

    assert told(0) == []
    assert told(1) == told(2) == ["member.ending"]
    assert Assignment.objects.get(pk=held.pk).state == "claimed"
    assert told(4) == told(5) == ["member.ending", "member.ended"]
    assert Assignment.objects.get(pk=held.pk).state == "released"
