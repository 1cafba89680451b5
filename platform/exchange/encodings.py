"""Which characters an encoding of shop files lacks. Nothing is ever replaced: what does not fit is named."""

UTF8 = "utf-8"
CP932 = "cp932"
ENCODINGS = (UTF8, CP932)


def missing_in(text: str, encoding: str) -> list[str]:
    """Return the characters of a text that the encoding lacks, each once, in their order."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return [char for char in dict.fromkeys(text) if not fits(char, encoding)]
    return _unmapped(text) if encoding == CP932 else []


def fits(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return encoding != CP932 or not _unmapped(char)


def _unmapped(text: str) -> list[str]:
    """Python's codec passes these through as single bytes that no Windows program reads back."""
    return [char for char in dict.fromkeys(text) if "\x80" <= char <= "\x9f" or "\uf8f0" <= char <= "\uf8f3"]
