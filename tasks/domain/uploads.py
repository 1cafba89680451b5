"""Pictures handed in: decoded before they are believed."""

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from events import record
from kernel.errors import FieldProblem, Invalid
from tasks.models import Upload

BYTES_MAX = 10 * 1024 * 1024
PIXELS_MAX = 50_000_000
# Pillow's name → media type and ending. SVG and anything else that can carry a script is not here.
TYPES = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
}


@transaction.atomic
def keep_image(
    *,
    file: Any,
    name: str,
    by: User,
    now: datetime,
    store_id: int | None = None,
    template_id: int | None = None,
) -> Upload:
    """Keeps a JPEG, PNG, GIF or WebP of at most 10 MB and 50 megapixels; `Invalid` for anything else."""
    if file.size > BYTES_MAX:
        raise _refused("image_too_big", _("The picture is larger than 10 MB."))
    kind, width, height = _look(file)
    media_type, ending = TYPES[kind]
    upload = Upload(
        owner=by,
        store_id=store_id,
        template_id=template_id,
        name=name[-255:],
        content_type=media_type,
        size=file.size,
        width=width,
        height=height,
    )
    file.seek(0)
    upload.file.save(f"picture.{ending}", File(file), save=False)
    upload.save()
    record("upload.kept", topics=[f"user.{by.pk}"], actor=by.pk, upload=upload.pk)
    return upload


def _look(file: Any) -> tuple[str, int, int]:
    # Pillow takes 15 MB of memory; most servers never see a picture.
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file, formats=list(TYPES)) as picture:
            kind, (width, height) = picture.format or "", picture.size
            if width * height > PIXELS_MAX:
                raise _refused("image_too_large", _("The picture has more than 50 megapixels."))
            picture.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _refused("image_unreadable", _("This is not a picture (JPEG, PNG, GIF or WebP).")) from error
    return kind, width, height


def _refused(code: str, message: Any) -> Invalid:
    return Invalid(code, message, fields=[FieldProblem("file", code, message)])
