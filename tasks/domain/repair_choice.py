"""What a director chooses for a repair: which manual, which work, until when; and what is refused of it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kernel.errors import Conflict, FieldProblem, Invalid, Text
from tasks.answers.texts import is_storable
from tasks.domain import manuals, needs, repair_scope
from tasks.models import Batch, Repair, Step, TemplateVersion
from tasks.states import ENDED_BATCH, RUNNING_BATCH, JobState

NOTE_MAX = 2000


@dataclass(frozen=True)
class Choice:
    """`after`: what the batch goes on with, unsaved if it is to be made. `base` has its form and checks."""

    base: TemplateVersion
    after: TemplateVersion

    @property
    def corrected(self) -> bool:
        return self.after.pk is None


def check(
    *,
    step: Step,
    scope: str,
    note: str,
    now: datetime,
    version_id: int | None = None,
    manual_ja: str | None = None,
    manual_en: str | None = None,
    deadline: datetime | None = None,
) -> Choice:
    """What `repair.start` would go on with. Raises like it.

    `version_id` is a newer version, or the batch's own; texts correct its manual, and a language that is not
    named stays as it is. Without it they correct the batch's own version, and that is refused where the
    template has a newer one: what that one changed would be dropped unnoticed.
    """
    require_sound(step.batch, scope, note, deadline, now)
    base, texts = _chosen(step, version_id, manual_ja, manual_en)
    if texts is not None:
        return Choice(base, manuals.with_manual(base, **texts))
    if base.pk == step.template_version_id:
        before_of_failed(step.batch, base)
    return Choice(base, base)


def require_sound(batch: Batch, scope: str, note: str, deadline: datetime | None, now: datetime) -> None:
    """Raises `Invalid`, and `Conflict` for an ended batch in which there is nothing to reopen."""
    problems = []
    if scope not in Repair.Scope.values:
        problems.append(FieldProblem("scope", "unknown", _("Choose which work is to be done again.")))
    if not note.strip():
        problems.append(FieldProblem("note", "required", _("Tell the workers what was wrong.")))
    elif len(note) > NOTE_MAX or not is_storable(note):
        problems.append(FieldProblem("note", "too_long", _("Write at most 2,000 characters.")))
    problems += _problems_of_deadline(batch, deadline, now)
    if problems:
        raise Invalid("repair_invalid", _("The manual could not be corrected."), fields=problems)
    if batch.state in ENDED_BATCH:
        _require_something_to_reopen(batch)


def _problems_of_deadline(batch: Batch, deadline: datetime | None, now: datetime) -> list[FieldProblem]:
    """A batch whose deadline is over would close at once and cancel what was opened again."""
    over = batch.deadline is not None and batch.deadline <= now
    if deadline is None:
        message = _("The deadline is over. Give a new one, so that the work can be done again.")
        return [FieldProblem("deadline", "required", message)] if over else []
    if deadline <= now:
        return [FieldProblem("deadline", "out_of_range", _("The deadline has passed already."))]
    if batch.state in RUNNING_BATCH and (batch.deadline is None or deadline < batch.deadline):
        message = _("Whoever works on it counts on the present deadline. It can only become later.")
        return [FieldProblem("deadline", "earlier", message)]
    return []


def _require_something_to_reopen(batch: Batch) -> None:
    step = batch.steps.get(position=1)
    if needs.free_slots(batch.pk).exists():
        raise Conflict("batch_ending", _("The batch is still being closed. Wait a moment."))
    if not repair_scope.received(step, None).exists():
        raise Conflict("nothing_received", _("Nothing was received that could be done again."))


def version_of(
    step: Step,
    *,
    version_id: int | None,
    manual_ja: str | None,
    manual_en: str | None,
    by: User,
    note: str,
) -> TemplateVersion:
    """The version to go on with, published if it is to be made. Raises like `check`."""
    base, texts = _chosen(step, version_id, manual_ja, manual_en)
    if texts is None:
        return base
    company = step.batch.store.company
    return manuals.publish_manual(version=base, company=company, by=by, note=note.strip(), **texts)


def _chosen(
    step: Step, version_id: int | None, manual_ja: str | None, manual_en: str | None
) -> tuple[TemplateVersion, dict[str, str] | None]:
    """The version to go on with, and the texts that make another one of it, if they do."""
    if manual_ja is None and manual_en is None:
        if version_id is None:
            raise _unchanged()
        return _newer(step, version_id), None
    base = step.template_version if version_id is None else _newer(step, version_id)
    texts = {
        "manual_ja": base.manual_ja if manual_ja is None else manual_ja,
        "manual_en": base.manual_en if manual_en is None else manual_en,
    }
    if manuals.differs(base, **texts):
        newest = manuals.newest(step) if version_id is None else None
        if newest is not None:
            raise _not_the_newest(newest)
        return base, texts
    if version_id is None:
        raise _unchanged()
    return base, None


def _newer(step: Step, version_id: int) -> TemplateVersion:
    if version_id == step.template_version_id:
        return step.template_version
    found = manuals.newer_versions(step).filter(pk=version_id).first()
    if found is None:
        raise _invalid("unknown", _("There is no newer version of this template by that number."))
    return found


def _not_the_newest(newest: TemplateVersion) -> Invalid:
    message = _(
        "The template has a newer version %(n)d. Say on which version your manual is based: what the newer "
        "one changed would be left out."
    )
    return _invalid("newer_version", message % {"n": newest.number})


def before_of_failed(batch: Batch, after: TemplateVersion) -> TemplateVersion:
    """A repair that broke off is begun again with the version that it had moved on to."""
    failed = Repair.objects.filter(batch=batch, after=after, state=JobState.FAILED).order_by("-pk").first()
    if failed is None:
        raise _unchanged()
    return failed.before


def _unchanged() -> Invalid:
    return _invalid("unchanged", _("The manual is the same as before. Correct it first."))


def _invalid(code: str, message: Text) -> Invalid:
    fields = [FieldProblem("version", code, message)]
    return Invalid("repair_invalid", _("The manual could not be corrected."), fields=fields)
