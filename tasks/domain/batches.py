"""Posting work: make a batch, change it while it is a draft, and move it through its life."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import has_role, stores_of
from accounts.models import Store, User
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid
from kernel.transitions import move_many
from tasks import jobs, topics
from tasks.domain import counts, hold, source_checks, waiting
from tasks.domain.one_by_one import one_by_one
from tasks.errors import IllegalMove, Missing, RoleMissing, legal
from tasks.models import Batch, Import, Slot, Step, Template, TemplateVersion, Unit
from tasks.rules import DIRECT_ROLES
from tasks.states import RUNNING_BATCH, Audience, BatchState, JobState, PauseReason

REWARD_MAX = 1_000_000
LEASE_MAX_MINUTES = 43_200
CAP_MAX = 1_000_000
PILOT_MAX = 1000
PAUSED_AT_MOST = timedelta(days=14)


@dataclass(frozen=True)
class Terms:
    """What a batch offers. `reward` in yen per answer, `lease_minutes` in minutes; None means no limit."""

    title: str
    template: str
    audience: str
    open_to_all: bool = False
    reward: int = 0
    answers_per_task: int = 1
    lease_minutes: int = 60
    deadline: datetime | None = None
    per_worker_cap: int | None = None
    pilot_tasks: int | None = None

    @classmethod
    def names(cls) -> list[str]:
        return [field.name for field in fields(cls)]


@transaction.atomic
def create_batch(*, store_id: int, terms: Terms, by: User, now: datetime) -> Batch:
    """Makes a draft batch with one step. `Missing` for a foreign store, `Invalid` naming fields."""
    store = stores_of(by, now).filter(pk=store_id).first()
    if store is None:
        raise Missing
    _require_director(by, store_id, now)
    _check(terms, now)
    version = latest_version(terms.template, store)
    batch = Batch.objects.create(
        store=store, title=terms.title.strip(), created_by=by, deadline=terms.deadline
    )
    Step.objects.create(batch=batch, template_version=version, **_step_terms(terms))
    record("batch.created", topics=topics.of_batch(batch), actor=by.pk, batch=batch.pk)
    return batch


@transaction.atomic
def change_batch(*, batch_id: int, changes: Mapping[str, Any], by: User, now: datetime) -> Batch:
    """Changes the title at any time, the terms while the batch is a draft. Raises like `create_batch`.

    Answers per task cannot change once tasks were made from a source: its slots are laid out by then. An
    inspection makes none.
    """
    batch = lock_batch(batch_id, by, now)
    step = batch.steps.select_related("template_version__template").get(position=1)
    terms = terms_of(batch, step)
    changed = {name for name, value in changes.items() if getattr(terms, name) != value}
    if changed - {"title"} and batch.state != BatchState.DRAFT:
        raise Conflict("terms_fixed", _("The terms of a published batch cannot change."))
    present = (JobState.QUEUED, JobState.RUNNING, JobState.DONE)
    read = batch.imports.filter(inspect_only=False, state__in=present)
    laid_out = read.exclude(state=JobState.DONE, units_made=0).exists()
    if "answers_per_task" in changed and laid_out:
        raise Conflict(
            "source_present", _("The number of answers is fixed once a file was read. Remove the file first.")
        )
    terms = Terms(**{**vars(terms), **changes})
    _check(terms, now, changed)
    batch.title, batch.deadline = terms.title.strip(), terms.deadline
    batch.save(update_fields=["state", "title", "deadline"])
    for name, value in _step_terms(terms).items():
        setattr(step, name, value)
    if "template" in changed:
        step.template_version = latest_version(terms.template, batch.store)
        step.checks = _column_checks(batch, step.template_version)
    step.save()
    record("batch.changed", topics=topics.of_batch(batch), actor=by.pk, batch=batch.pk)
    return batch


def _column_checks(batch: Batch, version: TemplateVersion) -> list[dict[str, Any]]:
    """What the batch's file asks of this work. Raises `MappingRefused`."""
    landed = Q(mapping__isnull=False) | Q(inspect_only=False, state=JobState.DONE)
    rows = batch.imports.filter(landed).exclude(state=JobState.DISCARDED).select_related("mapping")
    latest = rows.order_by("-pk").first()
    return source_checks.checks_of(latest, version) if latest is not None else []


def terms_of(batch: Batch, step: Step) -> Terms:
    return Terms(
        title=batch.title,
        template=step.template_version.template.key,
        audience=step.audience,
        open_to_all=step.open_to_all,
        reward=step.reward,
        answers_per_task=step.answers_per_task,
        lease_minutes=step.lease_minutes,
        deadline=batch.deadline,
        per_worker_cap=step.per_worker_cap,
        pilot_tasks=step.pilot_tasks,
    )


