"""Which encoding a shop's file has, and which characters an encoding lacks.

Nothing is ever replaced: what does not fit is named.
"""

import codecs
from collections.abc import Sequence
from typing import BinaryIO

UTF8 = "utf-8"
CP932 = "cp932"
EUC_JP = "euc_jp"
# Those of a shop's own tables; a mall's layout says its own.
ENCODINGS = (UTF8, CP932)
# Japanese text of one is hardly ever sound text of those before it.
_STRICTEST_FIRST = (UTF8, EUC_JP, CP932)
# EUC-JP's codec writes these as a backslash and a tilde.
_NOT_IN_EUC_JP = "\xa5\u203e"
_CHUNK = 64 * 1024


def encoding_of(file: BinaryIO, choices: Sequence[str]) -> str | None:
    """Tell which of the encodings a whole file has; the first where any would do.

    Returns None when it has none of them: it is UTF-8 when that is no choice, or damaged.
    """
    if decodes(file, "ascii"):
        return choices[0]
    fitting = [one for one in _STRICTEST_FIRST if one in (UTF8, *choices) and decodes(file, one)]
    return fitting[0] if fitting and fitting[0] in choices else None


def decodes(file: BinaryIO, encoding: str) -> bool:
    """Whether all bytes of a file are text of this encoding. Its position is changed."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def missing_in(text: str, encoding: str) -> list[str]:
    """Return the characters of a text that the encoding lacks, each once, in their order."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return [char for char in dict.fromkeys(text) if not fits(char, encoding)]
    return _unmapped(text, encoding)


def fits(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return not _unmapped(char, encoding)


def _unmapped(text: str, encoding: str) -> list[str]:
    """Python's codec passes these on although no other program reads them back."""
    if encoding == EUC_JP:
        return [char for char in dict.fromkeys(text) if char in _NOT_IN_EUC_JP]
    if encoding != CP932:
        return []
    return [char for char in dict.fromkeys(text) if "\x80" <= char <= "\x9f" or "\uf8f0" <= char <= "\uf8f3"]
