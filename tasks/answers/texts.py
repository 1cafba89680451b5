"""Texts that a shop writes in two languages; each reader gets their own."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import get_language


@dataclass(frozen=True, slots=True)
class LocalText:
    """A text in Japanese and English. `str()` gives the active language, or the other when it is blank."""

    ja: str = ""
    en: str = ""

    def __str__(self) -> str:
        if (get_language() or "ja").startswith("ja"):
            return self.ja or self.en
        return self.en or self.ja

    def __bool__(self) -> bool:
        return bool(self.ja or self.en)

    def as_json(self) -> dict[str, str]:
        """The JSON object stored in forms and checks."""
        return {"ja": self.ja, "en": self.en}


NO_TEXT = LocalText()


def parse_local_text(raw: object) -> LocalText:
    """Read `{"ja": …, "en": …}`; one language is enough.

    Raises ValueError with a short code (`not_texts`, `unknown_language`, `not_text`, `unreadable`) for
    anything else; the caller names the place.
    """
    if not isinstance(raw, Mapping):
        raise ValueError("not_texts")
    if set(raw) - {"ja", "en"}:
        raise ValueError("unknown_language")
    for value in raw.values():
        if not isinstance(value, str):
            raise ValueError("not_text")
        if not is_storable(value):
            raise ValueError("unreadable")
    return LocalText(ja=raw.get("ja", ""), en=raw.get("en", ""))


def is_storable(value: str) -> bool:
    """False for NUL (PostgreSQL refuses it) and lone surrogates (no encoding can write them)."""
    return "\x00" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def is_blank(value: object) -> bool:
    """True for a value that counts as not filled in."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def shown_name(name: object) -> str:
    """A name that came from outside, short and printable enough to stand in a message."""
    text = name if isinstance(name, str) else type(name).__name__
    return "".join(char if char.isprintable() else "�" for char in text[:60])
