"""Pictures are decoded before they are believed, and seen by those they were handed to."""

import io
import zlib

import pytest
from django.core.files.base import ContentFile

from kernel.clock import now
from kernel.errors import Invalid
from tasks.domain import uploads
from tasks.domain.queries import visible_uploads
from tasks.models import Upload
from tests.factories import Cast, picture

pytestmark = pytest.mark.django_db


def keep(cast: Cast, data: bytes, name: str = "a.png") -> Upload:
    return uploads.keep_image(file=ContentFile(data, name), name=name, by=cast.ben, now=now())


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_pictures_are_kept_with_what_they_really_are(cast: Cast, kind: str, media_type: str) -> None:
    data = picture(kind)
    kept = keep(cast, data, "../../etc/passwd.svg")
    assert (kept.content_type, kept.width, kept.height, kept.size) == (media_type, 8, 6, len(data))
    assert "passwd" not in kept.file.name
    with kept.file.open("rb") as file:
        assert file.read() == data


def bomb() -> bytes:
    """A PNG that promises 60 megapixels."""
    size = (10_000).to_bytes(4, "big") + (6_000).to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0])) + _chunk(b"IDAT", b"x")


def _chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(name + body).to_bytes(4, "big")
    return len(body).to_bytes(4, "big") + name + body + check


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image_unreadable"),
        (b"<html><script>alert(1)</script>", "image_unreadable"),
        (b"<?xml version='1.0'?><x/>", "image_unreadable"),
        (b"GIF89a<script>alert(1)</script>", "image_unreadable"),
        (picture()[:40], "image_unreadable"),
        (picture("BMP"), "image_unreadable"),
        (picture("TIFF"), "image_unreadable"),
        (bomb(), "image_too_large"),
        (bytes(uploads.BYTES_MAX + 1), "image_too_big"),
    ],
    ids=range(10),
)
def test_what_is_no_picture_is_refused(cast: Cast, data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        keep(cast, data)
    assert refused.value.code == code
    assert not Upload.objects.exists()


def test_a_picture_not_yet_handed_in_is_its_owners(cast: Cast) -> None:
    kept = keep(cast, picture())
    seen = {name for name, user in cast.people().items() if kept in visible_uploads(user, now())}
    assert seen == {"ben"}


def test_the_file_may_come_in_chunks(cast: Cast) -> None:
    file = io.BytesIO(picture("JPEG"))
    kept = uploads.keep_image(file=ContentFile(file.read(), "x"), name="x" * 500, by=cast.ben, now=now())
    assert len(kept.name) == 255
