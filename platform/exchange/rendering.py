"""Turns what a person typed into what a cell of a shop's file may hold."""

import re

# Elements a shop's product description is made of. Without the list "x <y and z> w" would pass as a tag.
_ELEMENTS = (
    "a|abbr|article|b|big|blockquote|br|caption|center|cite|code|col|colgroup|dd|del|details|div|dl|dt|em"
    "|figcaption|figure|font|h1|h2|h3|h4|h5|h6|hr|i|iframe|img|ins|li|mark|ol|p|picture|pre|q|s|section|small"
    "|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|tr|u|ul|video"
)
_TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:\s[^<>]*)?/?>|<!--", re.IGNORECASE)
_BARE_AMPERSAND = re.compile(r"&(?!(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});)")
_LINE_END = re.compile(r"\r\n?")
_BLANK_LINES = re.compile(r"\n[ \t\u3000]*(?:\n[ \t\u3000]*)+")


def unify_line_ends(text: str) -> str:
    return _LINE_END.sub("\n", text)


def render_description(text: str) -> str:
    """Return a product description as HTML.

    Text that holds an HTML tag is HTML already. Otherwise <, > and & are escaped (a written entity stays),
    blank lines part paragraphs and single line ends become <br>; one line alone needs no element round it.
    """
    if _TAG.search(text):
        return text
    escaped = _BARE_AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
    unified = unify_line_ends(escaped)
    if "\n" not in unified.strip():
        return escaped
    paragraphs = _BLANK_LINES.split(unified.strip())
    return "".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in paragraphs)
