"""New templates: from nothing, as a copy, from a file; and putting them away."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import has_role, stores_of
from accounts.models import Store, User
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid
from tasks.domain.queries import visible_templates
from tasks.domain.template_content import Content, content_of, empty_content, refused
from tasks.domain.template_draft import lock_own, start_draft
from tasks.domain.template_file import FileRefused, read_file
from tasks.domain.template_pictures import pictures_of, take_along
from tasks.domain.uploads import keep_image
from tasks.errors import Missing, RoleMissing
from tasks.models import Template, TemplateVersion
from tasks.rules import DIRECT_ROLES

KEY_MAX = 60
TITLE_MAX = 200
TEMPLATES_MAX = 500


@transaction.atomic
def create_template(*, store_id: int, title: str, by: User, now: datetime) -> Template:
    """A template with one field, not published yet. `Missing`, `RoleMissing`, `Invalid` without a name."""
    store = _store_of(store_id, by, now)
    title = title.strip()
    if not 0 < len(title) <= TITLE_MAX:
        raise refused([FieldProblem("title", "out_of_range", _("Give a name of at most 200 characters."))])
    return _made(store, empty_content(title), by, now)


@transaction.atomic
def copy_template(*, store_id: int, version_id: int, by: User, now: datetime) -> Template:
    """A template of one's own that begins as a version of a shipped or own one, with its pictures.

    Raises `Missing` for a store or version that the person cannot see, `RoleMissing`.
    """
    store = _store_of(store_id, by, now)
    templates = visible_templates(by, now)
    version = (
        TemplateVersion.objects.select_related("template")
        .filter(pk=version_id, template__in=templates)
        .first()
    )
    if version is None:
        raise Missing
    source = version.template
    content = content_of(source, version)
    marks = {"title_ja": "（コピー）", "title_en": " (copy)"}
    content |= {name: content[name][: TITLE_MAX - len(mark)] + mark for name, mark in marks.items()}
    pictures = pictures_of(source, content)
    made = _template(store, content, key=source.key, copied_from=version)
    _begin(made, take_along(content=content, pictures=pictures, to=made, by=by, now=now), by, now)
    return made


@transaction.atomic
def import_template(*, store_id: int, data: bytes, by: User, now: datetime) -> Template:
    """A template from a file that `write_file` wrote. `Invalid` naming each place that is wrong."""
    store = _store_of(store_id, by, now)
    found = read_file(data)
    made = _template(store, found.content, key=found.key)
    addresses = {}
    for name, picture in found.pictures.items():
        try:
            kept = keep_image(file=picture, name=name, by=by, now=now, template_id=made.pk)
        except Invalid as error:
            place = f"pictures.{name}"
            raise FileRefused([FieldProblem(place, error.code, error.message)]) from error
        addresses[name] = f"/uploads/{kept.pk}/"
    _begin(made, found.with_pictures(addresses), by, now)
    return made


def _store_of(store_id: int, by: User, now: datetime) -> Store:
    store = stores_of(by, now).select_related("company").filter(pk=store_id).first()
    if store is None:
        raise Missing
    if not has_role(by, store_id, now, *DIRECT_ROLES):
        raise RoleMissing
    # One at a time: keys of a company are told apart below.
    type(store.company).objects.select_for_update().get(pk=store.company_id)
    if Template.objects.filter(company=store.company_id).count() >= TEMPLATES_MAX:
        raise Conflict(
            "too_many_templates", _("A company has at most %(max)d templates.") % {"max": TEMPLATES_MAX}
        )
    return store


def _made(store: Store, content: Content, by: User, now: datetime) -> Template:
    made = _template(store, content, key=content["title_en"])
    _begin(made, content, by, now)
    return made


def _begin(template: Template, content: Content, by: User, now: datetime) -> None:
    start_draft(template=template, content=content, by=by, now=now)
    _record(template, "created", by)


def _template(store: Store, content: Content, *, key: str, **more: Any) -> Template:
    title_ja, title_en = content["title_ja"].strip(), content["title_en"].strip()
    return Template.objects.create(
        company=store.company,
        key=_free_key(store.company_id, key),
        title_ja=title_ja or title_en,
        title_en=title_en or title_ja,
        summary_ja=content["summary_ja"],
        summary_en=content["summary_en"],
        **more,
    )


def _free_key(company_id: int, wish: str) -> str:
    """A key that neither the company's nor the shipped templates have: both stand in one list of choices."""
    base = slugify(wish).replace("_", "-")[: KEY_MAX - 5] or "work"
    taken = set(
        Template.objects.filter(company=None)
        .values_list("key", flat=True)
        .union(Template.objects.filter(company=company_id).values_list("key", flat=True))
    )
    base = re.sub(r"-\d{1,3}$", "", base) or "work"
    names = (base, *(f"{base}-{number}" for number in range(2, TEMPLATES_MAX + 100)))
    return next(name for name in names if name not in taken)


@transaction.atomic
def archive_template(*, template_id: int, by: User, now: datetime) -> Template:
    """Takes a template out of the choices for new batches; running ones go on. Twice changes nothing."""
    template = lock_own(template_id, by, now)
    if template.archived_at is None:
        template.archived_at = now
        template.save(update_fields=["archived_at"])
        _record(template, "archived", by)
    return template


@transaction.atomic
def unarchive_template(*, template_id: int, by: User, now: datetime) -> Template:
    template = lock_own(template_id, by, now)
    if template.archived_at is not None:
        template.archived_at = None
        template.save(update_fields=["archived_at"])
        _record(template, "unarchived", by)
    return template


def _record(template: Template, verb: str, by: User) -> None:
    record(f"template.{verb}", topics=[f"company.{template.company_id}"], actor=by.pk, template=template.pk)