def _step_terms(terms: Terms) -> dict[str, Any]:
    names = set(Terms.names()) - {"title", "template", "deadline"}
    return {name: getattr(terms, name) for name in names}


def latest_version(key: str, store: Store) -> TemplateVersion:
    """The newest version of the company's own template of that key, else of the shipped one."""
    has_version = Exists(TemplateVersion.objects.filter(template=OuterRef("pk")))
    offered = Template.objects.filter(has_version, archived_at=None)
    template = (
        offered.filter(key=key, company_id__in=[store.company_id]).first()
        or offered.filter(key=key, company=None).first()
    )
    version = template.versions.order_by("-number").first() if template else None
    if version is None:
        problem = FieldProblem("template", "unknown", _("There is no template of this name."))
        raise Invalid("batch_invalid", _("The batch could not be saved."), fields=[problem])
    return version


def _check(terms: Terms, now: datetime, changed: Collection[str] | None = None) -> None:
    """Only what is about to change: a deadline that has passed does not stop a new title."""
    problems = [
        FieldProblem(field, "out_of_range", message)
        for field, fine, message in (
            ("title", 0 < len(terms.title.strip()) <= 200, _("Give a title of at most 200 characters.")),
            ("audience", terms.audience in Audience.values, _("Choose own staff or freelancers.")),
            (
                "open_to_all",
                not terms.open_to_all or terms.audience == Audience.CROWD,
                _("Only freelance work can be open to every freelancer."),
            ),
            ("reward", 0 <= terms.reward <= REWARD_MAX, _("Give a reward between 0 and 1,000,000 yen.")),
            ("answers_per_task", 1 <= terms.answers_per_task <= 5, _("Ask for 1 to 5 answers per task.")),
            (
                "lease_minutes",
                1 <= terms.lease_minutes <= LEASE_MAX_MINUTES,
                _("Give between 1 minute and 30 days to work on a task."),
            ),
            (
                "per_worker_cap",
                terms.per_worker_cap is None or 1 <= terms.per_worker_cap <= CAP_MAX,
                _("Let one person take at least 1 task, or leave this empty."),
            ),
            (
                "pilot_tasks",
                terms.pilot_tasks is None or 1 <= terms.pilot_tasks <= PILOT_MAX,
                _("Let 1 to 1,000 tasks be the pilot, or leave this empty."),
            ),
            (
                "deadline",
                terms.deadline is None or terms.deadline > now,
                _("The deadline has passed already."),
            ),
        )
        if not fine and (changed is None or field in changed)
    ]
    if problems:
        raise Invalid("batch_invalid", _("The batch could not be saved."), fields=problems)


def lock_batch(batch_id: int, by: User, now: datetime) -> Batch:
    """The locked batch for a director of its store; `Missing` for strangers, `RoleMissing` for colleagues."""
    batch = Batch.objects.select_for_update(of=("self",)).select_related("store").filter(pk=batch_id).first()
    if batch is None or not has_role(by, batch.store_id, now, "director", "reviewer", "staff"):
        raise Missing
    _require_director(by, batch.store_id, now)
    return batch


def _require_director(by: User, store_id: int, now: datetime) -> None:
    if not has_role(by, store_id, now, *DIRECT_ROLES):
        raise RoleMissing


@transaction.atomic
def publish(*, batch_id: int, by: User, now: datetime) -> Batch:
    """Offers the work. Raises `Conflict` with what is still missing."""
    batch = lock_batch(batch_id, by, now)
    if batch.state == BatchState.DRAFT:
        _require_complete(batch, now)
    with legal(batch.state, "publish"):
        batch.publish()
    batch.published_at = now
    waiting.begin_pilot(batch, batch.steps.get(position=1), now=now)
    return _saved(batch, "publish", "batch.published", actor=by.pk)


def _require_complete(batch: Batch, now: datetime) -> None:
    step = batch.steps.get(position=1)
    require_no_import(batch)
    if not Unit.objects.filter(batch=batch, source__state=JobState.DONE).exists():
        raise Conflict("no_tasks", _("There is nothing to do yet: read a file with at least one product."))
    if batch.deadline and batch.deadline <= now:
        raise Conflict("deadline_passed", _("The deadline has passed already."))
    if step.audience == Audience.CROWD and step.reward < 1:
        raise Conflict("reward_missing", _("Freelance work needs a reward."))


