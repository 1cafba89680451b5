"""Taking work: to whom it is offered, and what stops somebody."""

from datetime import datetime

import pytest
from django.utils import translation

from accounts.states import Role
from jobs.runner import run_pending
from kernel.clock import now
from kernel.errors import TenchoError
from tasks.domain import batches, review
from tasks.domain.claim import claim_next, claim_task
from tasks.errors import Missing
from tasks.models import Batch, Task
from tasks.rules import REASONS
from tasks.states import AssignmentState, SlotState, TaskState
from tests.factories import Cast, make_member, make_store, make_user
from tests.tasks.domain.world import DAY, HOUR, check_books, handed_in, plain_batch, take
from workers.models import PoolMember, WorkerProfile

pytestmark = pytest.mark.django_db


def refusal(cast: Cast, batch: Batch, who: str, at: datetime | None = None) -> str:
    """The code with which somebody cannot take the next task, the same for a chosen one; "" if they can."""
    task = (
        Task.objects.filter(batch=batch).filter(state="open").first()
        or Task.objects.filter(batch=batch).first()
    )
    assert task is not None
    codes = []
    for take_one in (
        lambda: claim_task(task_id=task.pk, by=getattr(cast, who), now=at or now()),
        lambda: claim_next(batch_id=task.batch_id, by=getattr(cast, who), now=at or now()),
    ):
        try:
            take_one()
            codes.append("")
        except Missing:
            codes.append("missing")
        except TenchoError as error:
            codes.append(error.code)
    assert len(set(codes)) == 1, codes
    return codes[0]


@pytest.mark.parametrize(
    ("audience", "to_all", "expected"),
    [
        (
            "staff",
            False,
            {"aya": "", "ben": "", "chie": "missing", "dai": "not_staff", "emi": "missing", "gen": "missing"},
        ),
        (
            "crowd",
            False,
            {
                "aya": "own_company",
                "ben": "own_company",
                "chie": "",
                "dai": "own_company",
                "emi": "missing",
                "gen": "missing",
            },
        ),
        (
            "crowd",
            True,
            {"aya": "own_company", "ben": "own_company", "chie": "", "emi": "", "fumi": "", "gen": "missing"},
        ),
    ],
)
def test_work_is_offered_to_its_audience(
    cast: Cast, audience: str, to_all: bool, expected: dict[str, str]
) -> None:
    batch = plain_batch(cast, count=8, audience=audience, open_to_all=to_all)
    assert {who: refusal(cast, batch, who) for who in expected} == expected
    check_books(batch)


def test_a_membership_or_a_place_in_the_pool_ends(cast: Cast) -> None:
    staff, crowd = plain_batch(cast), plain_batch(cast, audience="crowd")
    cast.ben.memberships.update(until=now())
    PoolMember.objects.filter(user=cast.chie).delete()
    assert refusal(cast, staff, "ben") == "missing"
    assert refusal(cast, crowd, "chie") == "missing"
    WorkerProfile.objects.filter(user=cast.fumi).delete()
    assert refusal(cast, crowd, "fumi") == "missing"


def test_who_belongs_to_another_store_of_the_company_takes_no_freelance_work(cast: Cast) -> None:
    second = make_store("Minato 2", cast.company)
    make_member(cast.chie, second, Role.STAFF)
    assert refusal(cast, plain_batch(cast, audience="crowd"), "chie") == "own_company"


def test_a_draft_is_nobodys_business(cast: Cast) -> None:
    batch = plain_batch(cast, publish=False)
    assert refusal(cast, batch, "ben") == "missing"
    with pytest.raises(Missing):
        claim_next(batch_id=10**15, by=cast.ben, now=now())
    with pytest.raises(Missing):
        claim_task(task_id=10**15, by=cast.ben, now=now())


@pytest.mark.parametrize(
    ("verb", "code"), [("pause", "batch_paused"), ("close", "batch_not_open"), ("cancel", "batch_not_open")]
)
def test_nothing_is_taken_while_the_batch_is_not_open(cast: Cast, verb: str, code: str) -> None:
    batch = plain_batch(cast)
    getattr(batches, verb)(batch_id=batch.pk, by=cast.aya, now=now())
    assert refusal(cast, batch, "ben") == code
    run_pending()
    assert refusal(cast, batch, "ben") == code


def test_nothing_is_taken_after_the_deadline_even_before_the_sweep(cast: Cast) -> None:
    batch = plain_batch(cast, deadline=now() + DAY)
    assert refusal(cast, batch, "ben", now() + DAY + HOUR) == "deadline_passed"


def test_the_cap_counts_what_is_held_and_what_was_done(cast: Cast) -> None:
    batch = plain_batch(cast, count=4, per_worker_cap=2)
    answer = handed_in(batch, cast.ben)
    review.approve(submission_id=answer.pk, by=cast.dai, now=now())
    take(batch, cast.ben)
    assert refusal(cast, batch, "ben") == "cap_reached"
    assert refusal(cast, batch, "aya") == ""


def test_a_task_is_taken_once_by_each(cast: Cast) -> None:
    batch = plain_batch(cast, count=1, answers_per_task=2, audience="crowd")
    held = take(batch, cast.chie)
    with pytest.raises(TenchoError) as refused:
        claim_task(task_id=held.task_id, by=cast.chie, now=now())
    assert refused.value.code == "already_on_task"
    with pytest.raises(TenchoError) as nothing:
        take(batch, cast.chie)
    assert nothing.value.code == "nothing_left"
    second = take(batch, cast.fumi)
    assert (held.slot.number, second.slot.number) == (1, 2)
    assert Task.objects.get(pk=held.task_id).state == TaskState.CLAIMED


def test_a_chosen_task_that_somebody_has_is_taken(cast: Cast) -> None:
    batch = plain_batch(cast)
    held = take(batch, cast.ben)
    with pytest.raises(TenchoError) as refused:
        claim_task(task_id=held.task_id, by=cast.aya, now=now())
    assert refused.value.code == "slot_taken"


def test_a_hold_carries_the_agreed_terms(cast: Cast) -> None:
    start = now()
    held = take(plain_batch(cast, reward=150, lease_minutes=30), cast.ben, start)
    assert (held.state, held.reward) == (AssignmentState.CLAIMED, 150)
    assert held.lease_expires_at == start + HOUR / 2
    assert held.template_version == held.step.template_version
    assert held.slot.state == SlotState.HELD


def test_every_reason_has_words_in_both_languages() -> None:
    for code, text in REASONS.items():
        with translation.override("ja"):
            japanese = str(text)
        with translation.override("en"):
            assert str(text) != japanese, code


def test_a_stranger_without_any_role_sees_nothing(cast: Cast) -> None:
    nobody = make_user("Nobody")
    batch = plain_batch(cast)
    with pytest.raises(Missing):
        claim_next(batch_id=batch.pk, by=nobody, now=now())
