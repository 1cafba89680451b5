"""What a worker sees of one product: the source's values, each drawn as its kind wants. Shared by task page,
director's preview and review desk (`work/_inputs.html`, `work/_manual.html`)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tasks.answers.lists import Input, logical_name, parse_inputs
from tasks.answers.manual import render_manual
from tasks.models import TemplateVersion, Unit

_TAGS = {
    "p",
    "br",
    "ul",
    "ol",
    "li",
    "strong",
    "b",
    "em",
    "i",
    "u",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
# A heading of the shop's text would break the outline of our page.
_HEADING = re.compile(r"<(/?)h[1-6]\b[^>]*>", re.IGNORECASE)
IMAGES_SHOWN = 12


@dataclass(frozen=True)
class Picture:
    """`src` is set for our own pictures alone; another address is only named, never called by a page."""

    src: str
    url: str
    host: str
    alt: str


@dataclass(frozen=True)
class Option:
    """One option of a product, for example "Colour" with its values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ShownInput:
    """One value of the source; what its `kind` does not use is empty."""

    name: str
    kind: str
    label: str
    text: str = ""
    html: str = ""
    entries: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    options: tuple[Option, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.entries or self.pictures or self.options)


def describe_inputs(version: TemplateVersion, unit: Unit) -> list[ShownInput]:
    """The inputs that the template names, in its order, with the unit's values in the reader's language.

    After them, the columns of a mapped table that the director shows and the template does not know. What no
    column of the table was chosen for is not asked after.
    """
    named = [_describe(entry, unit.values) for entry in parse_inputs(version.inputs)]
    columns = unit.values.get("columns")
    if columns is None:
        return named
    chosen = {column["name"] for column in columns}
    shown = [one for one in named if not one.is_empty or logical_name(one.kind, one.name) in chosen]
    return shown + _columns(columns, {logical_name(one.kind, one.name) for one in named})


def _columns(columns: Sequence[Mapping[str, Any]], named: set[str]) -> list[ShownInput]:
    return [
        ShownInput(
            f"column_{at}", "text", column_label(column["label"], column["number"]), text=column["text"]
        )
        for at, column in enumerate(columns)
        if not (column["name"] and column["name"] in named)
    ]


def column_label(header: str, number: int | None) -> str:
    """A header as people tell it from others: with the column's number where it repeats or is blank."""
    if number is None:
        return header
    if not header.strip():
        return _("Column %(number)d") % {"number": number}
    return _("%(header)s (column %(number)d)") % {"header": header, "number": number}


def manual_html(version: TemplateVersion) -> SafeString:
    """The manual in the reader's language; versions never change, so it is drawn once a process."""
    return _manual(version.pk, get_language() or "ja", version.manual)


@lru_cache(maxsize=200)
def _manual(version_id: int, language: str, markdown: str) -> SafeString:
    return render_manual(markdown)


def _describe(entry: Input, values: Mapping[str, Any]) -> ShownInput:
    label = str(entry.label)
    if entry.kind == "images":
        return ShownInput(entry.name, entry.kind, label, pictures=_pictures(values.get("images") or []))
    if entry.kind == "options":
        return ShownInput(entry.name, entry.kind, label, options=_options(values.get("variants") or []))
    text = str(values.get(entry.name) or "")
    if entry.kind == "list":
        parts = tuple(part.strip() for part in re.split("[,、，]", text) if part.strip())
        return ShownInput(entry.name, entry.kind, label, text=text, entries=parts)
    if entry.kind == "money":
        return ShownInput(entry.name, entry.kind, label, text=_money(text))
    html = _clean(text) if entry.kind == "html" and "<" in text else ""
    return ShownInput(entry.name, entry.kind, label, text=text, html=html)


def _clean(text: str) -> SafeString:
    plain = _HEADING.sub(r"<\1p>", text)
    return mark_safe(nh3.clean(plain, tags=_TAGS, attributes={}))  # noqa: S308  # nh3 has just sanitised it


def _money(text: str) -> str:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return text
    whole = amount.is_finite() and amount == amount.to_integral_value() and abs(amount) < 10**15
    return f"¥{int(amount):,}" if whole else text


def _pictures(images: Sequence[Mapping[str, Any]]) -> tuple[Picture, ...]:
    return tuple(
        picture(str(image.get("url") or ""), str(image.get("alt") or "")) for image in images[:IMAGES_SHOWN]
    )


def picture(url: str, alt: str) -> Picture:
    own = settings.ORIGIN + "/"
    path = "/" + url.removeprefix(own) if url.startswith(own) else url
    ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    linked = url if host and url.startswith(("http://", "https://")) else ""
    return Picture(src=path if ours else "", url=linked, host=host or url[:60], alt=alt)


def _options(variants: Sequence[Mapping[str, Any]]) -> tuple[Option, ...]:
    found: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in variant.get("options") or []:
            # What Shopify writes for a product without variants.
            if (name, value) != ("Title", "Default Title") and value:
                found.setdefault(name, {})[value] = None
    return tuple(Option(name, tuple(values)) for name, values in found.items())
