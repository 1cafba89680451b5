"""The machines once more in plain Python, from the product's rules, for the random walks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(days=1)
LEASE = timedelta(hours=1)
SILENCE, WINDOW, LATE, PAUSE, ANSWER = 7 * DAY, 3 * DAY, 7 * DAY, 14 * DAY, 2 * DAY
ALIKE = 5
GRACE = timedelta(minutes=1)
DESK = timedelta(minutes=10)
OFF = ("expired", "released")
ENDED = ("closed", "cancelled", "completed")


class Refused(Exception):
    """The model's refusal; its text is the code that the domain must give."""


@dataclass
class Held:
    worker: str
    task: int
    slot: int
    state: str = "claimed"
    use: str = ""
    lease_end: datetime | None = None
    lease_left: timedelta | None = None
    auto_at: datetime | None = None
    resubmit_by: datetime | None = None
    desk_until: datetime | None = None
    reviewer: str | None = None
    rounds: int = 0
    handed_in: bool = False
    checks_pass: bool = True
    report_due: datetime | None = None
    reason: str = ""
    submitted_at: datetime | None = None
    late: bool = False
    approved_by: str | None = None
    approved_at: datetime | None = None
    corrector: str | None = None
    accepted: bool = False


@dataclass
class World:
    """`slots`: number of a slot → number of its task. Slots and assignments go by their places."""

    slots: list[int]
    answers: int
    deadline: datetime | None
    cap: int | None
    state: str = "open"
    ended_at: datetime | None = None
    paused_at: datetime | None = None
    slot_states: list[str] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slot_states = ["open"] * len(self.slots)

    # What a worker does

    def claim(self, worker: str, now: datetime, task: int | None = None) -> int:
        """The place of the slot that the worker must get."""
        if self.state != "open":
            raise Refused("batch_paused" if self.state == "paused" else "batch_not_open")
        mine = {one.task for one in self.held if one.worker == worker and one.state not in OFF}
        count = sum(1 for one in self.held if one.worker == worker and one.state not in OFF)
        if self.cap is not None and count >= self.cap:
            raise Refused("cap_reached")
        if task in mine:
            raise Refused("already_on_task")
        had = {one.task for one in self.held if one.worker == worker and one.state in OFF}
        free = [
            (of in had, number)
            for number, of in enumerate(self.slots)
            if self.slot_states[number] == "open" and of not in mine and task in (None, of)
        ]
        if not free:
            raise Refused("nothing_left" if task is None else "slot_taken")
        slot = min(free)[1]
        self.held.append(Held(worker, self.slots[slot], slot, lease_end=self._capped(now + LEASE)))
        self.slot_states[slot] = "held"
        return slot

    def typed(self, one: Held, now: datetime) -> None:
        if one.state not in ("claimed", "changes_requested", *OFF):
            raise Refused("illegal_transition")
        if one.state == "claimed" and one.lease_end is not None:
            one.lease_end = max(one.lease_end, self._capped(now + LEASE))

    def heartbeat(self, one: Held, now: datetime) -> None:
        self._need(one, "claimed")
        self.typed(one, now)

    def extend(self, one: Held, now: datetime) -> None:
        self._need(one, "claimed")
        if one.lease_end is None:
            raise Refused("batch_paused")
        one.lease_end = max(one.lease_end, min(one.lease_end + LEASE, self._capped(now + 4 * LEASE)))

    def release(self, one: Held) -> None:
        self._need(one, "claimed")
        self._leave(one, "released")

    def submit(self, one: Held, now: datetime, *, blocked: bool, checks_pass: bool) -> None:
        late = one.state in OFF
        self._need(one, "claimed", "changes_requested", *OFF)
        if late and self.ended_at is not None and now > self.ended_at + LATE:
            raise Refused("illegal_transition")
        twins = [x for x in self.held if x.worker == one.worker and x.task == one.task and x is not one]
        if late and any(twin.state not in OFF for twin in twins):
            raise Refused("already_on_task")
        if blocked:
            self.typed(one, now)
            raise Refused("answer_invalid")
        if one.state == "claimed":
            self.slot_states[one.slot] = "delivered"
        one.state = "surplus" if late else "submitted"
        one.lease_end = one.lease_left = one.resubmit_by = None
        one.auto_at, one.handed_in, one.checks_pass = now + SILENCE, True, checks_pass
        one.submitted_at, one.late = now, late

    def report(self, one: Held, reason: str, now: datetime) -> None:
        self._need(one, "claimed")
        one.state, one.lease_end, one.lease_left = "reported", None, None
        one.report_due, one.reason = now + ANSWER, reason
        alike = sum(x.state == "reported" and x.reason == reason for x in self.held)
        if alike % ALIKE == 0 and self.state == "open":
            self.pause(now)

    # What the desk does

    def start_review(self, one: Held, reviewer: str, now: datetime) -> None:
        self._undecided(one, reviewer, now)
        if one.state != "surplus":
            one.state, one.reviewer, one.desk_until = "in_review", reviewer, now + DESK

    def stop_review(self, one: Held, reviewer: str) -> None:
        if one.state == "in_review" and one.reviewer == reviewer:
            one.state, one.reviewer, one.desk_until = "submitted", None, None

    def approve(self, one: Held, reviewer: str, now: datetime) -> None:
        self._undecided(one, reviewer, now)
        self._settle(one, seen=True, now=now)
        one.approved_by, one.approved_at = reviewer, now

    def correct(self, one: Held, reviewer: str, now: datetime, *, second: bool) -> None:
        self._undecided(one, reviewer, now)
        self._settle(one, seen=not second, now=now)
        one.approved_by, one.approved_at = reviewer, now
        one.corrector = reviewer if second else None

    def undo(self, one: Held, reviewer: str, now: datetime) -> None:
        if one.state != "approved" or one.approved_by is None or one.approved_at is None:
            raise Refused("illegal_transition")
        if one.approved_by != reviewer:
            raise Refused("not_own_approval")
        if now - one.approved_at > GRACE:
            raise Refused("undo_too_late")
        if self.state == "completed":
            raise Refused("batch_completed")
        if any(x.task == one.task and x.accepted for x in self.held):
            raise Refused("already_chosen")
        others = [
            x for x in self.held if x.slot == one.slot and x is not one and x.state in ("approved", "settled")
        ]
        settled = self.slot_states[one.slot] == "settled"
        filled = not one.late or (settled and (one.use != "unused" or not others))
        if not one.late and not settled:
            raise Refused("illegal_transition")
        if filled:
            self.slot_states[one.slot] = "delivered"
            if one.late:
                self._free(one.slot)
        one.state, one.use, one.approved_by, one.corrector = (
            "surplus" if one.late else "in_review",
            "",
            None,
            None,
        )
        assert one.submitted_at is not None
        one.auto_at = max(one.submitted_at + SILENCE, now + DAY)
        if not one.late:
            one.reviewer, one.desk_until = reviewer, now + DESK

    def request_changes(self, one: Held, reviewer: str, now: datetime) -> None:
        self._undecided(one, reviewer, now, busy_first=True)
        if one.rounds >= 2:
            raise Refused("rounds_used_up")
        self._need(one, "submitted", "in_review")
        one.state, one.reviewer, one.desk_until, one.auto_at = "changes_requested", None, None, None
        one.rounds, one.resubmit_by = one.rounds + 1, now + WINDOW

    def reject(self, one: Held, reviewer: str, now: datetime) -> None:
        self._undecided(one, reviewer, now, busy_first=True)
        handed_in = sum(x.handed_in for x in self.held)
        rejected = sum(x.state == "rejected" for x in self.held)
        if rejected >= max(3, handed_in * 30 // 100):
            raise Refused("rejection_cap")
        self._need(one, "submitted", "in_review", "surplus")
        late, one.state = one.state == "surplus", "rejected"
        one.auto_at = one.desk_until = None
        if not late:
            self._free(one.slot)

    def accept(self, one: Held, reviewer: str) -> None:
        if one.corrector == reviewer:
            raise Refused("second_person_needed")
        if one.state != "approved" or one.use == "used":
            raise Refused("illegal_transition")
        if self.slot_states[one.slot] in ("held", "delivered"):
            raise Refused("slot_in_work")
        if self.slot_states[one.slot] == "open":
            self.slot_states[one.slot] = "settled"
        for other in self.held:
            if other.task == one.task and other.use in ("used", "unseen"):
                other.use = "unused"
        one.use, one.accepted = "used", True

    # What the director does

    def free(self, one: Held) -> None:
        self._need(one, "claimed")
        self._leave(one, "released")

    def answer_report(self, one: Held, now: datetime) -> None:
        if one.report_due is None:
            raise Refused("report_closed")
        if self.deadline is not None and self.deadline <= now:
            raise Refused("deadline_passed")
        one.state, one.report_due = "claimed", None
        if self.state == "paused":
            one.lease_left = LEASE
        else:
            one.lease_end = self._capped(now + LEASE)

    def agree(self, one: Held) -> None:
        if one.report_due is None:
            raise Refused("report_closed")
        one.state, one.report_due = "settled", None
        self.slot_states[one.slot] = "settled"

    def pause(self, now: datetime) -> None:
        self._batch_in("open")
        self.state, self.paused_at = "paused", now
        for one in self._claimed():
            assert one.lease_end is not None
            one.lease_left, one.lease_end = max(one.lease_end - now, timedelta(0)), None

    def resume(self, now: datetime) -> None:
        self._batch_in("paused")
        self._run_on("open", now)

    def close(self, now: datetime) -> None:
        self._batch_in("open", "paused")
        self._end("closed", now)

    def cancel(self, now: datetime) -> None:
        self._batch_in("open", "paused")
        self._end("cancelled", now)

    # What time does

    def ring(self, now: datetime) -> None:
        """Every clock that has run out, until none does."""
        while self._ring_once(now):
            pass

    def _ring_once(self, now: datetime) -> int:
        return sum(
            [
                # Leases first, as in the sweep: what they free is there for late work that is approved.
                sum(
                    self._ring(one, now) for one in sorted(self.held, key=lambda one: one.state != "claimed")
                ),
                self._ring_batch(now),
            ]
        )

    def _ring(self, one: Held, now: datetime) -> bool:
        if one.state == "claimed" and one.lease_end is not None and one.lease_end <= now:
            self._leave(one, "expired")
        elif one.state == "reported" and one.report_due is not None and one.report_due <= now:
            self.agree(one)
        elif one.state == "in_review" and one.desk_until is not None and one.desk_until <= now:
            one.state, one.reviewer, one.desk_until = "submitted", None, None
        elif one.state == "changes_requested" and one.resubmit_by is not None and one.resubmit_by <= now:
            one.state, one.resubmit_by, one.auto_at = "submitted", None, now + SILENCE
        elif (
            one.state in ("submitted", "in_review", "surplus")
            and one.auto_at is not None
            and one.auto_at <= now
        ):
            if one.state == "surplus" and not one.checks_pass:
                one.auto_at = now + SILENCE
            else:
                self._settle(one, seen=False, now=now)
        else:
            return False
        return True

    def _ring_batch(self, now: datetime) -> bool:
        if self.state in ("open", "paused"):
            past = self.deadline is not None and self.deadline <= now
            stale = self.paused_at is not None and self.paused_at + PAUSE <= now
            if past or stale:
                self._end("closed", now)
                return True
        if self.state in ("open", "closed") and all(s in ("settled", "cancelled") for s in self.slot_states):
            self.state, self.ended_at = "completed", self.ended_at or now
            return True
        return False

    def task_state(self, task: int) -> str:
        states = {self.slot_states[number] for number, of in enumerate(self.slots) if of == task}
        for found, state in (
            ("open", "open"),
            ("held", "claimed"),
            ("delivered", "in_review"),
            ("settled", "done"),
        ):
            if found in states:
                return state
        return "cancelled"

    # Parts

    def _need(self, one: Held, *states: str) -> None:
        if one.state not in states:
            raise Refused("illegal_transition")

    def _batch_in(self, *states: str) -> None:
        if self.state not in states:
            raise Refused("illegal_transition")

    def _undecided(self, one: Held, reviewer: str, now: datetime, *, busy_first: bool = False) -> None:
        leased = one.state == "in_review" and one.desk_until is not None and one.desk_until > now
        if leased and one.reviewer != reviewer:
            raise Refused("reviewed_by_other")
        if not busy_first:
            self._need(one, "submitted", "in_review", "surplus")

    def _claimed(self) -> list[Held]:
        return [one for one in self.held if one.state == "claimed"]

    def _capped(self, moment: datetime) -> datetime:
        return moment if self.deadline is None else min(moment, self.deadline)

    def _leave(self, one: Held, state: str) -> None:
        one.state, one.lease_end, one.lease_left = state, None, None
        self._free(one.slot)

    def _free(self, slot: int) -> None:
        self.slot_states[slot] = "cancelled" if self.state in ENDED else "open"

    def _settle(self, one: Held, *, seen: bool, now: datetime) -> None:
        has_slot = one.state != "surplus" or self.slot_states[one.slot] == "open"
        if has_slot:
            self.slot_states[one.slot] = "settled"
            one.use = "unseen" if not seen else "used" if self.answers == 1 else "unused"
        else:
            one.use = "unused"
        one.state, one.auto_at, one.desk_until = "approved", None, None

    def _run_on(self, state: str, now: datetime) -> None:
        for one in self._claimed():
            if one.lease_left is not None:
                one.lease_end, one.lease_left = self._capped(now + one.lease_left), None
        self.state, self.paused_at = state, None

    def _end(self, state: str, now: datetime) -> None:
        self._run_on(state, now)
        self.ended_at = now
        self.slot_states = ["cancelled" if s == "open" else s for s in self.slot_states]
