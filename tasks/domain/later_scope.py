"""Which answers a later check looks through, and how one of them is judged: as when it is handed in."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kernel.errors import FieldProblem
from tasks.answers.check_kinds import as_json
from tasks.answers.checks import Check, CheckKind, CheckResult, ChecksRefused, parse_checks, run_checks
from tasks.answers.form import Form
from tasks.domain.corrections import final_answer
from tasks.domain.manuals import lineage
from tasks.domain.versions import Known, checks_of, known
from tasks.models import Assignment, Batch, LaterCheck, Submission, TemplateVersion
from tasks.states import RECEIVED

# What a check that somebody states here is called; its place in a template gives it another name.
NEW_ID = "later"
NEWER_LOOKED_AT, SUGGESTED_AT_MOST = 20, 20


def read_check(form: Form, raw: object) -> Check:
    """A check as templates hold them; its id may be left out. Raises `ChecksRefused`.

    What is unique in a batch was judged when each answer came, among the others of that moment.
    """
    named = {"id": NEW_ID, **raw} if isinstance(raw, Mapping) else raw
    (check,) = parse_checks([named], form)
    if check.kind is CheckKind.UNIQUE_IN_BATCH:
        text = _("This kind of check cannot look back: it compares answers at the moment they come in.")
        raise ChecksRefused("checks_invalid", text, fields=[FieldProblem(check.id, "unknown_kind", text)])
    return check


def judge(check: Check, submission: Submission) -> CheckResult:
    """What the check finds in an answer as it is used. Select `correction` along."""
    form = known(submission.assignment.template_version_id).form
    (result,) = run_checks([check], final_answer(submission), form=form)
    return result


@dataclass(frozen=True)
class Suggested:
    """A check of a newer version that the answer's own version had not, and what it finds in the answer."""

    check: Check
    version: TemplateVersion
    result: CheckResult


def suggested(submission: Submission) -> list[Suggested]:
    """The newest first, at most 20. Needs `assignment.step.batch.store` and `correction` loaded."""
    assignment = submission.assignment
    step, version = assignment.step, assignment.template_version
    form = known(version.pk).form
    seen = {content_of(as_json(check)) for check in checks_of(step, version.pk)}
    found: list[Suggested] = []
    for newer, raw in _newer_checks(version, step.batch.store.company_id):
        content = content_of(raw)
        if content in seen:
            continue
        seen.add(content)
        try:
            check = read_check(form, raw)
        except ChecksRefused:
            # It looks at a field that this version has not, or compares answers with each other.
            continue
        found.append(Suggested(check, newer, judge(check, submission)))
    return found[:SUGGESTED_AT_MOST]


def _newer_checks(
    version: TemplateVersion, company_id: int
) -> Iterator[tuple[TemplateVersion, dict[str, Any]]]:
    rows = lineage(version, company_id).filter(pk__gt=version.pk).select_related("template")
    for newer in rows.only("number", "checks", "template").order_by("-pk")[:NEWER_LOOKED_AT]:
        for raw in newer.checks:
            yield newer, raw


def content_of(definition: Mapping[str, Any]) -> str:
    """What a check looks for, whatever it is called and however strict it is."""
    usual = {"mode": "full", "negate": False} if definition["kind"] == CheckKind.REGEX else {}
    told = {key: value for key, value in definition.items() if key not in ("id", "label", "blocking")}
    return json.dumps({**usual, **told}, sort_keys=True)


def versions_with_field(version: TemplateVersion, definition: object, company_id: int) -> list[int]:
    """Those of the same work that this check can look at."""
    found = []
    for one in lineage(version, company_id).only("form").order_by("pk"):
        if _fitting(Known(one).form, definition) is not None:
            found.append(one.pk)
    return found


def check_for(definition: object, version_id: int) -> Check | None:
    return _fitting(known(version_id).form, definition)


def _fitting(form: Form, definition: object) -> Check | None:
    try:
        return read_check(form, definition)
    except ChecksRefused:
        return None


def batches_of(later: LaterCheck) -> list[int]:
    """The batches that are not finished yet, in their order."""
    work = lineage(later.version, later.company_id).values("pk")
    rows = Batch.objects.filter(store__in=later.stores.all(), steps__template_version__in=work)
    return list(
        rows.filter(pk__gte=later.cursor_batch).order_by("pk").values_list("pk", flat=True).distinct()
    )


def received(later: LaterCheck, batch_ids: list[int]) -> QuerySet[Assignment]:
    """What was handed in to these batches by a version that has the field."""
    return Assignment.objects.filter(
        RECEIVED, batch__in=batch_ids, template_version__in=later.versions
    ).order_by("pk")
