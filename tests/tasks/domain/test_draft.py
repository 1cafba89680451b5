"""Nothing typed is lost: fences, alternatives, and drafts that outlive their hold."""

import pytest

from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import batches, clocks, draft, hold, review
from tasks.errors import IllegalMove, Missing
from tasks.models import Assignment, DraftAlternative
from tasks.states import AssignmentState
from tests.factories import Cast
from tests.tasks.domain.world import DAY, HOUR, MINUTE, fresh, hand_in, plain_batch, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(cast: Cast) -> Assignment:
    return take(plain_batch(cast), cast.ben)


def save(held: Assignment, text: str, fence: int, **more: object) -> Assignment:
    asked = {
        "assignment_id": held.pk,
        "answer": {"title": text},
        "fence": fence,
        "by": held.worker,
        "now": now(),
    }
    return draft.save_draft(**{**asked, **more})  # type: ignore[arg-type]  # mixed values


def test_each_accepted_save_raises_the_fence_by_one(held: Assignment) -> None:
    assert held.fence == 0
    assert save(held, "a", 0).fence == 1
    assert save(held, "b", 1).fence == 2
    assert fresh(held).draft == {"title": "b"}
    assert fresh(held).draft_saved_at is not None


def test_the_stored_answer_with_the_previous_fence_is_the_same_save_again(held: Assignment) -> None:
    save(held, "a", 0)
    again = save(held, "a", 0)
    assert (again.fence, again.draft) == (1, {"title": "a"})
    assert not DraftAlternative.objects.exists()


@pytest.mark.parametrize(("text", "fence"), [("c", 1), ("b", 0), ("c", 3), ("c", 99)])
def test_any_other_save_is_outdated_and_its_text_is_kept_beside(
    held: Assignment, text: str, fence: int
) -> None:
    save(held, "a", 0)
    save(held, "b", 1)
    with pytest.raises(draft.DraftOutdated) as refused:
        save(held, text, fence)
    kept = DraftAlternative.objects.get()
    assert refused.value.code == "draft_outdated"
    assert refused.value.details == {"draft": {"title": "b"}, "fence": 2, "alternative": kept.pk}
    assert (kept.answer, kept.fence) == ({"title": text}, fence)
    assert fresh(held).draft == {"title": "b"}


def test_twenty_alternatives_are_kept_each_once(held: Assignment) -> None:
    save(held, "a", 0)
    save(held, "b", 1)
    for number in [*range(25), 24]:
        with pytest.raises(draft.DraftOutdated):
            save(held, f"old {number}", 0)
    kept = [one.answer["title"] for one in held.alternatives.order_by("pk")]
    assert kept == [f"old {number}" for number in range(5, 25)]


def test_what_cannot_be_stored_is_refused_with_its_field(held: Assignment) -> None:
    for answer in ({"title": "a\0b"}, {"price": "1"}, {"title": {"deep": 1}}, {"title": "x" * 100_001}):
        with pytest.raises(Invalid) as refused:
            save(held, "", 0, answer=answer)
        assert refused.value.code == "draft_invalid"
        assert refused.value.fields
    assert fresh(held).fence == 0


def test_a_draft_belongs_to_its_worker(cast: Cast, held: Assignment) -> None:
    for other in (cast.aya, cast.dai, cast.chie, cast.gen):
        with pytest.raises(Missing):
            save(held, "a", 0, by=other)


def test_typing_renews_the_lease_and_never_shortens_it(held: Assignment) -> None:
    start = now()
    save(held, "a", 0, now=start + 30 * MINUTE)
    assert fresh(held).lease_expires_at == start + 90 * MINUTE
    hold.extend(assignment_id=held.pk, by=held.worker, now=start + 30 * MINUTE)
    longer = fresh(held).lease_expires_at
    save(held, "b", 1, now=start + 31 * MINUTE)
    assert fresh(held).lease_expires_at == longer


def test_a_draft_is_saved_while_the_batch_is_paused(cast: Cast, held: Assignment) -> None:
    batches.pause(batch_id=held.batch_id, by=cast.aya, now=now())
    save(held, "a", 0)
    assert (fresh(held).draft, fresh(held).lease_expires_at) == ({"title": "a"}, None)


def test_a_draft_outlives_its_hold_and_is_offered_back(cast: Cast, held: Assignment) -> None:
    save(held, "typed", 0)
    clocks.sweep(now=now() + 2 * HOUR)
    assert fresh(held).state == AssignmentState.EXPIRED
    save(held, "typed on", 1)
    others = plain_batch_rest(cast, held)
    again = next(one for one in others if one.task_id == held.task_id)
    assert (again.draft, again.fence) == ({"title": "typed on"}, 2)
    assert all(one.draft == {} for one in others if one.task_id != held.task_id)


def plain_batch_rest(cast: Cast, held: Assignment) -> list[Assignment]:
    """Everything that Ben can still take: tasks he has not had come first."""
    taken = [take(held.batch, cast.ben) for _ in range(3)]
    assert taken[-1].task_id == held.task_id
    return taken


def test_a_text_that_comes_after_the_decision_is_kept(cast: Cast, held: Assignment) -> None:
    answer = hand_in(held)
    with pytest.raises(IllegalMove):
        save(held, "too late", 1)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now() + DAY)
    with pytest.raises(IllegalMove):
        save(held, "much too late", 1)
    assert [one.answer["title"] for one in held.alternatives.order_by("pk")] == ["too late", "much too late"]


def test_a_returned_answer_can_be_typed_on(cast: Cast, held: Assignment) -> None:
    answer = hand_in(held)
    review.request_changes(submission_id=answer.pk, comments={"title": "?"}, by=cast.dai, now=now())
    assert save(held, "better", fresh(held).fence).draft == {"title": "better"}
