"""Editing a template: a draft that is saved while somebody types, and the version it becomes."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import stores_of
from accounts.models import User
from kernel.errors import Conflict, NotAllowed
from tasks.domain.queries import visible_templates
from tasks.domain.template_content import (
    Content,
    content_of,
    empty_content,
    problems_of,
    refused,
    storable,
)
from tasks.domain.templates import publish_version
from tasks.errors import Missing, RoleMissing
from tasks.models import Template, TemplateDraft, TemplateVersion, Upload
from tasks.rules import DIRECT_ROLES

NOTE_MAX = 2_000
TITLES = ("title_ja", "title_en", "summary_ja", "summary_en")
# Beside the content: the number of the version that was the newest when the draft was begun.
BASE = "base"


class TemplateShipped(NotAllowed):
    def __init__(self) -> None:
        super().__init__("template_shipped", _("Shipped templates cannot be changed. Make a copy of it."))


class TemplateDraftOutdated(Conflict):
    """The save was based on an older draft; nothing was stored, the sender still has their text."""

    def __init__(self, content: Content, fence: int, draft: TemplateDraft | None) -> None:
        saved_by = draft.saved_by.name if draft is not None and draft.saved_by is not None else None
        super().__init__(
            "template_draft_outdated",
            _("This template was changed in another window. Both texts are kept."),
            draft=content,
            fence=fence,
            saved_by=saved_by,
            saved_at=draft.saved_at if draft is not None else None,
        )


class TemplateMoved(Conflict):
    """Somebody published a version after this draft was begun."""

    def __init__(self, newest: int) -> None:
        super().__init__(
            "template_moved",
            _("A newer version was published after this draft was begun. Look at what changed first."),
            newest=newest,
        )


def lock_own(template_id: int, by: User, now: datetime) -> Template:
    """The locked template for a director of one of its company's stores.

    `Missing` for strangers, `RoleMissing` for colleagues, `TemplateShipped` for one that Tencho ships.
    """
    found = visible_templates(by, now).filter(pk=template_id).first()
    if found is None:
        raise Missing
    if found.company_id is None:
        raise TemplateShipped
    if not stores_of(by, now, *DIRECT_ROLES).filter(company=found.company_id).exists():
        raise RoleMissing
    return Template.objects.select_for_update(of=("self",)).get(pk=template_id)


def current(template: Template) -> tuple[Content, int, TemplateDraft | None]:
    """What an editor shows: the draft, else the newest version, else nothing yet; its fence and row."""
    draft = TemplateDraft.objects.select_related("saved_by").filter(template=template).first()
    if draft is not None and draft.content:
        return _without_base(draft.content), draft.fence, draft
    newest = newest_version(template)
    content = content_of(template, newest) if newest else empty_content(template.title_ja)
    return content, draft.fence if draft else 0, draft


def _without_base(content: Content) -> Content:
    return {name: value for name, value in content.items() if name != BASE}


def newest_version(template: Template) -> TemplateVersion | None:
    return template.versions.order_by("-number").first()


def is_waiting(draft: TemplateDraft | None) -> bool:
    """Whether something is being edited that is no version yet."""
    return draft is not None and bool(draft.content)


@transaction.atomic
def save_template_draft(
    *, template_id: int, content: Any, fence: int, by: User, now: datetime
) -> TemplateDraft:
    """Stores a draft that was based on `fence`; returns it with the next fence.

    Anything that can be stored is taken, finished or not. Repeating the stored content with the fence before
    (its reply was lost) changes nothing. Raises `Missing`, `RoleMissing`, `TemplateShipped`, `Invalid` for
    what is no template, `TemplateDraftOutdated` with the present draft.
    """
    template = lock_own(template_id, by, now)
    wanted = storable(content)
    stored, present, draft = current(template)
    if draft is not None and is_waiting(draft) and fence == present - 1 and wanted == stored:
        return draft
    if fence != present:
        raise TemplateDraftOutdated(stored, present, draft)
    return _store(template, draft, wanted, by, now)


def _store(
    template: Template, draft: TemplateDraft | None, content: Content, by: User, now: datetime
) -> TemplateDraft:
    newest = newest_version(template)
    base = draft.content.get(BASE) if draft is not None and draft.content else newest.number if newest else 0
    if draft is None:
        draft = TemplateDraft(template=template)
    draft.content = {**content, BASE: base} if content else {}
    draft.fence += 1
    draft.saved_by, draft.saved_at = by, now
    draft.save()
    return draft


def start_draft(*, template: Template, content: Content, by: User, now: datetime) -> TemplateDraft:
    """The first draft of a template that was just made, inside its maker's transaction."""
    return _store(template, None, content, by, now)


@transaction.atomic
def discard_template_draft(*, template_id: int, fence: int, by: User, now: datetime) -> TemplateDraft:
    """Goes back to the newest version. Raises like saving; `Conflict` when there is no version yet."""
    template = lock_own(template_id, by, now)
    stored, present, draft = current(template)
    if fence != present or draft is None:
        raise TemplateDraftOutdated(stored, present, draft)
    if newest_version(template) is None:
        raise Conflict("no_version", _("This template has no version to go back to."))
    return _store(template, draft, {}, by, now)


def problems_in(template: Template, content: Content) -> list[Any]:
    """What keeps the content from becoming a version of this template."""
    own = set(Upload.objects.filter(template=template).values_list("pk", flat=True))
    return problems_of(content, picture_exists=own.__contains__)


@transaction.atomic
def publish_draft(
    *, template_id: int, fence: int, note: str, by: User, now: datetime, newest_seen: int | None = None
) -> TemplateVersion:
    """Makes the draft the newest version: new batches begin with it, running ones keep theirs.

    Raises `Missing`, `RoleMissing`, `TemplateShipped`; `TemplateDraftOutdated` if the draft is not the one
    of `fence`; `Invalid` naming each place (`template_content`); `TemplateMoved` if a version came in between
    and is not the one that the publisher says to have seen.
    """
    template = lock_own(template_id, by, now)
    content, present, draft = current(template)
    if draft is None or not is_waiting(draft):
        raise Conflict("nothing_to_publish", _("Nothing has been changed since the last version."))
    if fence != present:
        raise TemplateDraftOutdated(content, present, draft)
    newest = newest_version(template)
    if newest is not None and newest.number not in (draft.content[BASE], newest_seen):
        raise TemplateMoved(newest.number)
    problems = problems_in(template, content)
    if problems:
        raise refused(problems)
    _take_titles(template, content)
    version = publish_version(template=template, content=content, by=by, note=note.strip()[:NOTE_MAX])
    _store(template, draft, {}, by, now)
    return version


def _take_titles(template: Template, content: Content) -> None:
    for name in TITLES:
        setattr(template, name, content[name].strip())
    # A template is found by its name in either language.
    template.title_ja = template.title_ja or template.title_en
    template.title_en = template.title_en or template.title_ja
    template.save(update_fields=list(TITLES))
