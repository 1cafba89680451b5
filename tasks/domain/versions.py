"""Template versions, read and understood once a process: they never change, and every claim needs one."""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tasks.answers.checks import Check, parse_checks
from tasks.answers.lists import ChecklistItem, Input, parse_checklist, parse_inputs
from tasks.answers.manual import render_manual
from tasks.answers.schema import Form, parse_form
from tasks.models import Step, TemplateVersion

KEPT = 100


@dataclass(frozen=True)
class Known:
    """A version and what its parts mean."""

    row: TemplateVersion

    @cached_property
    def form(self) -> Form:
        return parse_form(self.row.form)

    @cached_property
    def checks(self) -> list[Check]:
        return parse_checks(self.row.checks, self.form)

    @cached_property
    def inputs(self) -> list[Input]:
        return parse_inputs(self.row.inputs)

    @cached_property
    def checklist(self) -> list[ChecklistItem]:
        return parse_checklist(self.row.checklist)

    @cached_property
    def _manuals(self) -> dict[str, SafeString]:
        return {}

    def manual_html(self) -> SafeString:
        """The manual in the reader's language."""
        language = (get_language() or "ja")[:2]
        if language not in self._manuals:
            self._manuals[language] = render_manual(self.row.manual)
        return self._manuals[language]

    def as_json(self) -> dict[str, Any]:
        row = self.row
        return {"form": row.form, "checks": row.checks, "checklist": row.checklist}


@lru_cache(KEPT)
def known(version_id: int) -> Known:
    """The version with its template loaded. Raises `TemplateVersion.DoesNotExist`."""
    return Known(TemplateVersion.objects.select_related("template").get(pk=version_id))


def checks_of(step: Step, version_id: int) -> list[Check]:
    """The checks of a version and, after them, those that the columns of the step's mapped table bring."""
    version = known(version_id)
    if not step.checks:
        return version.checks
    return [*version.checks, *_of_columns(version_id, json.dumps(step.checks))]


@lru_cache(KEPT)
def _of_columns(version_id: int, checks: str) -> tuple[Check, ...]:
    # A later version of the work may have dropped a field: its rules have nothing to look at any more.
    form = known(version_id).form
    return tuple(parse_checks([raw for raw in json.loads(checks) if form.field(raw["field"])], form))


@receiver(post_save, sender=TemplateVersion, dispatch_uid="tasks.versions")
def _forget(**_: Any) -> None:
    # A version read inside a transaction that was rolled back may have left its id to this one.
    known.cache_clear()
    _of_columns.cache_clear()
