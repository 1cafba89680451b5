"""A corrected manual as a new version of a batch's template, and a running batch that moves on to it."""

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from events import record
from kernel.errors import FieldProblem, Invalid
from tasks import topics
from tasks.answers.manual import MAX_MANUAL
from tasks.answers.texts import is_storable
from tasks.domain import templates
from tasks.models import Assignment, Step, Template, TemplateVersion
from tasks.states import OFF_TASK, AssignmentState

HELD = (AssignmentState.CLAIMED, AssignmentState.REPORTED)
CHUNK = 500


def lineage(version: TemplateVersion, company_id: int | None = None) -> QuerySet[TemplateVersion]:
    """Versions of the same template, of the one it was copied from, and of its copies in the company.

    `company_id`: for whom a version that Tencho ships is looked at.
    """
    template = version.template
    same = Q(template=template) | Q(template__copied_from__template=template)
    if template.copied_from_id is not None:
        same |= Q(template__versions=template.copied_from_id)
    own = Q(template__company=None)
    company_id = template.company_id or company_id
    if company_id is not None:
        own |= Q(template__company=company_id)
    return TemplateVersion.objects.filter(same, own).distinct()


def step_of(batch_id: int) -> Step:
    """The step of a batch with what its manual's versions are found by."""
    rows = Step.objects.select_related("batch__store__company", "template_version__template")
    return rows.get(batch_id=batch_id, position=1)


def newest(step: Step) -> TemplateVersion | None:
    """What a new batch of this template would begin with, where that is newer than the step's version."""
    return newer_versions(step).filter(template__key=step.template_version.template.key).first()


def newer_versions(step: Step) -> QuerySet[TemplateVersion]:
    """What a running batch may move on to: later versions of its template, the newest first."""
    now_used = step.template_version
    same = Q(template=now_used.template_id)
    if now_used.template.company_id is None:
        same |= Q(
            template__copied_from__template=now_used.template, template__company=step.batch.store.company
        )
    rows = TemplateVersion.objects.filter(same, pk__gt=now_used.pk)
    return rows.select_related("template").order_by("-pk")


@transaction.atomic
def publish_manual(
    *, version: TemplateVersion, company: Company, manual_ja: str, manual_en: str, by: User, note: str = ""
) -> TemplateVersion:
    """A new version with another manual and everything else as in `version`.

    What Tencho ships is not changed for everybody: the company gets a copy of its own. Raises `Invalid` for a
    text that is empty in both languages or too long.
    """
    if not differs(version, manual_ja=manual_ja, manual_en=manual_en):
        return version
    content = {name: getattr(version, name) for name in templates.CONTENT}
    content |= {
        "manual_ja": _ended(manual_ja, version.manual_ja),
        "manual_en": _ended(manual_en, version.manual_en),
    }
    template = _own_template(version, company)
    return templates.publish_version(template=template, content=content, by=by, note=note[:2000])


def differs(version: TemplateVersion, *, manual_ja: str, manual_en: str) -> bool:
    """Whether these texts would make another version. Raises `Invalid` like `publish_manual`."""
    texts = (_clean(manual_ja), _clean(manual_en))
    _check(*texts)
    return texts != (_clean(version.manual_ja), _clean(version.manual_en))


def with_manual(version: TemplateVersion, *, manual_ja: str, manual_en: str) -> TemplateVersion:
    """The version that these texts would make, not saved."""
    content = {name: getattr(version, name) for name in templates.CONTENT}
    content |= {
        "manual_ja": _ended(manual_ja, version.manual_ja),
        "manual_en": _ended(manual_en, version.manual_en),
    }
    return TemplateVersion(template=version.template, number=version.number + 1, **content)


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _ended(text: str, before: str) -> str:
    """The text with the blank lines at its end that the one before had: they are no change to tell of."""
    return _clean(text) + before[len(before.rstrip()) :]


def _check(japanese: str, english: str) -> None:
    problems = [
        FieldProblem(name, "too_long", _("The manual is too long."))
        for name, text in (("manual_ja", japanese), ("manual_en", english))
        if len(text) > MAX_MANUAL or not is_storable(text)
    ]
    if not japanese and not english:
        problems.append(
            FieldProblem("manual_ja", "required", _("Write the manual in one language at least."))
        )
    if problems:
        raise Invalid("manual_invalid", _("The manual could not be saved."), fields=problems)


