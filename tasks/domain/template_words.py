"""What the parts of a template are called, for lists of choices, differences and problems."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.errors import Text
from tasks.answers.texts import LocalText, parse_local_text

Words = dict[str, Text]
Json = Mapping[str, Any]
LONGEST = 120
NAMED = 10

FIELD_KINDS: Words = {
    "text": pgettext_lazy("kind of field", "One line of text"),
    "long_text": pgettext_lazy("kind of field", "Several lines of text"),
    "integer": pgettext_lazy("kind of field", "Whole number"),
    "number": pgettext_lazy("kind of field", "Number"),
    "choice": pgettext_lazy("kind of field", "Choose one"),
    "choices": pgettext_lazy("kind of field", "Choose several"),
    "date": pgettext_lazy("kind of field", "Date"),
    "image": pgettext_lazy("kind of field", "Picture"),
    "image_pairs": pgettext_lazy("kind of field", "Pairs of pictures"),
    "rows": pgettext_lazy("kind of field", "Rows"),
}
CHECK_KINDS: Words = {
    "required": _("Is filled in"),
    "length": _("Number of characters"),
    "bytes_cp932": _("Bytes in CP932 (Shift_JIS)"),
    "regex": _("Pattern (regular expression)"),
    "allowed": _("Only these values"),
    "banned": _("Words that must not appear"),
    "unique_in_batch": _("Different in every task of a batch"),
    "allowed_html": _("Only harmless HTML"),
}
INPUT_KINDS: Words = {
    "text": pgettext_lazy("kind of input", "Text"),
    "html": pgettext_lazy("kind of input", "Formatted text (HTML)"),
    "list": pgettext_lazy("kind of input", "List"),
    "money": pgettext_lazy("kind of input", "Price in yen"),
    "images": pgettext_lazy("kind of input", "Pictures"),
    "options": pgettext_lazy("kind of input", "Options (colour, size)"),
}
# Columns that the exports of shops have; a shop's own table says for each file which column it is.
COLUMNS: Words = {
    "title": pgettext_lazy("column", "Product name"),
    "description": pgettext_lazy("column", "Description"),
    "seo_title": pgettext_lazy("column", "Search title (SEO)"),
    "seo_description": pgettext_lazy("column", "Search description (SEO)"),
    "tags": pgettext_lazy("column", "Tags"),
    "type": pgettext_lazy("column", "Product type"),
    "category": pgettext_lazy("column", "Category"),
    "vendor": pgettext_lazy("column", "Maker or brand"),
    "price": pgettext_lazy("column", "Price"),
    "compare_at_price": pgettext_lazy("column", "Price before a reduction"),
    "images": pgettext_lazy("column", "Pictures"),
    "options": pgettext_lazy("column", "Options (colour, size)"),
    "sku": pgettext_lazy("column", "SKU"),
    "barcode": pgettext_lazy("column", "Barcode (JAN)"),
    "status": pgettext_lazy("column", "Status in the shop"),
}
DEFAULTS: Words = {
    "reward": _("Reward per answer (yen)"),
    "lease_minutes": _("Time to work on one task (minutes)"),
    "typical_minutes": _("Usual time for one task (minutes)"),
    "answers_per_task": _("Answers per task"),
    "per_worker_cap": _("Most tasks per person"),
    "auto_approve_days": _("Days without a decision until approval"),
}
LANGUAGES: Words = {"ja": _("Japanese"), "en": _("English")}
NONE = pgettext_lazy("no value", "none")


def label_of(entry: Json, name: str) -> Any:
    """The label of a field, input, check or item; its name when it has none. Formats itself when read."""
    return local_text(entry.get("x-label", entry.get("label"))) or name


def local_text(raw: object) -> LocalText:
    """A text in two languages, empty when it is none."""
    try:
        return parse_local_text(raw)
    except ValueError:
        return LocalText()


def label_changes(old: object, new: object, name: object) -> Iterator[Text]:
    """Sentences about a name that reads differently, one for each language."""
    for language, before, after in by_language(old, new):
        yield format_lazy(
            _("“{name}”: called in {language} “{before}” → “{after}”"),
            name=name,
            language=LANGUAGES[language],
            before=before,
            after=after,
        )


def by_language(old: object, new: object) -> Iterator[tuple[str, str, str]]:
    """Language, text before and text after where they differ."""
    one, other = local_text(old), local_text(new)
    for language in LANGUAGES:
        before, after = getattr(one, language), getattr(other, language)
        if before != after:
            yield language, before, after


def from_to(text: Text, name: object, before: object, after: object) -> Text:
    """The sentence `text` with both values, "none" for a missing one."""
    shown = [NONE if value in (None, "") else short(str(value)) for value in (before, after)]
    return format_lazy(text, name=name, before=shown[0], after=shown[1])


def joined(values: Sequence[Any]) -> Text:
    """“a” “b” “c”: at most ten, and how many more there are."""
    named = format_lazy(" ".join(["“{}”"] * len(values[:NAMED])), *map(short, values[:NAMED]))
    more = len(values) - NAMED
    return format_lazy(_("{named} and {more} more"), named=named, more=more) if more > 0 else named


def short(value: Any) -> Any:
    """A long text without its end; anything else as it is."""
    return value[: LONGEST - 1] + "…" if isinstance(value, str) and len(value) > LONGEST else value
