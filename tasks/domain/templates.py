"""Templates: those that Tencho ships, and new versions."""

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from events import record
from kernel.errors import FieldProblem, Invalid
from tasks.answers.checks import parse_checks
from tasks.answers.lists import parse_checklist, parse_inputs
from tasks.answers.manual import MAX_MANUAL
from tasks.answers.schema import parse_form
from tasks.models import Template, TemplateVersion
from tasks.shipped import load_shipped

CONTENT = ("manual_ja", "manual_en", "inputs", "form", "checks", "checklist", "defaults")


@transaction.atomic
def publish_version(
    *, template: Template, content: dict[str, Any], by: User | None, note: str = ""
) -> TemplateVersion:
    """Adds a version; nothing is written if its content equals the newest one's. `note`: what is new in it.

    Raises `Invalid` for a form, check or list outside what Tencho can render and run, for example a
    regular expression that has no linear-time form.
    """
    _check(content)
    list(Template.objects.select_for_update().filter(pk=template.pk))
    newest = template.versions.order_by("-number").first()
    if newest and all(getattr(newest, name) == content[name] for name in CONTENT):
        return newest
    number = newest.number + 1 if newest else 1
    version = TemplateVersion.objects.create(
        template=template,
        number=number,
        created_by=by,
        note=note,
        **{name: content[name] for name in CONTENT},
    )
    heard = [f"company.{template.company_id}"] if template.company_id else ["templates.shipped"]
    record(
        "template.published",
        topics=heard,
        actor=by.pk if by else None,
        template=template.pk,
        version=version.pk,
    )
    return version


def _check(content: dict[str, Any]) -> None:
    form = parse_form(content["form"])
    parse_checks(content["checks"], form)
    parse_inputs(content["inputs"])
    parse_checklist(content["checklist"])
    for name in ("manual_ja", "manual_en"):
        if len(content[name]) > MAX_MANUAL:
            problem = FieldProblem(name, "too_long", _("The manual is too long."))
            raise Invalid("template_invalid", _("The template could not be saved."), fields=[problem])


@transaction.atomic
def install_shipped() -> None:
    """Brings the shipped templates up to this release; batches keep the versions they began with."""
    for shipped in load_shipped():
        template, _made = Template.objects.update_or_create(
            company=None,
            key=shipped.key,
            defaults={
                "title_ja": shipped.title.ja,
                "title_en": shipped.title.en,
                "summary_ja": shipped.summary.ja,
                "summary_en": shipped.summary.en,
            },
        )
        content = {
            "manual_ja": shipped.manual.ja,
            "manual_en": shipped.manual.en,
            "inputs": shipped.inputs,
            "form": shipped.form,
            "checks": shipped.checks,
            "checklist": shipped.checklist,
            "defaults": shipped.defaults,
        }
        publish_version(template=template, content=content, by=None)


def templates_of(companies: list[Company]) -> list[Template]:
    """What work can be posted with: the shipped templates and the companies' own that have a version."""
    rows = Template.objects.filter(company=None) | Template.objects.filter(company__in=companies)
    rows = rows.filter(Exists(TemplateVersion.objects.filter(template=OuterRef("pk"))), archived_at=None)
    return list(rows.order_by("key", "pk"))
