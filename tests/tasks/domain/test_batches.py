"""A posting from draft to its end: who may, what is missing, what each verb leaves."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from tasks.domain import batches, clocks, counts, imports, review
from tasks.domain.queries import visible_tasks
from tasks.domain.templates import publish_version
from tasks.errors import IllegalMove, Missing, RoleMissing
from tasks.models import Batch, Import, Task, Template, Unit
from tasks.states import BatchState, TaskState
from tests.factories import Cast, products, read_file, shop_file
from tests.tasks.domain.world import (
    CONTENT,
    DAY,
    check_books,
    fresh,
    hand_in,
    handed_in,
    plain_batch,
    step_of,
    take,
)

pytestmark = pytest.mark.django_db

TERMS: dict[str, Any] = {"title": "Spring", "template": "product-copy", "audience": "staff"}
VERBS = ["publish", "pause", "resume", "close", "cancel"]


def draft(cast: Cast, **terms: Any) -> Batch:
    return batches.create_batch(
        store_id=cast.store.pk, terms=batches.Terms(**{**TERMS, **terms}), by=cast.aya, now=now()
    )


def test_a_draft_has_one_step_with_the_newest_template(cast: Cast) -> None:
    batch = draft(cast, title="  Spring ", answers_per_task=2, per_worker_cap=3)
    step = step_of(batch)
    assert (batch.state, batch.title) == (BatchState.DRAFT, "Spring")
    assert (step.answers_per_task, step.per_worker_cap, step.template_version.number) == (2, 3, 1)
    assert step.template_version.template.key == "product-copy"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("title", "x" * 201),
        ("audience", "robots"),
        ("open_to_all", True),
        ("reward", -1),
        ("reward", 1_000_001),
        ("answers_per_task", 0),
        ("answers_per_task", 6),
        ("lease_minutes", 0),
        ("lease_minutes", 43_201),
        ("per_worker_cap", 0),
        ("deadline", now() - DAY),
        ("template", "no-such"),
    ],
)
def test_terms_out_of_range_name_their_field(cast: Cast, field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        draft(cast, **{field: value})
    assert [one.field for one in refused.value.fields] == [field]
    batch = draft(cast)
    with pytest.raises(Invalid) as refused:
        batches.change_batch(batch_id=batch.pk, changes={field: value}, by=cast.aya, now=now())
    assert [one.field for one in refused.value.fields] == [field]


def test_only_a_director_of_the_store_posts(cast: Cast) -> None:
    for who, error in (
        (cast.dai, RoleMissing),
        (cast.ben, RoleMissing),
        (cast.chie, Missing),
        (cast.gen, Missing),
    ):
        with pytest.raises(error):
            batches.create_batch(store_id=cast.store.pk, terms=batches.Terms(**TERMS), by=who, now=now())


@pytest.mark.parametrize("verb", [*VERBS, "change_batch", "remove_source"])
def test_only_a_director_of_the_store_moves_a_batch(cast: Cast, verb: str) -> None:
    batch = plain_batch(cast, publish=False)
    more = {"changes": {"title": "x"}} if verb == "change_batch" else {}
    for who, error in (
        (cast.dai, RoleMissing),
        (cast.ben, RoleMissing),
        (cast.chie, Missing),
        (cast.gen, Missing),
    ):
        with pytest.raises(error):
            getattr(batches, verb)(batch_id=batch.pk, by=who, now=now(), **more)
    with pytest.raises(Missing):
        getattr(batches, verb)(batch_id=10**15, by=cast.aya, now=now(), **more)


@pytest.mark.parametrize(
    ("path", "illegal"),
    [
        ([], ["pause", "resume", "close"]),
        (["publish"], ["publish", "resume"]),
        (["publish", "pause"], ["publish", "pause"]),
        (["publish", "close"], VERBS),
        (["cancel"], VERBS),
    ],
)
def test_verbs_from_the_wrong_state_are_refused(cast: Cast, path: list[str], illegal: list[str]) -> None:
    batch = plain_batch(cast, publish=False)
    for verb in path:
        getattr(batches, verb)(batch_id=batch.pk, by=cast.aya, now=now())
    state = Batch.objects.get(pk=batch.pk).state
    for verb in illegal:
        with pytest.raises(IllegalMove):
            getattr(batches, verb)(batch_id=batch.pk, by=cast.aya, now=now())
    assert Batch.objects.get(pk=batch.pk).state == state


def test_nothing_is_published_without_work_or_without_pay(cast: Cast) -> None:
    empty = draft(cast)
    with pytest.raises(Conflict) as refused:
        batches.publish(batch_id=empty.pk, by=cast.aya, now=now())
    assert refused.value.code == "no_tasks"
    unpaid = plain_batch(cast, audience="crowd", reward=0, publish=False)
    with pytest.raises(Conflict) as refused:
        batches.publish(batch_id=unpaid.pk, by=cast.aya, now=now())
    assert refused.value.code == "reward_missing"
    late = plain_batch(cast, deadline=now() + DAY, publish=False)
    with pytest.raises(Conflict) as refused:
        batches.publish(batch_id=late.pk, by=cast.aya, now=now() + 2 * DAY)
    assert refused.value.code == "deadline_passed"


@pytest.mark.parametrize("verb", ["publish", "cancel", "remove_source"])
def test_a_batch_stays_as_it_is_while_its_file_is_read(cast: Cast, verb: str) -> None:
    batch = draft(cast)
    start_reading(cast, batch)
    with pytest.raises(Conflict) as refused:
        getattr(batches, verb)(batch_id=batch.pk, by=cast.aya, now=now())
    assert refused.value.code == "import_running"


def start_reading(cast: Cast, batch: Batch) -> Import:
    file = ContentFile(shop_file(products(2)), "p.csv")
    return imports.start_import(
        batch_id=batch.pk, file=file, name="p.csv", row_filter={}, by=cast.aya, now=now()
    )


def test_terms_change_in_a_draft_only_and_the_title_always(cast: Cast) -> None:
    batch = plain_batch(cast, deadline=now() + DAY)
    changed = batches.change_batch(
        batch_id=batch.pk, changes={"title": "Autumn", "reward": 150}, by=cast.aya, now=now() + 2 * DAY
    )
    assert changed.title == "Autumn"
    with pytest.raises(Conflict) as refused:
        batches.change_batch(batch_id=batch.pk, changes={"reward": 1}, by=cast.aya, now=now())
    assert refused.value.code == "terms_fixed"


def test_answers_per_task_are_fixed_once_a_file_was_read(cast: Cast) -> None:
    batch = draft(cast)
    batches.change_batch(batch_id=batch.pk, changes={"answers_per_task": 2}, by=cast.aya, now=now())
    read_file(batch, shop_file(products(2)), by=cast.aya)
    with pytest.raises(Conflict) as refused:
        batches.change_batch(batch_id=batch.pk, changes={"answers_per_task": 1}, by=cast.aya, now=now())
    assert refused.value.code == "source_present"
    batches.remove_source(batch_id=batch.pk, by=cast.aya, now=now())
    assert not visible_tasks(cast.aya, now()).exists()
    assert counts.of_batch(batch.pk)["open"] == 0
    run_pending()
    assert not Unit.objects.exists()
    assert not Import.objects.exists()
    assert counts.drift(batch.pk) == {}
    batches.change_batch(batch_id=batch.pk, changes={"answers_per_task": 1}, by=cast.aya, now=now())


@pytest.mark.parametrize(("verb", "state"), [("close", BatchState.CLOSED), ("cancel", BatchState.CANCELLED)])
def test_an_ended_batch_cancels_what_nobody_holds_and_waits_for_the_rest(
    cast: Cast, verb: str, state: BatchState
) -> None:
    batch = plain_batch(cast, count=3)
    held, answer = take(batch, cast.ben), handed_in(batch, cast.ben)
    getattr(batches, verb)(batch_id=batch.pk, by=cast.aya, now=now())
    run_pending()
    check_books(batch)
    states = list(Task.objects.filter(batch=batch).order_by("position").values_list("state", flat=True))
    assert states == [TaskState.CLAIMED, TaskState.IN_REVIEW, TaskState.CANCELLED]
    assert Batch.objects.get(pk=batch.pk).state == state
    for submission in (answer, hand_in(held)):
        review.approve(submission_id=submission.pk, by=cast.dai, now=now())
    final = BatchState.COMPLETED if verb == "close" else BatchState.CANCELLED
    assert Batch.objects.get(pk=batch.pk).state == final
    assert fresh(held).use == "used"
    check_books(batch)


def test_a_batch_nobody_took_is_complete_when_closed(cast: Cast) -> None:
    batch = plain_batch(cast)
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    run_pending()
    assert Batch.objects.get(pk=batch.pk).state == BatchState.COMPLETED


def test_a_paused_batch_completes_after_it_is_resumed(cast: Cast) -> None:
    batch = plain_batch(cast, count=1)
    answer = handed_in(batch, cast.ben)
    batches.pause(batch_id=batch.pk, by=cast.aya, now=now())
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    assert Batch.objects.get(pk=batch.pk).state == BatchState.PAUSED
    batches.resume(batch_id=batch.pk, by=cast.aya, now=now())
    clocks.sweep(now=now())
    assert Batch.objects.get(pk=batch.pk).state == BatchState.COMPLETED


def test_a_companys_own_template_comes_before_the_shipped_one(cast: Cast) -> None:
    own = Template.objects.create(company=cast.company, key="product-copy", title_ja="x", title_en="x")
    version = publish_version(template=own, content=CONTENT, by=cast.aya)
    assert step_of(draft(cast)).template_version == version


def test_a_draft_called_off_right_after_its_file_was_taken_out_counts_nothing(cast: Cast) -> None:
    batch = plain_batch(cast, publish=False)
    batches.remove_source(batch_id=batch.pk, by=cast.aya, now=now())
    batches.cancel(batch_id=batch.pk, by=cast.aya, now=now())
    clocks.sweep(now=now())
    run_pending()
    assert not Unit.objects.filter(batch=batch).exists()
    assert set(counts.of_batch(batch.pk).values()) == {0}
