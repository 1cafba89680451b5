"""What follows from a check found later: files to take back, batches to repair, the check in the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from accounts.domain.queries import stores_of
from accounts.models import User
from tasks.domain import later_scope
from tasks.domain.manuals import lineage
from tasks.domain.queries import visible_later_checks
from tasks.domain.template_draft import current, save_template_draft
from tasks.domain.template_make import copy_template
from tasks.errors import Missing, RoleMissing
from tasks.models import (
    Batch,
    LaterCheck,
    LaterFinding,
    Release,
    ReleaseCell,
    Step,
    Template,
    TemplateVersion,
)
from tasks.rules import DIRECT_ROLES
from tasks.states import RUNNING_BATCH, AnswerPlace, JobState

# Answers whose files are looked for, files and batches that are named.
COUNTED_TO = 5_000
FILES, BATCHES = 20, 20


@dataclass(frozen=True)
class Holding:
    """A finished file for the shop with `answers` that fail; `restores` are those that take them back."""

    release: Release
    answers: int
    restores: Sequence[Release]


def files_of(later: LaterCheck) -> list[Holding]:
    """The files that hold what was found, the latest first, at most 20; counts stop at 5,000 answers."""
    found = LaterFinding.objects.filter(later_check=later).exclude(place=AnswerPlace.NONE).order_by("pk")
    submissions = list(found.values_list("submission", flat=True)[:COUNTED_TO])
    cells = ReleaseCell.objects.filter(submission__in=submissions, release__state=JobState.DONE)
    cells = cells.exclude(release__format=Release.Format.RESTORE)
    counted = cells.order_by().values("release").annotate(n=Count("submission", distinct=True))
    numbers = dict(counted.order_by("-release").values_list("release", "n")[:FILES])
    releases = Release.objects.filter(pk__in=numbers).select_related("batch", "uploaded_by")
    restores: dict[int | None, list[Release]] = {}
    for one in Release.objects.filter(later_check=later, restores__in=numbers).order_by("pk"):
        restores.setdefault(one.restores_id, []).append(one)
    return [Holding(one, numbers[one.pk], restores.get(one.pk, [])) for one in releases.order_by("-pk")]


def versions_with(later: LaterCheck) -> list[TemplateVersion]:
    """Versions of the same work that have this check, the newest first."""
    wanted = later_scope.content_of(later.definition)
    rows = lineage(later.version, later.company_id).select_related("template")
    return [
        one
        for one in rows.only("number", "checks", "template").order_by("-pk")
        if any(later_scope.content_of(raw) == wanted for raw in one.checks)
    ]


def repairable(later: LaterCheck, versions: Sequence[TemplateVersion]) -> list[Batch]:
    """Running batches with answers that fail, which may move on to one of these versions, at most 20."""
    newest: dict[int, TemplateVersion] = {}
    for one in versions:
        newest.setdefault(one.template_id, one)
    if not newest:
        return []
    steps = Step.objects.filter(reduce(or_, map(_may_move_on_to, newest.values())))
    rows = Batch.objects.filter(store__in=later.stores.all(), state__in=RUNNING_BATCH, steps__in=steps)
    found = LaterFinding.objects.filter(later_check=later, batch__in=rows).values("batch")
    return list(Batch.objects.filter(pk__in=found).order_by("-pk")[:BATCHES])


def _may_move_on_to(version: TemplateVersion) -> Q:
    """Steps for which `manuals.newer_versions` names this one."""
    same = Q(template_version__template=version.template_id)
    if version.template.copied_from_id is not None:
        shipped = Q(template_version__template__company=None)
        same |= shipped & Q(template_version__template__versions=version.template.copied_from_id)
    return same & Q(template_version__lt=version.pk)


@transaction.atomic
def put_into_template(*, later_check_id: int, by: User, now: datetime) -> Template:
    """Adds the check to the draft of the company's template; publishing it is the director's next step.

    Of work that Tencho ships the company's own copy is taken, or made. Raises `Missing`, `RoleMissing`, and
    `Conflict` for too many templates.
    """
    later = visible_later_checks(by, now).filter(pk=later_check_id).first()
    if later is None:
        raise Missing
    directed = stores_of(by, now, *DIRECT_ROLES).filter(company=later.company_id).order_by("pk")
    store = directed.first()
    if store is None:
        raise RoleMissing
    template = _own(later) or copy_template(store_id=store.pk, version_id=later.version_id, by=by, now=now)
    content, fence, _draft = current(template)
    checks = content["checks"]
    wanted = later_scope.content_of(later.definition)
    if not any(_is(raw, wanted) for raw in checks):
        content = {**content, "checks": [*checks, {**later.definition, "id": _free_id(later, checks)}]}
        save_template_draft(template_id=template.pk, content=content, fence=fence, by=by, now=now)
    return template


def _own(later: LaterCheck) -> Template | None:
    template = later.version.template
    if template.company_id is not None and template.archived_at is None:
        return template
    work = lineage(later.version, later.company_id).values("template")
    rows = Template.objects.filter(pk__in=work, company=later.company_id, archived_at=None)
    # One that is being written and has no version yet began as a copy of this work.
    begun = Template.objects.filter(
        copied_from__template=template, company=later.company_id, archived_at=None
    )
    return (rows | begun).distinct().order_by("-pk").first()


def _is(raw: Any, wanted: str) -> bool:
    # A draft may hold anything.
    return isinstance(raw, dict) and "kind" in raw and later_scope.content_of(raw) == wanted


def _free_id(later: LaterCheck, checks: Sequence[Any]) -> str:
    kind = str(later.definition["kind"]).replace("_", "-")
    taken = {raw.get("id") for raw in checks if isinstance(raw, dict)}
    names = (kind, *(f"{kind}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
