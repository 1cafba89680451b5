"""What follows from events: reminders in people's inboxes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from accounts.domain.queries import member_ids
from accounts.models import Membership
from events.queries import EventRow
from events.readers import reader
from kernel.clock import now
from notify.domain import notify
from notify.models import Notice
from tasks import rules
from tasks.domain import windows
from tasks.domain.corrections import second_people
from tasks.models import Assignment, Batch, Correction, Import, LaterCheck, Question, Repair, Reply, Review
from tasks.states import Decision, JobState

# So much of a question or answer stands in its notice.
TOLD = 200


def _to_worker(kind: str) -> Callable[[EventRow], None]:
    def tell(event: EventRow) -> None:
        assignment = _assignment(event)
        if assignment is not None:
            params = {
                **_params(assignment, event),
                "days": assignment.step.resubmit_days,
                "hours": event.payload.get("hours"),
            }
            _notify(event, [assignment.worker_id], kind, params, f"/work/{assignment.pk}/")

    return tell


def _to_reviewers(event: EventRow) -> None:
    assignment = _assignment(event)
    if assignment is not None:
        people = member_ids(assignment.store_id, now(), *rules.REVIEW_ROLES)
        params = {
            **_params(assignment, event),
            "percent": event.payload["percent"],
            "submission": assignment.submissions.order_by("-number").values_list("pk", flat=True).first(),
        }
        _notify(event, people, windows.REVIEW_DUE, params, f"/review/?batch={assignment.batch_id}")
        if not people:
            _nobody_to_tell(assignment, windows.REVIEW_DUE)


def _reported(event: EventRow) -> None:
    assignment = _assignment(event)
    if assignment is not None:
        people = member_ids(assignment.store_id, now(), *rules.DIRECT_ROLES)
        params = _params(assignment, event)
        path = f"/batches/{assignment.batch_id}/reports/#r{event.payload['report']}"
        _notify(event, people, windows.REPORTED, params, path)
        if not people:
            _nobody_to_tell(assignment, windows.REPORTED)


def _nobody_to_tell(assignment: Assignment, kind: str) -> None:
    """A store without people must not keep a worker waiting for their money."""
    windows.start(assignment_id=assignment.pk, notice=kind, submission_id=None, now=now())


def _handed_over(event: EventRow) -> None:
    """A clock may start: from the moment the notice was handed over."""
    notice = Notice.objects.filter(pk=event.payload["notice"]).first()
    if notice is not None and notice.handed_over_at is not None and "assignment" in notice.params:
        windows.start(
            assignment_id=notice.params["assignment"],
            notice=notice.kind,
            submission_id=notice.params.get("submission"),
            now=notice.handed_over_at,
        )


def _params(assignment: Assignment, event: EventRow) -> dict[str, Any]:
    """What the words of a notice about work name, and which window waits for it."""
    return {
        "product": assignment.task.unit.title,
        **_place(assignment.batch),
        "assignment": assignment.pk,
        "submission": event.payload.get("submission"),
    }


def _place(batch: Batch) -> dict[str, Any]:
    """Where it happened: a person may work for several stores. Needs `store` loaded."""
    return {"store": batch.store.name, "batch": batch.title}


def _to_directors(kind: str, path: str) -> Callable[[EventRow], None]:
    def tell(event: EventRow) -> None:
        batch = Batch.objects.select_related("store").filter(pk=event.payload["batch"]).first()
        if batch is not None:
            people = member_ids(batch.store_id, now(), *rules.DIRECT_ROLES)
            _notify(event, people, kind, _place(batch), f"/batches/{batch.pk}/{path}")

    return tell


def _approved(event: EventRow) -> None:
    correction = Correction.objects.filter(submission=event.payload["submission"]).first()
    _to_worker("corrected" if correction else "approved")(event)
    if correction is not None and correction.second_person:
        _to_second_people(event, correction)
    elif event.payload["use"] == "unseen":
        _to_directors("unseen", "?show=unseen")(event)


def _to_second_people(event: EventRow, correction: Correction) -> None:
    assignment = _assignment(event)
    if assignment is not None:
        people = second_people(assignment, correction.corrected_by_id, now())
        params = {"product": assignment.task.unit.title, **_place(assignment.batch)}
        _notify(event, people, "second_person", params, f"/review/{correction.submission_id}/")


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


def _manual_changed(event: EventRow) -> None:
    held = Assignment.objects.filter(pk__in=event.payload["assignments"])
    for assignment in held.select_related("task__unit", "batch__store"):
        params = {"product": assignment.task.unit.title, **_place(assignment.batch)}
        path = f"/work/{assignment.pk}/"
        _notify(event, [assignment.worker_id], "manual_changed", params, path)


def _repaired(event: EventRow) -> None:
    """The directors hear of it, and everybody whose work was paid, once for all of their answers."""
    _to_directors("repair_done", "repair/?report=1")(event)
    repair = Repair.objects.select_related("batch__store").filter(pk=event.payload["repair"]).first()
    if repair is None:
        return
    excused = Review.objects.filter(
        decision=Decision.EXCUSED,
        submission__assignment__batch=repair.batch,
        created_at__gte=_begun(repair),
        # Told of late, a repair must not speak of what the next one has paid.
        created_at__lte=repair.finished_at,
    )
    by_worker = excused.order_by().values_list("submission__assignment__worker").annotate(n=Count("pk"))
    for worker, n in by_worker:
        _notify(event, [worker], "set_aside", {**_place(repair.batch), "n": n}, "/my-work/?tab=done")


def _begun(repair: Repair) -> datetime:
    """When its first try began: whoever was paid by one that broke off hears of it with the last one."""
    tries = Repair.objects.filter(batch=repair.batch_id, pk__lte=repair.pk)
    before = tries.filter(pk__lt=repair.pk, state=JobState.DONE).order_by("-pk").values_list("pk", flat=True)
    return tries.filter(pk__gt=before.first() or 0).earliest("pk").created_at


def _asked(event: EventRow) -> None:
    question = Question.objects.select_related("batch__store").filter(pk=event.payload["question"]).first()
    if question is not None and question.hidden_at is None:
        people = member_ids(question.batch.store_id, now(), *rules.DIRECT_ROLES)
        params = {**_place(question.batch), "text": question.text[:TOLD]}
        others = [pk for pk in people if pk != event.actor]
        _notify(event, others, "question_asked", params, f"/questions/{question.pk}/")


def _answered(event: EventRow) -> None:
    reply = Reply.objects.select_related("question__batch__store").filter(pk=event.payload["reply"]).first()
    if reply is not None and reply.question.asked_by_id != event.actor:
        question = reply.question
        params = {**_place(question.batch), "text": reply.text[:TOLD]}
        path = f"/questions/{question.pk}/"
        _notify(event, [question.asked_by_id], "question_answered", params, path)


def _looked_through(kind: str) -> Callable[[EventRow], None]:
    """Whoever began it may have gone on to other work."""

    def tell(event: EventRow) -> None:
        rows = LaterCheck.objects.select_related("company")
        later = rows.filter(pk=event.payload["later_check"]).first()
        if later is not None:
            params = {
                "store": later.company.name,
                "looked_at": later.looked_at,
                "failing": later.failing,
            }
            _notify(event, [later.created_by_id], kind, params, f"/checks/{later.pk}/")

    return tell


def _signed_in(event: EventRow) -> None:
    _notify(event, [event.payload["person"]], "signed_in", {}, "/accounts/sessions/")


def _member_ending(event: EventRow) -> None:
    found = Membership.objects.filter(
        store=event.payload["store"], user=event.payload["person"], role=event.payload["role"]
    )
    member = found.select_related("store", "user").first()
    if member is not None and member.until is not None:
        last = (member.until - timedelta(microseconds=1)).astimezone(member.user.zone).date()
        params = {"store": member.store.name, "day": last.isoformat()}
        _notify(event, [member.user_id], "member_ending", params, "/settings/places/")


HANDLERS: dict[str, Callable[[EventRow], None]] = {
    "person.signed_in": _signed_in,
    "member.ending": _member_ending,
    "assignment.changes_requested": _to_worker("changes_requested"),
    "assignment.approved": _approved,
    "assignment.approval_undone": _to_worker("approval_undone"),
    "assignment.rejected": _to_worker("rejected"),
    "assignment.expired": _to_worker("expired"),
    "assignment.window_ended": _to_worker("window_ended"),
    "assignment.reminded": _to_reviewers,
    "assignment.window_near": _to_worker("window_ending"),
    "assignment.lease_near": _to_worker("lease_ending"),
    "assignment.reported": _reported,
    "assignment.report_answered": _to_worker("report_answered"),
    "assignment.settled": _to_worker("report_settled"),
    "assignment.freed": _to_worker("freed"),
    "notice.handed_over": _handed_over,
    "batch.paused": _by_clock(_to_directors("paused", "")),
    "batch.deadline_near": _to_directors("deadline_near", ""),
    "batch.unseen_waits": _to_directors("unseen", "?show=unseen"),
    "batch.closed": _by_clock(_to_directors("closed", "")),
    "batch.completed": _to_directors("completed", "results/"),
    "batch.pilot_decided": _to_directors("pilot_decided", ""),
    "assignments.moved_on": _manual_changed,
    "repair.done": _repaired,
    "repair.failed": _to_directors("repair_failed", ""),
    "later_check.done": _looked_through("later_check_done"),
    "later_check.failed": _looked_through("later_check_failed"),
    "question.asked": _asked,
    "question.answered": _answered,
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
    rows = Assignment.objects.select_related("task__unit", "batch__store", "step")
    return rows.filter(pk=event.payload["assignment"]).first()


def _notify(event: EventRow, people: list[int], kind: str, params: dict[str, Any], path: str) -> None:
    notify(event_id=event.id, user_ids=people, kind=kind, params=params, path=path, now=now())
