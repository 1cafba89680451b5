"""Tags used on every page: icons, live regions, moments and money."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.context import Context
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.browsers import browser_name

register = template.Library()
ICONS = Path(settings.ICONS_ROOT)


@lru_cache(maxsize=200)
def _svg(name: str, size: int) -> SafeString:
    text = (ICONS / f"{name}.svg").read_text()
    body = text[text.index(">", text.index("<svg")) + 1 :]
    head = (
        f'<svg class="icon" width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" '
        'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
        'aria-hidden="true" focusable="false">'
    )
    return mark_safe(head + body)  # noqa: S308  # the installed icon set, not input


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """One icon of the installed set as inline SVG; it is decoration, the words stand beside it."""
    return _svg(name, size)


class RegionNode(Node):
    def __init__(self, url: FilterExpression, topics: FilterExpression, css: str, nodes: NodeList) -> None:
        self.url, self.topics, self.css, self.nodelist = url, topics, css, nodes

    def render(self, context: Context) -> SafeString:
        topics = self.topics.resolve(context)
        return format_html(
            '<div class="{}" data-region="{}" data-topics="{}">{}</div>',
            self.css,
            self.url.resolve(context),
            topics if isinstance(topics, str) else " ".join(topics),
            mark_safe(self.nodelist.render(context)),  # noqa: S308  # a rendered template
        )


@register.tag
def region(parser: Parser, token: Token) -> RegionNode:
    """`{% region url topics "css classes" %}…{% endregion %}`: a part that refetches itself when told.

    `url` answers with what stands between the tags; it must never hold a form somebody types in.
    """
    _name, url, topics, *css = token.split_contents()
    nodes = parser.parse(("endregion",))
    parser.delete_first_token()
    classes = css[0].strip("\"'") if css else ""
    return RegionNode(parser.compile_filter(url), parser.compile_filter(topics), classes, nodes)


@register.filter
def yen(amount: int | None) -> str:
    return "" if amount is None else f"¥{amount:,}"


@register.filter
def moment(value: datetime | str | None) -> SafeString | str:
    """A moment in the reader's zone, short, with the full date on hover."""
    at = parse_datetime(value) if isinstance(value, str) else value
    if at is None:
        return "–"
    local = timezone.localtime(at)
    short = date_format(local, "H:i" if local.date() == timezone.localdate() else "n/j H:i")
    full = date_format(local, "Y-m-d H:i T")
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), full, short)


@register.filter
def day(value: datetime | None) -> str:
    """The last day before the moment of an end, in the reader's zone: midnight belongs to the day before."""
    if value is None:
        return ""
    return date_format(timezone.localtime(value - timedelta(microseconds=1)), "Y-m-d")


@register.filter
def remaining(value: datetime | None) -> SafeString | str:
    """How long until a moment: "2 h left"; the page's script counts on from there."""
    if value is None:
        return ""
    full = date_format(timezone.localtime(value), "Y-m-d H:i T")
    text = in_words(value - timezone.now())
    return format_html('<time datetime="{}" title="{}" data-until>{}</time>', value.isoformat(), full, text)


def in_words(left: timedelta) -> str:
    minutes = int(left.total_seconds() // 60)
    if minutes < 0:
        return _("over")
    if minutes < 60:
        return _("{n} min left").format(n=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _("{n} h {m} min left").format(n=hours, m=minutes)
    return _("{n} d {h} h left").format(n=hours // 24, h=hours % 24)


register.filter("browser", browser_name)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """`mapping[key]`, or nothing."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def percent_of(part: int, whole: int) -> int:
    return round(part * 100 / whole) if whole else 0


@register.simple_tag(takes_context=True)
def here(context: Context, prefix: str) -> SafeString:
    """Marks the navigation entry of the present page."""
    # A task in hand is one's own work, though its address stands below the work to be found.
    path = re.sub(r"^/work/\d+/", "/my-work/", context["request"].path)
    path = re.sub(r"^/stores/\d+/operations/", "/operations/", path)
    current = path == prefix if prefix == "/" else path.startswith(prefix)
    return mark_safe('aria-current="page"') if current else mark_safe("")


@register.simple_tag(takes_context=True)
def with_query(context: Context, **changes: Any) -> str:
    """The present address with some query values changed (None removes one)."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return "?" + query.urlencode()


@register.inclusion_tag("help/_coach.html")
def coach(batch: Any = None, stages: Any = None) -> dict[str, Any]:
    """The guide beside a batch made from the sample file; nothing beside any other."""
    # Built into every template, so it is read before the models are.
    from frontend.help.coach import words

    return {"coach": words(batch or None, stages)}