def require_no_import(batch: Batch) -> None:
    if batch.imports.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
        raise Conflict("import_running", _("The file is still being read."))


@transaction.atomic
def pause(*, batch_id: int, by: User, now: datetime) -> Batch:
    """Holds all claims; leases store their remaining time."""
    return hold_claims(lock_batch(batch_id, by, now), reason=PauseReason.MANUAL, actor=by.pk, now=now)


def hold_claims(batch: Batch, *, reason: PauseReason, actor: int | None, now: datetime) -> Batch:
    """Pauses a locked batch for a named reason."""
    with legal(batch.state, "pause"):
        batch.pause()
    batch.paused_at, batch.pause_reason = now, reason
    _saved(batch, "pause", "batch.paused", actor=actor, reason=reason)
    hold.stop_clocks(batch, now=now)
    return batch


@transaction.atomic
def resume(*, batch_id: int, by: User, now: datetime) -> Batch:
    """Offers the work again. `Conflict` while a repair or the start of a pilot holds the batch."""
    batch = lock_batch(batch_id, by, now)
    require_undisturbed(batch)
    return run_on(batch, actor=by.pk, now=now)


def run_on(batch: Batch, *, actor: int | None, now: datetime) -> Batch:
    """Resumes a locked batch."""
    with legal(batch.state, "resume"):
        batch.resume()
    batch.paused_at, batch.pause_reason, batch.deadline_reminded = None, "", False
    _saved(batch, "resume", "batch.resumed", actor=actor)
    hold.start_clocks(batch, now=now)
    return batch


def reopen(batch: Batch, step: Step, *, reason: PauseReason, actor: int | None, now: datetime) -> Batch:
    """Takes a locked, ended batch up again, paused for a named reason. What was withdrawn stays so."""
    with legal(batch.state, "reopen"):
        batch.reopen()
    batch.ended_at, batch.paused_at, batch.pause_reason = None, now, reason
    if waiting.in_pilot(step):
        # What waited for a person's word was withdrawn at the end.
        step.pilot_ended_at = now
        step.save(update_fields=["pilot_ended_at"])
    _saved(batch, "reopen", "batch.reopened", actor=actor, reason=reason)
    hold.stop_clocks(batch, now=now)
    return batch


def require_undisturbed(batch: Batch) -> None:
    """Raises `Conflict` while a job moves the batch's tasks and will let it go on."""
    require_no_repair(batch)
    if batch.pause_reason == PauseReason.PILOT:
        raise Conflict("pilot_preparing", _("The pilot is being set up. It takes a moment."))


def require_no_repair(batch: Batch) -> None:
    if batch.pause_reason == PauseReason.REPAIR:
        raise Conflict("repair_running", _("The manual of this batch is being corrected. Wait a moment."))


@transaction.atomic
def close(*, batch_id: int, by: User, now: datetime) -> Batch:
    """Ends the offer: unclaimed slots are cancelled, held work may be finished."""
    batch = lock_batch(batch_id, by, now)
    require_no_repair(batch)
    return end(batch, "close", actor=by.pk, reason="manual", now=now)


@transaction.atomic
def cancel(*, batch_id: int, by: User, now: datetime) -> Batch:
    """Calls the batch off: unclaimed slots are cancelled, held work may be submitted and is reviewed."""
    batch = lock_batch(batch_id, by, now)
    # Its tasks are not counted yet, so they could not be cancelled one by one.
    require_no_import(batch)
    require_no_repair(batch)
    return end(batch, "cancel", actor=by.pk, reason="manual", now=now)


def end(batch: Batch, verb: str, *, actor: int | None, reason: str, now: datetime) -> Batch:
    """Closes or cancels a locked batch; a job cancels its free slots chunk by chunk."""
    was_paused = batch.state == BatchState.PAUSED
    with legal(batch.state, verb):
        getattr(batch, verb)()
    batch.ended_at, batch.paused_at, batch.pause_reason = now, None, ""
    name = "batch.closed" if verb == "close" else "batch.cancelled"
    _saved(batch, verb, name, actor=actor, reason=reason)
    if was_paused:
        hold.start_clocks(batch, now=now)
    jobs.cancel_free_slots.enqueue(batch.pk)
    return batch


def complete_if_done(batch: Batch, *, now: datetime) -> bool:
    """Completes a batch whose every task is final. Call inside the transaction of the last decision."""
    if batch.state not in (BatchState.OPEN, BatchState.CLOSED) or counts.unfinished(batch.pk):
        return False
    locked = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if locked.state not in (BatchState.OPEN, BatchState.CLOSED):
        return False
    if Slot.objects.filter(step__batch=locked, state__in=["waiting", "open", "held", "delivered"]).exists():
        return False
    with legal(locked.state, "complete"):
        locked.complete()
    locked.ended_at = locked.ended_at or now
    _saved(locked, "complete", "batch.completed", actor=None)
    return True


