"""What follows from events: reminders in people's inboxes."""

from collections.abc import Callable
from typing import Any

from accounts.domain.queries import member_ids
from events.queries import EventRow
from events.readers import reader
from kernel.clock import now
from notify.domain import notify
from tasks import rules
from tasks.models import Assignment, Batch, Import


def _to_worker(kind: str) -> Callable[[EventRow], None]:
    def tell(event: EventRow) -> None:
        assignment = _assignment(event)
        if assignment is not None:
            params = {"product": assignment.task.unit.title, "batch": assignment.batch.title}
            _notify(event, [assignment.worker_id], kind, params, f"/work/{assignment.pk}/")

    return tell


def _to_reviewers(event: EventRow) -> None:
    assignment = _assignment(event)
    if assignment is not None:
        people = member_ids(assignment.store_id, now(), *rules.REVIEW_ROLES)
        params = {"product": assignment.task.unit.title, "percent": event.payload["percent"]}
        _notify(event, people, "review_due", params, f"/review/?batch={assignment.batch_id}")


def _to_directors(kind: str, path: str) -> Callable[[EventRow], None]:
    def tell(event: EventRow) -> None:
        batch = Batch.objects.filter(pk=event.payload["batch"]).first()
        if batch is not None:
            people = member_ids(batch.store_id, now(), *rules.DIRECT_ROLES)
            _notify(event, people, kind, {"batch": batch.title}, f"/batches/{batch.pk}/{path}")

    return tell


def _approved(event: EventRow) -> None:
    _to_worker("approved")(event)
    if event.payload["use"] == "unseen":
        _to_directors("unseen", "?show=unseen")(event)


def _by_clock(tell: Callable[[EventRow], None]) -> Callable[[EventRow], None]:
    """Only what happened by itself needs telling: whoever did it knows."""

    def told(event: EventRow) -> None:
        if event.actor is None:
            tell(event)

    return told


def _import_landed(event: EventRow) -> None:
    # An inspection is watched by whoever waits for it in the wizard.
    if not Import.objects.filter(pk=event.payload["import"], inspect_only=True).exists():
        _to_directors("import_landed", "")(event)


HANDLERS: dict[str, Callable[[EventRow], None]] = {
    "assignment.changes_requested": _to_worker("changes_requested"),
    "assignment.approved": _approved,
    "assignment.rejected": _to_worker("rejected"),
    "assignment.expired": _to_worker("expired"),
    "assignment.window_ended": _to_worker("window_ended"),
    "assignment.reminded": _to_reviewers,
    "batch.deadline_near": _to_directors("deadline_near", ""),
    "batch.unseen_waits": _to_directors("unseen", "?show=unseen"),
    "batch.closed": _by_clock(_to_directors("closed", "")),
    "batch.completed": _to_directors("completed", "results/"),
    "import.landed": _import_landed,
    "import.failed": _to_directors("import_failed", ""),
    "release.done": _to_directors("release_done", "results/"),
    "release.failed": _to_directors("release_failed", "results/"),
}


@reader("notify")
def on_event(event: EventRow) -> None:
    handler = HANDLERS.get(event.name)
    if handler is not None:
        handler(event)


def _assignment(event: EventRow) -> Assignment | None:
    rows = Assignment.objects.select_related("task__unit", "batch")
    return rows.filter(pk=event.payload["assignment"]).first()


def _notify(event: EventRow, people: list[int], kind: str, params: dict[str, Any], path: str) -> None:
    notify(event_id=event.id, user_ids=people, kind=kind, params=params, path=path, now=event.at)
