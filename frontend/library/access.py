"""Who reads and who edits templates on these pages, and what their scripts send."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import stores_of
from accounts.models import User
from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain.queries import visible_templates
from tasks.domain.template_draft import TemplateShipped
from tasks.errors import Missing, RoleMissing
from tasks.models import Template
from tasks.rules import DIRECT_ROLES


class Unreadable(Invalid):
    def __init__(self) -> None:
        super().__init__("malformed", _("The browser sent something that cannot be read."))


def reader(request: HttpRequest) -> User:
    """The signed-in person, behind `login_required`."""
    user: Any = request.user
    assert isinstance(user, User)
    return user


def template_of(request: HttpRequest, template_id: int) -> Template:
    """A template that the reader may see. Raises `Missing`."""
    found = visible_templates(reader(request), now()).filter(pk=template_id).first()
    if found is None:
        raise Missing
    return found


def directs(request: HttpRequest, template: Template) -> bool:
    """Whether the reader may change this template."""
    own = stores_of(reader(request), now(), *DIRECT_ROLES)
    return template.company_id is not None and own.filter(company=template.company_id).exists()


def own_template(request: HttpRequest, template_id: int) -> Template:
    """A template that the reader may change. Raises `Missing`, `TemplateShipped`, `RoleMissing`."""
    found = template_of(request, template_id)
    if found.company_id is None:
        raise TemplateShipped
    if not directs(request, found):
        raise RoleMissing
    return found


def sent(request: HttpRequest, **kinds: type) -> dict[str, Any]:
    """The JSON object that a script sent, with at least these members of these types. Raises `Unreadable`."""
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    if not isinstance(found, dict) or any(type(found.get(name)) is not kind for name, kind in kinds.items()):
        raise Unreadable
    return found