def close_due(*, now: datetime) -> int:
    """Closes batches whose deadline has passed, or that were paused for 14 days; returns how many."""
    # A repair is quick, and what it re-opens must not be cancelled behind it.
    running = Batch.objects.filter(state__in=RUNNING_BATCH).exclude(pause_reason=PauseReason.REPAIR)
    due = list(running.filter(deadline__lte=now).values_list("pk", flat=True)[:100])
    stale = running.filter(paused_at__lte=now - PAUSED_AT_MOST).values_list("pk", flat=True)[:100]
    return one_by_one(sorted({*due, *stale}), lambda pk: _close_by_clock(pk, now))


@transaction.atomic
def _close_by_clock(batch_id: int, now: datetime) -> bool:
    batch = Batch.objects.select_for_update(of=("self",)).select_related("store").get(pk=batch_id)
    if batch.state not in RUNNING_BATCH or batch.pause_reason == PauseReason.REPAIR:
        return False
    past = batch.deadline is not None and batch.deadline <= now
    end(batch, "close", actor=None, reason="deadline" if past else "paused_too_long", now=now)
    return True


def remind_of_deadlines(*, now: datetime) -> int:
    """Notes, once a batch, that it closes in less than a day: by its deadline, or paused for too long."""
    day = timedelta(days=1)
    near = Batch.objects.filter(
        Q(deadline__lte=now + day, deadline__gt=now) | Q(paused_at__lte=now + day - PAUSED_AT_MOST),
        state__in=RUNNING_BATCH,
        deadline_reminded=False,
    )
    return one_by_one(list(near.values_list("pk", flat=True)[:100]), _remind)


@transaction.atomic
def _remind(batch_id: int) -> bool:
    batch = Batch.objects.select_for_update().get(pk=batch_id)
    if batch.deadline_reminded or batch.state not in RUNNING_BATCH:
        return False
    batch.deadline_reminded = True
    batch.save(update_fields=["state", "deadline_reminded"])
    record("batch.deadline_near", topics=topics.of_batch(batch), actor=None, batch=batch.pk)
    return True


def _saved(batch: Batch, verb: str, event: str, *, actor: int | None, reason: str = "") -> Batch:
    with legal(batch.state, verb):
        batch.save()
    step = batch.steps.select_related("batch__store").get(position=1)
    heard = [*topics.of_batch(batch), topics.of_offer(step)]
    record(event, topics=heard, actor=actor, reason=reason, batch=batch.pk)
    return batch


@transaction.atomic
def remove_source(*, batch_id: int, by: User, now: datetime) -> Batch:
    """Takes the source file and its tasks out of a draft, so that another file can be read."""
    batch = lock_batch(batch_id, by, now)
    batch.steps.filter(position=1).update(checks=[])
    return _take_out(batch, Import.objects.filter(batch=batch), "remove_source", by)


@transaction.atomic
def remove_tasks(*, batch_id: int, by: User, now: datetime) -> Batch:
    """Takes the tasks out of a draft, so that other products of the same file can be chosen.

    What an inspection found stays. Raises like `remove_source`, and `Conflict` where no inspection is left to
    choose from.
    """
    batch = lock_batch(batch_id, by, now)
    if not batch.imports.filter(inspect_only=True, state=JobState.DONE).exists():
        raise Conflict(
            "no_inspection", _("The file has to be read once more. Remove it and choose it again.")
        )
    return _take_out(batch, Import.objects.filter(batch=batch, inspect_only=False), "remove_tasks", by)


def _take_out(batch: Batch, imports: QuerySet[Import], verb: str, by: User) -> Batch:
    """The imports are gone for everybody at once; a job removes their rows chunk by chunk."""
    if batch.state != BatchState.DRAFT:
        raise IllegalMove(batch.state, verb)
    require_no_import(batch)
    counted = counts.of_batch(batch.pk)
    move_many(imports, "discard", record_chunk=_told_with_the_batch, wait=True)
    counts.add(batch.pk, {state: -n for state, n in counted.items()})
    jobs.remove_discarded.enqueue(batch.pk)
    record("batch.changed", topics=topics.of_batch(batch), actor=by.pk, batch=batch.pk)
    return batch


def _told_with_the_batch(ids: list[int]) -> None:
    """The event is the batch's."""
