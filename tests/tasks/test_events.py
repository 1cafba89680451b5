"""Every event of this room happens somewhere, carries what its schema names, and reaches who it concerns."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from events import record
from events.dispatcher import dispatch_once
from events.models import Event, EventAudience
from events.queries import after
from events.readers import run_readers
from events.registry import COMMON, EVENTS
from kernel.clock import now
from notify.models import Notice
from notify.texts import TEXTS
from tasks.domain import batches
from tasks.handlers import HANDLERS, on_event
from tasks.models import Assignment, Batch, LaterCheck
from tests.factories import Cast, make_cast
from tests.tasks.domain.world import plain_batch, take
from tests.tasks.plays import everything_happens

pytestmark = pytest.mark.django_db

ROOM = (
    "batch.",
    "import.",
    "assignment.",
    "assignments.",
    "release.",
    "template.",
    "upload.",
    "later_check.",
    "operation.",
    "plan.",
)
OURS = {name for name in EVENTS if name.startswith(ROOM)}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def test_every_registered_event_happens_with_all_that_its_schema_names(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything_happens(cast, monkeypatch)
    found: dict[str, set[str]] = {}
    for event in Event.objects.all():
        found.setdefault(event.name, set()).update(event.payload)
    assert OURS - set(found) == set()
    for name in OURS:
        assert found[name] == EVENTS[name] - COMMON, name


def test_every_event_is_about_ids_and_codes_only(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_happens(cast, monkeypatch)
    for event in Event.objects.filter(name__in=OURS):
        for key, value in event.payload.items():
            values = value if isinstance(value, list) else [value]
            assert all(isinstance(one, int) for one in values) or key in ("code", "use"), (event.name, key)


def test_nobody_elses_topics_hear_of_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_happens(cast, monkeypatch)
    topics = set(EventAudience.objects.filter(event__name__in=OURS).values_list("topic", flat=True))
    shops = {f"store.{cast.store.pk}", f"review.store.{cast.store.pk}", f"work.store.{cast.store.pk}"}
    lots = {f"batch.{pk}" for pk in Batch.objects.values_list("pk", flat=True)}
    people = {f"user.{cast.ben.pk}"}
    people |= {f"user.{cast.aya.pk}"}
    looks = {f"later_check.{pk}" for pk in LaterCheck.objects.values_list("pk", flat=True)}
    assert topics <= shops | lots | people | looks | {f"company.{cast.company.pk}", "templates.shipped"}


def notices(event_id: int) -> list[tuple[str, str, str]]:
    while dispatch_once():
        pass
    while run_readers():
        pass
    rows = Notice.objects.filter(event_id=event_id).select_related("user").order_by("user__name")
    return [(notice.user.name, notice.kind, notice.path) for notice in rows]


WORKER, DIRECTOR, DESK = ["Ben"], ["Aya"], ["Aya", "Dai"]
HEARD: dict[str, tuple[str, list[str], str]] = {
    "assignment.changes_requested": ("changes_requested", WORKER, "/work/{a}/"),
    "assignment.approved": ("approved", WORKER, "/work/{a}/"),
    "assignment.rejected": ("rejected", WORKER, "/work/{a}/"),
    "assignment.expired": ("expired", WORKER, "/work/{a}/"),
    "assignment.window_ended": ("window_ended", WORKER, "/work/{a}/"),
    "assignment.reminded": ("review_due", DESK, "/review/?batch={b}"),
    "assignment.window_near": ("window_ending", WORKER, "/work/{a}/"),
    "assignment.lease_near": ("lease_ending", WORKER, "/work/{a}/"),
    "assignment.reported": ("report_received", DIRECTOR, "/batches/{b}/reports/#r1"),
    "assignment.report_answered": ("report_answered", WORKER, "/work/{a}/"),
    "assignment.settled": ("report_settled", WORKER, "/work/{a}/"),
    "assignment.freed": ("freed", WORKER, "/work/{a}/"),
    "batch.paused": ("paused", DIRECTOR, "/batches/{b}/"),
    "batch.deadline_near": ("deadline_near", DIRECTOR, "/batches/{b}/"),
    "batch.unseen_waits": ("unseen", DIRECTOR, "/batches/{b}/?show=unseen"),
    "batch.closed": ("closed", DIRECTOR, "/batches/{b}/"),
    "batch.completed": ("completed", DIRECTOR, "/batches/{b}/results/"),
    "import.landed": ("import_landed", DIRECTOR, "/batches/{b}/"),
    "import.failed": ("import_failed", DIRECTOR, "/batches/{b}/"),
    "release.done": ("release_done", DIRECTOR, "/batches/{b}/results/"),
    "release.failed": ("release_failed", DIRECTOR, "/batches/{b}/results/"),
}


# What names more than a batch or an assignment is tested where it happens; a clock is no notice.
ELSEWHERE = {
    "person.signed_in",
    "member.ending",
    "assignment.approval_undone",
    "assignments.moved_on",
    "notice.handed_over",
    "batch.pilot_decided",
    "repair.done",
    "repair.failed",
    "question.asked",
    "question.answered",
    "later_check.done",
    "later_check.failed",
}


def test_every_handler_is_tested_here() -> None:
    assert set(HEARD) | ELSEWHERE == set(HANDLERS)
    assert {kind for kind, _who, _path in HEARD.values()} <= set(TEXTS)


def happen(name: str, batch: Batch, held: Assignment, more: Mapping[str, Any] | None = None) -> int:
    """Records the event with everything that its schema names."""
    values = {
        "assignment": held.pk,
        "task": held.task_id,
        "batch": batch.pk,
        "use": "used",
        "percent": 50,
        "hours": 5,
    }
    payload: dict[str, Any] = {key: values.get(key, 1) for key in EVENTS[name] - COMMON}
    payload |= more or {}
    with transaction.atomic():
        return record(name, topics=[f"batch.{batch.pk}"], actor=None, **payload)


@pytest.mark.both
@pytest.mark.parametrize("name", HEARD)
def test_who_hears_of_it_in_their_inbox(cast: Cast, name: str) -> None:
    batch = plain_batch(cast)
    held = take(batch, cast.ben)
    kind, names, path = HEARD[name]
    event = happen(name, batch, held)
    assert notices(event) == [(who, kind, path.format(a=held.pk, b=batch.pk)) for who in names]


@pytest.mark.parametrize("name", HEARD)
def test_hearing_of_it_twice_tells_it_once(cast: Cast, name: str) -> None:
    batch = plain_batch(cast)
    event = happen(name, batch, take(batch, cast.ben))
    heard = notices(event)
    (row,) = [one for one in after(0, 1000) if one.id == event]
    on_event(row)
    assert notices(event) == heard


@pytest.mark.parametrize("name", HEARD)
def test_an_event_of_something_gone_does_not_hold_up_the_reader(cast: Cast, name: str) -> None:
    batch = plain_batch(cast)
    gone: dict[str, int] = {key: 10**9 for key in ("batch", "assignment") if key in EVENTS[name]}
    assert notices(happen(name, batch, take(batch, cast.ben), gone)) == []


def test_silence_is_told_to_the_director_too(cast: Cast) -> None:
    batch = plain_batch(cast)
    held = take(batch, cast.ben)
    event = happen("assignment.approved", batch, held, {"use": "unseen"})
    assert [(who, kind) for who, kind, _path in notices(event)] == [("Aya", "unseen"), ("Ben", "approved")]


def test_who_did_it_needs_no_notice(cast: Cast) -> None:
    batch = plain_batch(cast)
    batches.close(batch_id=batch.pk, by=cast.aya, now=now())
    event = Event.objects.filter(name="batch.closed").latest("id")
    assert notices(event.pk) == []


def test_somebody_who_left_the_store_hears_nothing(cast: Cast) -> None:
    batch = plain_batch(cast)
    held = take(batch, cast.ben)
    cast.dai.memberships.update(until=now())
    User.objects.filter(pk=cast.aya.pk).update(is_active=False)
    assert notices(happen("assignment.reminded", batch, held)) == []
