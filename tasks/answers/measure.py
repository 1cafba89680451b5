"""How texts are measured and compared by machine checks. The browser's counters follow the same rules."""

import html
import re
import unicodedata

# Zero-width and formatting characters that would hide a word from a comparison.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
_INLINE = re.compile(
    r"</?(?:a|b|em|font|i|mark|small|span|strong|sub|sup|u|wbr)\b[^<>]*>|<!--[^<>]*-->", re.I
)
_MARKUP = re.compile(r"<[^<>]*>")
_SPACES = re.compile(r"\s+")


def length(text: str) -> int:
    """Unicode code points after NFC, a line break counting as one.

    Not user-perceived characters: the shops count code points or bytes, so a composed emoji is several here
    as it is there, while が typed as か + ゛ is one on every machine.
    """
    return len(unicodedata.normalize("NFC", text.replace("\r\n", "\n")))


def cp932_bytes(text: str) -> tuple[int, list[str]]:
    """Bytes in CP932 (Windows Shift_JIS) and the characters that CP932 lacks, each once, in order.

    The text is measured as it will be written, without NFC. A line break counts as one byte; a character that
    does not fit counts as two, as it will have to be replaced.
    """
    plain = text.replace("\r\n", "\n")
    try:
        return len(plain.encode("cp932")), _unmapped(plain)
    except UnicodeEncodeError:
        size = {char: len(char.encode("cp932")) if _fits(char) else 2 for char in set(plain)}
        missing = [char for char in dict.fromkeys(plain) if not _fits(char)]
        return sum(size[char] for char in plain), missing


def _fits(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return not _unmapped(char)


def _unmapped(text: str) -> list[str]:
    """Python's codec passes these through as single bytes that no Windows program reads back."""
    return [char for char in dict.fromkeys(text) if "\x80" <= char <= "\x9f" or "\uf8f0" <= char <= "\uf8f3"]


def fold(text: str) -> str:
    """For comparing words: full and half width, upper and lower case are one, invisible characters gone."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()


def holds_word(folded: str, word: str) -> bool:
    """Whether a folded text holds a folded word.

    Japanese has no gaps between words, so any place counts. But a Latin letter or digit at the end of the
    word must not go on: "no.1" is not in "no.10", nor "sale" in "wholesale".
    """
    at = folded.find(word)
    while at != -1:
        end = at + len(word)
        if not _goes_on(folded[at - 1 : at], word[0]) and not _goes_on(folded[end : end + 1], word[-1]):
            return True
        at = folded.find(word, at + 1)
    return False


def _goes_on(neighbour: str, edge: str) -> bool:
    if not (neighbour.isascii() and edge.isascii()):
        return False
    return (neighbour.isalpha() and edge.isalpha()) or (neighbour.isdigit() and edge.isdigit())


def visible_text(text: str) -> str:
    """The text without its markup, so that a word cannot hide between tags or in character references.

    Tags inside a line vanish, others part the text: the end of one list item and the start of the next make
    no word.
    """
    return html.unescape(_MARKUP.sub("\n", _INLINE.sub("", text)))


def unique_key(value: str) -> str:
    """What makes two answers "the same" for `unique_in_batch`: folded, spaces collapsed, ends trimmed."""
    return _SPACES.sub(" ", fold(value)).strip()
