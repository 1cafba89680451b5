"""A check found later: stated beside one answer, then a job looks through all that were received.

The job commits some answers at a time and may be run again at any point: it goes on behind the last one.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import DESK, stores_of
from accounts.models import User
from events import record
from jobs import stopping
from kernel import clock
from kernel.errors import Conflict
from tasks import jobs, topics
from tasks.answers.check_kinds import as_json
from tasks.answers.checks import Check, CheckResult
from tasks.domain import later_places, later_scope, traces
from tasks.domain.repair_scope import last_submissions
from tasks.domain.versions import known
from tasks.errors import legal
from tasks.models import Assignment, LaterCheck, LaterFinding, Submission
from tasks.states import JobState

# So many answers are looked at in one transaction.
CHUNK = 200
RUNNING_AT_MOST = 5
GOING_ON = (JobState.QUEUED, JobState.RUNNING)


def try_on(*, submission_id: int, check: object, by: User, now: datetime) -> CheckResult:
    """What a check finds in this one answer; nothing is kept. Raises `Missing`, `ChecksRefused`."""
    submission = traces.answer_at_desk(submission_id, by, now)
    return later_scope.judge(_read(submission, check), submission)


def _read(submission: Submission, check: object) -> Check:
    return later_scope.read_check(known(submission.assignment.template_version_id).form, check)


@transaction.atomic
def start(*, submission_id: int, check: object, by: User, now: datetime) -> LaterCheck:
    """Begins to look through all answers of the same work, by any version that has the field.

    Those of the company's stores at whose desk the person sits. Raises `Missing`, `ChecksRefused`, and
    `Conflict` while five others of the company run.
    """
    submission = traces.answer_at_desk(submission_id, by, now)
    read = _read(submission, check)
    version = submission.assignment.template_version
    company = submission.assignment.step.batch.store.company
    going_on = LaterCheck.objects.filter(company=company, state__in=GOING_ON)
    if going_on.count() >= RUNNING_AT_MOST:
        text = _("Several checks are being run at this moment. Wait until one has ended.")
        raise Conflict("later_checks_running", text)
    definition = as_json(read)
    made = LaterCheck.objects.create(
        company=company,
        version=version,
        versions=later_scope.versions_with_field(version, definition, company.pk),
        definition=definition,
        created_by=by,
        created_at=now,
    )
    made.stores.set(stores_of(by, now, *DESK).filter(company=company))
    _tell(made, "queued", actor=by.pk)
    jobs.run_later_check.enqueue(made.pk)
    return made


# The job's side


def run(*, later_check_id: int) -> None:
    """Looks through the answers, batch by batch. Safe to run again, also after a crash."""
    later = _begin(later_check_id)
    if later is None:
        return
    for batch_id in later_scope.batches_of(later):
        while _chunk(later_check_id, batch_id):
            stopping()
    _end(later_check_id, "finish", clock.now())


@transaction.atomic
def _begin(later_check_id: int) -> LaterCheck | None:
    later = _lock(later_check_id)
    if later.state not in GOING_ON:
        return None
    with legal(later.state, "start"):
        later.start()
    left = later_scope.received(later, later_scope.batches_of(later))
    done = left.filter(batch=later.cursor_batch, pk__lte=later.cursor).count()
    later.total = later.looked_at + left.count() - done
    later.save(update_fields=["state", "total"])
    return later


def _lock(later_check_id: int) -> LaterCheck:
    rows = LaterCheck.objects.select_for_update(of=("self",)).select_related("version__template")
    return rows.get(pk=later_check_id)


@transaction.atomic
def _chunk(later_check_id: int, batch_id: int) -> bool:
    """Looks at the next answers of a batch; False when none is left."""
    later = _lock(later_check_id)
    if later.state != JobState.RUNNING:
        return False
    after = later.cursor if later.cursor_batch == batch_id else 0
    rows = later_scope.received(later, [batch_id]).filter(pk__gt=after)
    rows = rows.select_related("task__unit").defer("draft", "task__unit__values")
    some = list(rows[:CHUNK])
    if not some:
        return False
    found = list(_failing(later, some))
    places = later_places.places_of({one.submission_id for one in found})
    for one in found:
        one.place = places[one.submission_id]
    LaterFinding.objects.bulk_create(found)
    later_places.count(later, [one.place for one in found])
    later.cursor_batch, later.cursor = batch_id, some[-1].pk
    later.looked_at, later.failing = later.looked_at + len(some), later.failing + len(found)
    counted = ("cursor_batch", "cursor", "looked_at", "failing", *later_places.COUNTERS.values())
    later.save(update_fields=["state", *counted])
    told: dict[str, Any] = {"later_check": later.pk}
    record("later_check.progressed", topics=[topics.of_later_check(later)], actor=None, **told)
    return True


def _failing(later: LaterCheck, rows: list[Assignment]) -> Iterable[LaterFinding]:
    checks: dict[int, Check | None] = {}
    answers = last_submissions(rows)
    for row in rows:
        version = row.template_version_id
        if version not in checks:
            checks[version] = later_scope.check_for(later.definition, version)
        check, submission = checks[version], answers[row.pk]
        submission.assignment = row
        result = later_scope.judge(check, submission) if check is not None else None
        if result is not None and not result.passed:
            unit = row.task.unit
            yield LaterFinding(
                later_check=later,
                submission=submission,
                batch_id=row.batch_id,
                worker_id=row.worker_id,
                key=unit.key,
                title=unit.title,
                result=result.as_json(),
            )


def give_up(*, later_check_id: int, now: datetime) -> None:
    """The job failed for good: what was found so far stays to be read."""
    _end(later_check_id, "fail", now)


@transaction.atomic
def _end(later_check_id: int, verb: str, now: datetime) -> None:
    later = _lock(later_check_id)
    if later.state not in GOING_ON:
        return
    with legal(later.state, verb):
        getattr(later, verb)()
    later.finished_at = now
    later.save(update_fields=["state", "finished_at"])
    _tell(later, "done" if verb == "finish" else "failed", actor=None)


def _tell(later: LaterCheck, what: str, *, actor: int | None) -> None:
    told: dict[str, Any] = {"later_check": later.pk}
    heard = [topics.of_later_check(later), f"user.{later.created_by_id}"]
    record(f"later_check.{what}", topics=heard, actor=actor, **told)
