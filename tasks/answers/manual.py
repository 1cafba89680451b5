"""Turns a manual written in Markdown into HTML that is safe to show to anybody.

Two walls: markdown-it makes no HTML of what the author typed as HTML, and nh3 then keeps only what is named
here.
"""

import re
from collections.abc import Sequence

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

MAX_MANUAL = 100_000

_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "s", "code", "pre"),
    *("blockquote", "a", "img", "table", "thead", "tbody", "tr", "th", "td", "div"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}, "div": {"tabindex"}}
_CLASSES = {"div": {"table-responsive"}, "table": {"table", "table-sm"}}
# Our own media: a path on this very site, neither `//host` nor `/\host`, which browsers take for another one.
_OWN_PATH = re.compile(r"/[^/\\\s][^\\\s]*")
_LINK = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)


def render_manual(markdown: str) -> SafeString:
    """Safe HTML of a manual: tables, no raw HTML, links out in a new tab, images only from this site.

    Headings move down by one, as the page has its own first heading. Line breaks stay line breaks. What
    stands beyond MAX_MANUAL characters is left out.
    """
    html = _markdown.render(markdown[:MAX_MANUAL].replace("\x00", ""))
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        attribute_filter=_keep_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return mark_safe(clean)  # noqa: S308 - nh3 has just sanitised it


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    if tag == "a" and attribute == "href" and not _LINK.fullmatch(value):
        return None
    if tag == "img" and attribute == "src" and not _OWN_PATH.fullmatch(value):
        return None
    return value


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """An image of our own as it is; of any other only its words: no foreign site shall see our readers."""
    if _OWN_PATH.fullmatch(str(tokens[index].attrGet("src") or "")):
        return renderer.image(tokens, index, options, env)
    return nh3.clean_text(tokens[index].content)


def _table_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return '<div class="table-responsive" tabindex="0"><table class="table table-sm">\n'


def _table_close(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return "</table></div>\n"


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    level = min(int(tokens[index].tag[1]) + 1, 6)
    return f"<h{level}>" if tokens[index].nesting == 1 else f"</h{level}>\n"


def _build() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    markdown.add_render_rule("image", _image)
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", _table_close)
    markdown.add_render_rule("heading_open", _heading)
    markdown.add_render_rule("heading_close", _heading)
    return markdown


_markdown = _build()
