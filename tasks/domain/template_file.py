"""A template as one file: JSON with its pictures inside, to be kept, mailed or taken to another shop.

The file comes from anywhere: size, depth, names and types are judged before anything is believed, and each
problem names its place. Pictures are decoded as any upload is.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from kernel.errors import FieldProblem, Invalid, Text
from tasks.answers.texts import shown_name
from tasks.domain.template_content import (
    LISTS,
    OBJECTS,
    PICTURE,
    Content,
    content_of,
    problems_of,
    storable,
)
from tasks.domain.template_pictures import MANUALS, pictures_of, renumbered
from tasks.domain.uploads import BYTES_MAX
from tasks.models import TemplateVersion

FORMAT = 1
FILE_MAX = 30 * 1024 * 1024
PICTURES_MAX = 50
TEXTS = ("title", "summary", "manual")
_KEYS = ("tencho_template", "key", *TEXTS, *LISTS, *OBJECTS, "pictures")
_OPTIONAL = ("key", "pictures")


@dataclass(frozen=True)
class FoundTemplate:
    """What a file holds: content whose manual names pictures `picture:<name>`, and those pictures."""

    key: str
    content: Content
    pictures: dict[str, ContentFile[bytes]]

    def with_pictures(self, addresses: Mapping[str, str]) -> Content:
        """The content with the pictures at these addresses."""
        texts = {name: self.content[name] for name in MANUALS}
        for picture, address in addresses.items():
            texts = {
                name: text.replace(f"](picture:{picture})", f"]({address})") for name, text in texts.items()
            }
        return {**self.content, **texts}


class FileRefused(Invalid):
    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__(
            "template_file_invalid", _("This file cannot be read as a template."), fields=problems
        )


def write_file(version: TemplateVersion) -> bytes:
    """A version as a file, UTF-8. Pictures whose file is lost are left out."""
    content = content_of(version.template, version)
    pictures: dict[str, str] = {}
    addresses: dict[int, str] = {}
    for number, picture in pictures_of(version.template, content).items():
        try:
            with picture.file.open("rb") as file:
                pictures[str(number)] = base64.b64encode(file.read()).decode()
        except FileNotFoundError:
            continue
        addresses[number] = f"picture:{number}"
    content = renumbered(content, addresses)
    out: dict[str, Any] = {"tencho_template": FORMAT, "key": version.template.key}
    out |= {name: {"ja": content[f"{name}_ja"], "en": content[f"{name}_en"]} for name in TEXTS}
    out |= {name: content[name] for name in (*LISTS, *OBJECTS)}
    return json.dumps(out | {"pictures": pictures}, ensure_ascii=False, indent=1).encode()


def read_file(data: bytes) -> FoundTemplate:
    """What the file holds, proven usable. Raises `FileRefused` naming each place; never anything else."""
    raw = _parsed(data)
    problems = list(_shape(raw))
    if problems:
        raise FileRefused(problems)
    content: Content = {name: raw[name] for name in (*LISTS, *OBJECTS)}
    content |= {
        f"{name}_{language}": raw[name].get(language, "") for name in TEXTS for language in ("ja", "en")
    }
    found = FoundTemplate(str(raw.get("key", "")), _proven(content), dict(_pictures(raw.get("pictures", {}))))
    missing = [name for name in MANUALS if PICTURE.search(found.content[name])]
    if missing:
        text = _("The manual shows a picture that is not in the file.")
        raise FileRefused([FieldProblem(name, "picture_missing", text) for name in missing])
    return found


def _parsed(data: bytes) -> dict[str, Any]:
    if len(data) > FILE_MAX:
        raise _wrong("file", "too_large", _("The file is larger than 30 MB."))
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _wrong("file", "not_json", _("The file is no JSON text in UTF-8.")) from error
    if not isinstance(found, dict) or "tencho_template" not in found:
        raise _wrong("file", "no_template", _("This is no template file of Tencho."))
    if found["tencho_template"] != FORMAT or isinstance(found["tencho_template"], bool):
        raise _wrong(
            "tencho_template", "unknown_format", _("This file comes from another release of Tencho.")
        )
    return found


def _wrong(place: str, code: str, message: Text) -> FileRefused:
    return FileRefused([FieldProblem(place, code, message)])


def _shape(raw: dict[str, Any]) -> Iterator[FieldProblem]:
    for key in list(raw)[:100]:
        if key not in _KEYS:
            name = shown_name(key)
            text = _("“%(name)s” is no part of a template.") % {"name": name}
            yield FieldProblem(name, "unknown_field", text)
    for name in _KEYS:
        if name not in raw:
            if name not in _OPTIONAL:
                yield FieldProblem(name, "required", _("This part is missing."))
        elif not _has_type(name, raw[name]):
            yield FieldProblem(name, "wrong_type", _("This part has the wrong JSON type."))


def _has_type(name: str, value: Any) -> bool:
    if name in TEXTS:
        return (
            isinstance(value, dict)
            and set(value) <= {"ja", "en"}
            and all(isinstance(t, str) for t in value.values())
        )
    if name == "pictures":
        return (
            isinstance(value, dict)
            and len(value) <= PICTURES_MAX
            and all(isinstance(t, str) for t in value.values())
        )
    return isinstance(value, {"tencho_template": int, "key": str}.get(name, list if name in LISTS else dict))


def _proven(content: Content) -> Content:
    try:
        stored = storable(content)
    except Invalid as error:
        raise FileRefused(error.fields) from error
    problems = problems_of(stored)
    if problems:
        raise FileRefused(problems)
    return stored


def _pictures(raw: Mapping[str, str]) -> Iterator[tuple[str, ContentFile[bytes]]]:
    for name, text in raw.items():
        if not name.isascii() or not name.isalnum() or len(name) > 40:
            raise _wrong("pictures", "bad_name", _("A picture in the file has no usable name."))
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise _wrong(
                f"pictures.{name}", "unreadable", _("This picture of the file cannot be read.")
            ) from error
        if len(data) > BYTES_MAX:
            raise _wrong(f"pictures.{name}", "image_too_big", _("The picture is larger than 10 MB."))
        yield name, ContentFile(data, f"{name}.png")
