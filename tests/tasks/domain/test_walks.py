"""Random walks over the machines of batch, task and assignment, each step compared with a plain model."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from jobs.runner import run_pending
from kernel.clock import now as real_now
from kernel.errors import TenchoError
from tasks.domain import batches, claim, clocks, draft, hold, one_by_one, reports, review, submit
from tasks.domain.corrections import correct_and_approve
from tasks.domain.undo import undo_approval
from tasks.models import Assignment, Batch, Report, Slot, Submission, Task
from tasks.states import FINAL_TASK
from tests.factories import Cast, make_cast, make_freelancer
from tests.tasks.domain.model import DAY, LEASE, Held, Refused, World
from tests.tasks.domain.world import TOO_LONG_FOR_A_CHECK, check_books, in_good_time, plain_batch

pytestmark = [pytest.mark.both, pytest.mark.django_db, pytest.mark.slow]

LONG = [24 * 60, 3 * 24 * 60 + 1, 7 * 24 * 60 + 1, 14 * 24 * 60 + 1]
MINUTES = st.sampled_from([1, 9, 11, 31, 61, 61, 61, *LONG])
PLACE = st.integers(0, 40)
ANY = 30
WORKERS = ("Chie", "Fumi", "Hana", "Ise")
HANDED_IN = ("submitted", "in_review", "surplus")
AT_WORK = ("claimed", "changes_requested", "expired", "released")
REVIEWERS = ("Aya", "Dai")
REASON = st.sampled_from(["wrong_picture", "source_missing"])
TEXTS = {"good": "良い商品名", "warned": TOO_LONG_FOR_A_CHECK, "blocked": "最安の商品"}


class Walk(RuleBasedStateMachine):
    """Every rule asks model and domain for the same; then all clocks that have run out ring in both."""

    people: dict[str, User]
    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    @initialize(
        answers=st.integers(1, 3),
        tasks=st.integers(2, 4),
        cap=st.sampled_from([None, None, None, 2]),
        deadline=st.sampled_from([None, None, None, timedelta(minutes=90), 5 * DAY, 30 * DAY]),
    )
    def publish(self, answers: int, tasks: int, cap: int | None, deadline: timedelta | None) -> None:
        self.now = real_now()
        ends = self.now + deadline if deadline else None
        self.batch = plain_batch(
            self.cast,
            count=tasks,
            audience="crowd",
            answers_per_task=answers,
            per_worker_cap=cap,
            deadline=ends,
        )
        rows = list(
            Slot.objects.filter(step__batch=self.batch)
            .order_by("position", "number")
            .values_list("pk", "task_id")
        )
        self.slot_ids = [slot for slot, _task in rows]
        self.task_ids = sorted({task for _slot, task in rows})
        self.held_ids: list[int] = []
        self.texts = 0
        self.model = World([self.task_ids.index(task) for _slot, task in rows], answers, ends, cap)

    def both(self, model: Callable[[], Any], real: Callable[[], Any]) -> Any:
        """Runs both; they must agree on going through or on the code of the refusal."""
        expected: Any
        found: Any
        try:
            expected = model()
        except Refused as refused:
            expected = refused
        try:
            found = real()
        except TenchoError as error:
            found = error
        if isinstance(expected, Refused) or isinstance(found, TenchoError):
            assert str(expected) == getattr(found, "code", "went through"), f"{expected!r} {found!r}"
            return None
        check_books(self.batch)
        return found

    def settle(self) -> None:
        """Lets ring what has run out."""
        self.model.ring(self.now)
        sweep_all(self.now)

    # The rules

    @precondition(lambda self: self.can_go_on())
    @rule(who=st.sampled_from(WORKERS))
    def claim_next(self, who: str) -> None:
        self._claimed(
            self.both(
                lambda: self.model.claim(who, self.now),
                lambda: claim.claim_next(batch_id=self.batch.pk, by=self.people[who], now=self.now),
            )
        )

    @precondition(lambda self: self.can_go_on())
    @rule(who=st.sampled_from(WORKERS), place=PLACE)
    def claim_task(self, who: str, place: int) -> None:
        task = place % len(self.task_ids)
        self._claimed(
            self.both(
                lambda: self.model.claim(who, self.now, task),
                lambda: claim.claim_task(task_id=self.task_ids[task], by=self.people[who], now=self.now),
            )
        )

    def _claimed(self, held: Assignment | None) -> None:
        if held is not None:
            self.held_ids.append(held.pk)
            assert held.slot_id == self.slot_ids[self.model.held[-1].slot]
        self.settle()

    @rule(place=PLACE, verb=st.sampled_from(["heartbeat", "extend", "release", "typed"]))
    def keep(self, place: int, verb: str) -> None:
        found = self._one(place, AT_WORK)
        if found is None:
            return
        one, pk, by = found
        if verb == "release":
            self.both(
                lambda: self.model.release(one),
                lambda: hold.release(assignment_id=pk, by=by, now=self.now),
            )
        elif verb == "typed":
            fence, answer = self._fence(pk), self._answer("good")
            self.both(
                lambda: self.model.typed(one, self.now),
                lambda: draft.save_draft(assignment_id=pk, answer=answer, fence=fence, by=by, now=self.now),
            )
        else:
            self.both(
                lambda: getattr(self.model, verb)(one, self.now),
                lambda: getattr(hold, verb)(assignment_id=pk, by=by, now=self.now),
            )
        self.settle()

    @rule(place=PLACE, text=st.sampled_from(["good", "good", "good", "warned", "blocked"]))
    def hand_in(self, place: int, text: str) -> None:
        found = self._one(place, AT_WORK)
        if found is None:
            return
        one, pk, by = found
        fence, answer = self._fence(pk), self._answer(text)
        self.both(
            lambda: self.model.submit(one, self.now, blocked=text == "blocked", checks_pass=text == "good"),
            lambda: submit.submit(assignment_id=pk, answer=answer, fence=fence, by=by, now=self.now),
        )
        self.settle()

    @rule(
        place=PLACE,
        who=st.sampled_from(REVIEWERS),
        verb=st.sampled_from(["approve", "request_changes", "request_changes", "reject"]),
    )
    def decide(self, place: int, who: str, verb: str) -> None:
        found = self._one(place, HANDED_IN)
        if found is not None:
            self._decide(*found[:2], who, verb)

    @rule(place=PLACE, who=st.sampled_from(REVIEWERS), verb=st.sampled_from(["start_review", "stop_review"]))
    def look(self, place: int, who: str, verb: str) -> None:
        found = self._one(place, HANDED_IN)
        if found is not None:
            self._decide(*found[:2], who, verb)

    @rule(place=PLACE, who=st.sampled_from(REVIEWERS))
    def accept(self, place: int, who: str) -> None:
        found = self._one(place, ("approved",))
        if found is not None:
            self._decide(*found[:2], who, "accept")

    @rule(
        place=PLACE,
        verb=st.sampled_from(["report", "report", "report", "answer", "agree", "free"]),
        who=REASON,
    )
    def cannot_be_done(self, place: int, verb: str, who: str) -> None:
        found = self._one(place, ("claimed",) if verb in ("report", "free") else ("reported",))
        if found is None:
            return
        one, pk, by = found
        aya: dict[str, Any] = {"by": self.people["Aya"], "now": self.now}
        if verb == "report":
            self.both(
                lambda: self.model.report(one, who, self.now),
                lambda: reports.report_impossible(assignment_id=pk, reason=who, by=by, now=self.now),
            )
        elif verb == "free":
            self.both(lambda: self.model.free(one), lambda: hold.free(assignment_id=pk, reason="a", **aya))
        else:
            last = Report.objects.filter(assignment=pk).order_by("-pk").first()
            if last is None:
                return
            asked: dict[str, Any] = {"report_id": last.pk, **aya}
            if verb == "agree":
                self.both(lambda: self.model.agree(one), lambda: reports.agree(**asked))
            else:
                self.both(
                    lambda: self.model.answer_report(one, self.now),
                    lambda: reports.answer_report(answer="a", **asked),
                )
        self.settle()

    @rule(place=PLACE, who=st.sampled_from(REVIEWERS), second=st.booleans())
    def correct(self, place: int, who: str, second: bool) -> None:
        found = self._one(place, HANDED_IN)
        last = Submission.objects.filter(assignment=found[1]).order_by("-number").first() if found else None
        if found is None or last is None:
            return
        self.texts += 1
        field = "contact" if second else "note"
        answer = {**last.answer, "title": TEXTS["good"], field: f"corrected {self.texts}"}
        self.both(
            lambda: self.model.correct(found[0], who, self.now, second=second),
            lambda: correct_and_approve(
                submission_id=last.pk, answer=answer, by=self.people[who], now=self.now
            ),
        )
        self.settle()

    @rule(place=PLACE, who=st.sampled_from(REVIEWERS))
    def undo(self, place: int, who: str) -> None:
        found = self._one(place, ("approved",))
        last = Submission.objects.filter(assignment=found[1]).order_by("-number").first() if found else None
        if found is None or last is None:
            return
        self.both(
            lambda: self.model.undo(found[0], who, self.now),
            lambda: undo_approval(submission_id=last.pk, by=self.people[who], now=self.now),
        )
        self.settle()

    def _decide(self, one: Held, pk: int, who: str, verb: str) -> None:
        last = Submission.objects.filter(assignment=pk).order_by("-number").first()
        if last is None:
            return
        told: tuple[Any, ...] = {"stop_review": (who,), "accept": (who,)}.get(verb, (who, self.now))
        more: dict[str, dict[str, Any]] = {
            "request_changes": {"comments": {"title": "もう少し"}},
            "reject": {"reasons": ["true"]},
        }
        asked = {"submission_id": last.pk, "by": self.people[who], "now": self.now, **more.get(verb, {})}
        self.both(lambda: getattr(self.model, verb)(one, *told), lambda: getattr(review, verb)(**asked))
        self.settle()

    @rule(pick=st.integers(0, 19))
    def direct(self, pick: int) -> None:
        verb = {0: "close", 1: "cancel", 2: "resume", 3: "pause"}.get(pick)
        verb = verb or ("resume" if self.model.state == "paused" else "pause")
        if verb == "pause" and pick > 6:
            return
        self.both(
            lambda: getattr(self.model, verb)(self.now),
            lambda: getattr(batches, verb)(batch_id=self.batch.pk, by=self.people["Aya"], now=self.now),
        )
        self.settle()

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.settle()

    def can_go_on(self) -> bool:
        """Whether somebody could take something, or the refusal says more than that the batch has ended."""
        return self.model.state == "paused" or "open" in self.model.slot_states

    def _one(self, place: int, states: tuple[str, ...]) -> tuple[Held, int, User] | None:
        """Mostly an assignment in one of `states`."""
        places = [n for n, one in enumerate(self.model.held) if one.state in states or place > ANY]
        if not places:
            return None
        place = places[place % len(places)]
        one = self.model.held[place]
        return one, self.held_ids[place], self.people[one.worker]

    def _fence(self, pk: int) -> int:
        return Assignment.objects.values_list("fence", flat=True).get(pk=pk)

    def _answer(self, text: str) -> dict[str, str]:
        self.texts += 1
        return {"title": TEXTS[text], "note": str(self.texts)}

    # What holds after every step

    @invariant()
    def model_and_database_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        batch = Batch.objects.get(pk=self.batch.pk)
        assert batch.state == self.model.state
        slots = dict(Slot.objects.filter(step__batch=batch).values_list("pk", "state"))
        assert [slots[pk] for pk in self.slot_ids] == self.model.slot_states
        tasks = dict(Task.objects.filter(batch=batch).values_list("pk", "state"))
        assert [tasks[pk] for pk in self.task_ids] == [self.model.task_state(n) for n in range(len(tasks))]
        rows = Assignment.objects.in_bulk(self.held_ids)
        for place, pk in enumerate(self.held_ids):
            assert seen(rows[pk]) == expected(self.model.held[place]), place
        check_books(batch)
        assert Assignment.objects.filter(batch=batch, use="used").count() == len(
            set(Assignment.objects.filter(batch=batch, use="used").values_list("task_id"))
        )

    @invariant()
    def whatever_waits_has_a_clock(self) -> None:
        if not hasattr(self, "model"):
            return
        for one in Assignment.objects.filter(batch=self.batch):
            if one.state == "claimed":
                assert (one.lease_expires_at is None) == (self.model.state == "paused")
            elif one.state in ("submitted", "in_review", "surplus"):
                assert one.auto_approve_at is not None
                assert self.now < one.auto_approve_at <= self.now + 7 * DAY
            elif one.state == "reported":
                assert one.report_due_at is not None
                assert self.now < one.report_due_at <= self.now + 2 * DAY
            elif one.state == "changes_requested":
                assert one.resubmit_by is not None
                assert one.resubmit_by > self.now

    def teardown(self) -> None:
        try:
            if hasattr(self, "model"):
                self.no_dead_end()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def no_dead_end(self) -> None:
        """From wherever the walk ended, the end of the offer and time alone finish every task."""
        if self.model.state in ("open", "paused"):
            batches.close(batch_id=self.batch.pk, by=self.people["Aya"], now=self.now)
        for _round in range(5):
            sweep_all(self.now)
            self.now += 7 * DAY + LEASE
        sweep_all(self.now)
        assert not Task.objects.filter(batch=self.batch).exclude(state__in=FINAL_TASK).exists()
        assert Batch.objects.get(pk=self.batch.pk).state in ("completed", "cancelled")
        waiting = Assignment.objects.filter(
            batch=self.batch, state__in=["claimed", "reported", "submitted", "in_review", "changes_requested"]
        )
        assert not waiting.exists()
        check_books(self.batch)


def sweep_all(moment: datetime) -> None:
    while in_good_time() or any(clocks.sweep(now=moment).values()) or run_pending():
        pass


def seen(row: Assignment) -> tuple[Any, ...]:
    return (
        row.state, row.use, row.lease_expires_at, row.lease_remaining, row.auto_approve_at, row.resubmit_by,
        row.review_lease_until if row.state == "in_review" else None, row.rounds, row.report_due_at,
    )  # fmt: skip


def expected(one: Held) -> tuple[Any, ...]:
    return (
        one.state, one.use, one.lease_end, one.lease_left, one.auto_at, one.resubmit_by,
        one.desk_until if one.state == "in_review" else None, one.rounds, one.report_due,
    )  # fmt: skip


# A walk is long; on a busy machine two minutes would cut it off in the middle of a transaction.
@pytest.mark.timeout(600)
def test_random_walks_agree_with_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_swallowed(*args: object) -> None:
        raise AssertionError("a clock failed")

    monkeypatch.setattr(one_by_one.logger, "exception", not_swallowed)
    cast = make_cast()
    people = {user.name: user for user in cast.people().values()}
    people |= {name: make_freelancer(name, cast.company) for name in ("Hana", "Ise")}
    walk = type("Walk", (Walk,), {"cast": cast, "people": people})
    run_state_machine_as_test(
        walk,
        settings=settings(
            max_examples=30,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