def _own_template(version: TemplateVersion, company: Company) -> Template:
    template = version.template
    if template.company_id is not None:
        return template
    # A copy by another name is other work, even if only its manual differs so far.
    copies = Template.objects.filter(company=company, copied_from__template=template, archived_at=None)
    copy = copies.filter(key=template.key).first()
    newest = copy.versions.order_by("-number").first() if copy is not None else None
    if newest is not None and _alike(newest, version):
        return newest.template
    return Template.objects.create(
        company=company,
        key=_free_key(template.key, company),
        copied_from=version,
        **{name: getattr(template, name) for name in ("title_ja", "title_en", "summary_ja", "summary_en")},
    )


def _alike(one: TemplateVersion, other: TemplateVersion) -> bool:
    """Whether they differ in nothing but the manual."""
    rest = [name for name in templates.CONTENT if not name.startswith("manual_")]
    return all(getattr(one, name) == getattr(other, name) for name in rest)


def _free_key(key: str, company: Company) -> str:
    taken = set(Template.objects.filter(company=company).values_list("key", flat=True))
    numbered = (f"{key[:50]}-{number}" for number in range(2, len(taken) + 3))
    return next(found for found in (key, *numbered) if found not in taken)


def move_step(step: Step, after: TemplateVersion, *, actor: int | None) -> None:
    """Offers the step's tasks with another version; held work moves along with its draft.

    Call with the batch locked. Who holds work is told; claims of this moment may pin the old version.
    """
    step.template_version = after
    step.save(update_fields=["template_version"])
    held = list(
        not_yet_on(step, after, HELD)
        .select_for_update(of=("self",))
        .order_by("pk")
        .values_list("pk", "worker")
    )
    for start in range(0, len(held), CHUNK):
        some = held[start : start + CHUNK]
        move_on([pk for pk, _worker in some], after)
        record(
            "assignments.moved_on",
            topics=[f"batch.{step.batch_id}", *sorted({f"user.{worker}" for _pk, worker in some})],
            actor=actor,
            batch=step.batch_id,
            version=after.pk,
            assignments=[pk for pk, _worker in some],
        )
    record(
        "batch.manual_changed",
        topics=[*topics.of_batch(step.batch), topics.of_offer(step)],
        actor=actor,
        batch=step.batch_id,
        version=after.pk,
    )


def not_yet_on(
    step: Step, after: TemplateVersion, states: tuple[AssignmentState, ...]
) -> QuerySet[Assignment]:
    return Assignment.objects.filter(step=step, state__in=states).exclude(template_version=after)


def move_on(assignment_ids: list[int], after: TemplateVersion) -> None:
    """Pins another version to work in hand and remembers the one of its claim."""
    rows = Assignment.objects.filter(pk__in=assignment_ids)
    rows.filter(claimed_version=None).update(claimed_version=F("template_version"))
    rows.update(template_version=after)


def move_ended_holds(step: Step, after: TemplateVersion) -> int:
    """The same for some that ended without an answer, which can still be handed in late; returns how many."""
    ids = list(not_yet_on(step, after, OFF_TASK).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    with transaction.atomic():
        list(
            Assignment.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values("pk")
        )
        move_on(ids, after)
    return len(ids)


def version_before(assignment: Assignment) -> TemplateVersion | None:
    """The version of the worker's last work, if this assignment has a newer one of the same template."""
    rows = TemplateVersion.objects.select_related("template")
    if assignment.claimed_version_id is not None:
        return rows.get(pk=assignment.claimed_version_id)
    earlier = Assignment.objects.filter(worker=assignment.worker_id, pk__lt=assignment.pk)
    same = lineage(assignment.template_version).values("pk")
    last = (
        earlier.filter(template_version__in=same).order_by("-pk").values_list("template_version", flat=True)
    )
    found = last.first()
    if found is None or found >= assignment.template_version_id:
        return None
    return rows.get(pk=found)
