"""Pictures in answers: those a worker handed in, and those of the unit that they are counterparts of."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tasks.answers.form import Field, FieldKind, Form

# An address may hold a comma, but a list of addresses in one cell parts them by comma, blank or bar.
_BETWEEN = re.compile(r"[\s|;]+|,\s*(?=https?:)|,\s+")


def sources_of(field: Field, unit_values: Mapping[str, Any]) -> list[str]:
    """Addresses of the unit's pictures that image pairs answer, each once, in the unit's order.

    The unit holds them as `[{"url": …}]`, as texts, or as one text with several addresses.
    """
    raw = unit_values.get(field.input)
    entries: Sequence[Any] = _BETWEEN.split(raw) if isinstance(raw, str) else raw or []
    if not isinstance(entries, list):
        return []
    urls = (entry.get("url") if isinstance(entry, Mapping) else entry for entry in entries)
    return list(dict.fromkeys(url for url in urls if isinstance(url, str) and url.strip()))


def number_of(sources: Sequence[str], source: str) -> int:
    """The number by which people know a picture, from 1."""
    return sources.index(source) + 1


def uploads_in(form: Form, answer: Mapping[str, Any]) -> list[str]:
    """Ids of all pictures in an answer: image fields, image columns of rows, counterparts. Never raises."""
    return list(dict.fromkeys(_uploads(form, answer)))


def _uploads(form: Form, answer: Mapping[str, Any]) -> Iterator[str]:
    for field in form.fields:
        value = answer.get(field.name)
        if field.kind is FieldKind.IMAGE:
            yield from _ids(value)
            continue
        for part in value if isinstance(value, list) else []:
            if not isinstance(part, Mapping):
                continue
            if field.kind is FieldKind.IMAGE_PAIRS:
                yield from _ids(part.get("after"))
            for column in field.fields:
                if column.kind is FieldKind.IMAGE:
                    yield from _ids(part.get(column.name))


def _ids(value: object) -> Iterator[str]:
    if isinstance(value, str) or type(value) is int:
        yield str(value)
