"""A batch over a template with one line of text, quick to fill in, and what the tests do to it."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import clocks, counts, releases, reports, templates, windows
from tasks.domain.claim import claim_next
from tasks.domain.submit import submit
from tasks.models import Assignment, Batch, Release, Slot, Step, Submission, Task, Template
from tasks.states import JobState, SlotState, task_state
from tests.factories import Cast, make_batch

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

CONTENT: dict[str, Any] = {
    "manual_ja": "",
    "manual_en": "",
    "inputs": [{"name": "title", "kind": "text", "label": {"ja": "商品名", "en": "Title"}}],
    "form": {
        "type": "object",
        "required": ["title"],
        "x-order": ["title", "note", "contact"],
        "properties": {
            "title": {"type": "string", "x-column": "title", "x-label": {"ja": "商品名", "en": "Title"}},
            "note": {"type": "string", "x-label": {"ja": "メモ", "en": "Note"}},
            "contact": {
                "type": "string",
                "x-second-person": True,
                "x-label": {"ja": "連絡先", "en": "Contact"},
            },
        },
    },
    "checks": [
        {
            "id": "short",
            "kind": "length",
            "field": "title",
            "max": 40,
            "blocking": False,
            "label": {"ja": "短い", "en": "Short"},
        },
        {
            "id": "words",
            "kind": "banned",
            "field": "title",
            "words": ["最安"],
            "label": {"ja": "言葉", "en": "Words"},
        },
    ],
    "checklist": [{"id": "true", "label": {"ja": "事実である", "en": "It is true"}}],
    "defaults": {},
}
TOO_LONG_FOR_A_CHECK = "長" * 41


def plain_batch(cast: Cast, *, count: int = 3, **terms: Any) -> Batch:
    """Like `make_batch`, over the template "plain" of the cast's company."""
    template, made = Template.objects.get_or_create(
        company=cast.company, key="plain", defaults={"title_ja": "簡単", "title_en": "Plain"}
    )
    if made:
        templates.publish_version(template=template, content=CONTENT, by=None)
    return make_batch(cast, count=count, template="plain", **terms)


def take(batch: Batch, by: User, at: datetime | None = None) -> Assignment:
    return claim_next(batch_id=batch.pk, by=by, now=at or now())


def hand_in(held: Assignment, text: str = "良い商品名", at: datetime | None = None) -> Submission:
    fence = Assignment.objects.values_list("fence", flat=True).get(pk=held.pk)
    return submit(assignment_id=held.pk, answer={"title": text}, fence=fence, by=held.worker, now=at or now())


def handed_in(batch: Batch, by: User, at: datetime | None = None) -> Submission:
    return hand_in(take(batch, by, at), at=at)


def fresh(held: Assignment | Submission) -> Assignment:
    pk = held.assignment_id if isinstance(held, Submission) else held.pk
    return Assignment.objects.select_related("slot", "task", "batch").get(pk=pk)


def in_good_time() -> int:
    """Every notice that a clock waits for was handed over when it was written; returns how many."""
    started = 0
    for held in Assignment.objects.filter(clock_waits=True).select_related("step"):
        ends = {
            "changes_requested": (windows.RETURNED, held.resubmit_by, held.step.resubmit_days * DAY),
            "reported": (windows.REPORTED, held.report_due_at, reports.ANSWER_WITHIN),
        }
        silence = (windows.REVIEW_DUE, held.auto_approve_at, windows.last_stretch(held))
        kind, end, whole = ends.get(held.state, silence)
        if end is not None:
            started += windows.start(assignment_id=held.pk, notice=kind, submission_id=None, now=end - whole)
    return started


def sweep(at: datetime) -> dict[str, int]:
    """The clocks at a moment up to which mail went well."""
    in_good_time()
    found = clocks.sweep(now=at)
    if not in_good_time():
        return found
    again = clocks.sweep(now=at)
    return {name: count + again[name] for name, count in found.items()}


def check_books(batch: Batch) -> None:
    """What holds at every moment: tasks follow their slots, slots their holders, and counts are exact."""
    assert counts.drift(batch.pk) == {}
    check_money(batch)
    live: dict[int, list[tuple[str, str]]] = {}
    for held in Assignment.objects.filter(batch=batch).order_by("pk"):
        live.setdefault(held.slot_id, []).append((held.state, held.use))
    slots: dict[int, list[str]] = {}
    for slot in Slot.objects.filter(step__batch=batch):
        slots.setdefault(slot.task_id, []).append(slot.state)
        assert slot_of(live.get(slot.pk, [])) in (slot.state, SlotState.OPEN)
    for task in Task.objects.filter(batch=batch):
        assert task.state == task_state(slots[task.pk])


def check_money(batch: Batch) -> None:
    """What the counters say was paid is what the answers and the agreed reports come to."""
    found = Assignment.objects.filter(batch=batch).select_related("step")
    approved = [held for held in found if held.state == "approved"]
    settled = [reports.paid_share(held) for held in found if held.state == "settled"]
    tally = counts.tallies([batch.pk])[batch.pk]
    assert tally.paid == sum(held.reward for held in approved) + sum(settled)
    assert tally.aside == sum(held.reward for held in approved if held.set_aside)


def slot_of(holders: list[tuple[str, str]]) -> str:
    """The state that a slot's holders give it; open if they give none."""
    for state, slot in (
        ("claimed", SlotState.HELD),
        ("reported", SlotState.HELD),
        ("submitted", SlotState.DELIVERED),
        ("in_review", SlotState.DELIVERED),
        ("changes_requested", SlotState.DELIVERED),
    ):
        if state in [found for found, _use in holders]:
            return slot
    return SlotState.OPEN


def release(batch: Batch, format: str, **choices: Any) -> tuple[Release, bytes]:
    """A result file that the batch's maker asked for, written, and what is in it."""
    made = releases.request_release(
        batch_id=batch.pk, format=format, by=batch.created_by, now=now(), **choices
    )
    while run_pending():
        pass
    made = Release.objects.get(pk=made.pk)
    assert made.state == JobState.DONE, made.error
    with made.file.open("rb") as file:
        data = file.read()
    assert made.size == len(data)
    return made, data


def step_of(batch: Batch) -> Step:
    return Step.objects.get(batch=batch, position=1)
