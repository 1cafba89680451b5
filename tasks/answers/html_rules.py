"""Which HTML an answer may hold, and the first thing in it that is not allowed.

The scanner is strict and linear: whatever it cannot read as a plain tag is a problem, and the first problem
ends the scan, so no input makes it slow. nh3, which reads HTML as browsers do, gives a second opinion on the
nesting.
"""

import html
import re
from collections import Counter
from dataclasses import dataclass

import nh3

ALLOWED_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
}
ALLOWED_TAGS = frozenset(
    {
        *("p", "br", "ul", "ol", "li", "strong", "em", "b", "i", "a", "h2", "h3", "h4"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
)
# Their end may be left out in HTML, and nothing leaks into the page around them.
_END_MAY_MISS = frozenset(["p", "li", "thead", "tbody", "tr", "th", "td", "br"])
# Browsers add a <tbody> that nobody wrote.
_ADDED_BY_BROWSERS = frozenset({"tbody"})

_TAG = re.compile(r"</?([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""\s+([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")
_TAG_END = re.compile(r"\s*/?>")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HtmlProblem:
    """`code` is one of tag, attribute, link, unclosed, nesting; `tag` names what offends."""

    code: str
    tag: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    closes: bool
    attributes: tuple[tuple[str, str], ...]
    end: int


def first_problem(text: str) -> HtmlProblem | None:
    """The first thing in `text` that the allowed HTML does not cover, or None.

    A `<` that opens no tag (`5 < 7`, `<3`) is text.
    """
    opened: list[str] = []
    names: Counter[str] = Counter()
    position = text.find("<")
    while position != -1:
        if text[position + 1 : position + 2] in ("!", "?"):
            return HtmlProblem("tag", shown(text[position + 1 : position + 20].partition(">")[0]))
        if _TAG.match(text, position) is None:
            position = text.find("<", position + 1)
            continue
        tag = _read_tag(text, position)
        problem = tag if isinstance(tag, HtmlProblem) else _judge(tag, opened)
        if isinstance(tag, HtmlProblem) or problem is not None:
            return problem
        if not tag.closes:
            names[tag.name] += 1
        position = text.find("<", tag.end)
    if opened:
        return HtmlProblem("unclosed", opened[-1])
    return _second_opinion(text, names)


def shown(tag: str) -> str:
    """A tag as it can stand in a message: short, printable."""
    return "".join(char if char.isprintable() else " " for char in tag[:30]).strip()


def _read_tag(text: str, position: int) -> _Tag | HtmlProblem:
    opening = _TAG.match(text, position)
    assert opening is not None  # the caller saw it
    name = opening.group(1).lower()
    if name not in ALLOWED_TAGS:
        return HtmlProblem("tag", shown(name))
    attributes: list[tuple[str, str]] = []
    at = opening.end()
    while attribute := _ATTRIBUTE.match(text, at):
        attributes.append((attribute.group(1).lower(), (attribute.group(2) or "").strip("\"'")))
        at = attribute.end()
    end = _TAG_END.match(text, at)
    if end is None:
        return HtmlProblem("nesting", name)
    return _Tag(name, text[position + 1] == "/", tuple(attributes), end.end())


def _judge(tag: _Tag, opened: list[str]) -> HtmlProblem | None:
    """Checks one tag and keeps the stack of those that must still be closed."""
    for name, value in tag.attributes:
        if name not in ALLOWED_ATTRIBUTES.get(tag.name, set()):
            return HtmlProblem("attribute", tag.name, shown(name))
        if name == "href" and not _is_web_address(value):
            return HtmlProblem("link", tag.name, shown(value))
    if tag.name in _END_MAY_MISS:
        return None
    if not tag.closes:
        opened.append(tag.name)
    elif not opened or opened.pop() != tag.name:
        return HtmlProblem("nesting", tag.name)
    return None


def _is_web_address(raw: str) -> bool:
    address = html.unescape(raw)
    return bool(_WEB_ADDRESS.match(address)) and not re.search(r"[\s\x00-\x1f\x7f]", address)


def _second_opinion(text: str, names: Counter[str]) -> HtmlProblem | None:
    """A browser that sees other elements than the scanner did means crossed or misplaced tags."""
    read = nh3.clean(text, tags=set(ALLOWED_TAGS), attributes={}, link_rel=None)
    seen = Counter(match.group(1) for match in _TAG.finditer(read) if match.group()[1] != "/")
    for name in _ADDED_BY_BROWSERS:
        seen[name] = names[name] = 0
    different = (seen - names) + (names - seen)
    return HtmlProblem("nesting", min(different)) if different else None
