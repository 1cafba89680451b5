"""Pictures of manuals: uploaded to a template, and taken along when it is copied or written to a file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kernel.errors import Conflict
from tasks.domain.template_content import PICTURE, Content
from tasks.domain.template_draft import lock_own
from tasks.domain.uploads import keep_image
from tasks.models import Template, Upload

PICTURES_MAX = 200
MANUALS = ("manual_ja", "manual_en")


@transaction.atomic
def keep_picture(*, template_id: int, file: Any, name: str, by: User, now: datetime) -> Upload:
    """Keeps a picture for a template's manual. Raises like saving its draft, `Invalid` for no picture."""
    template = lock_own(template_id, by, now)
    if Upload.objects.filter(template=template).count() >= PICTURES_MAX:
        raise Conflict(
            "too_many_pictures", _("A template has at most %(max)d pictures.") % {"max": PICTURES_MAX}
        )
    return keep_image(file=file, name=name, by=by, now=now, template_id=template.pk)


def pictures_of(template: Template, content: Content) -> dict[int, Upload]:
    """The template's pictures that its manual shows, by number."""
    numbers = {int(found) for name in MANUALS for found in PICTURE.findall(content[name])}
    return {one.pk: one for one in Upload.objects.filter(template=template, pk__in=numbers)}


def take_along(
    *, content: Content, pictures: Mapping[int, Upload], to: Template, by: User, now: datetime
) -> Content:
    """The content for another template, with pictures of its own; a lost file leaves its words behind."""
    numbers: dict[int, int] = {}
    for number, picture in pictures.items():
        try:
            with picture.file.open("rb") as file:
                data = ContentFile(file.read(), picture.name)
        except FileNotFoundError:
            continue
        numbers[number] = keep_image(file=data, name=picture.name, by=by, now=now, template_id=to.pk).pk
    return renumbered(content, {number: f"/uploads/{new}/" for number, new in numbers.items()})


def renumbered(content: Content, addresses: Mapping[int, str]) -> Content:
    """The content with the manual's pictures at these addresses; the others stay where they are."""
    texts = {
        name: PICTURE.sub(lambda found: addresses.get(int(found.group(1)), found.group(0)), content[name])
        for name in MANUALS
    }
    return {**content, **texts}
