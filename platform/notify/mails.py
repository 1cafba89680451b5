"""Writing a mail: plain text and simple HTML, in the language and time zone of whoever reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from email.charset import BASE64, Charset
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from notify.kinds import kind_of
from notify.links import Stop, absolute, to_delivery, to_notice, to_stop
from notify.models import Delivery, Notice
from notify.texts import fill, words

SUBJECT_MAX = 120
LINES_MAX = 40

# Seven bits on the wire: Japanese text passes every relay unharmed.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = BASE64


@dataclass(frozen=True)
class Line:
    text: str
    url: str
    at: Any


@dataclass(frozen=True)
class Part:
    """Lines of one batch, or of what belongs to none."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Letter:
    """What stands in the mail. `lead` explains; `action` is the button to `url`."""

    subject: str
    heading: str
    lead: str
    parts: list[Part]
    more: int
    action: str
    url: str
    at: Any


def compose(delivery: Delivery, notices: list[Notice]) -> EmailMultiAlternatives:
    """The mail of a delivery, about `notices` (none if it goes to a bare address)."""
    user = delivery.user
    language = user.language if user else delivery.language or settings.LANGUAGE_CODE
    zone = user.zone if user else ZoneInfo(settings.TIME_ZONE)
    with translation.override(language), timezone.override(zone):
        letter = _letter(delivery, notices)
        stop = _stop(delivery)
        context = {
            "letter": letter,
            "language": language,
            "user": user,
            "summary": user is not None and not delivery.kind,
            "kept": kind_of(delivery.kind).kept,
            "stop": absolute(to_stop(stop)),
            "settings": absolute("/settings/notices/"),
            "origin": settings.ORIGIN,
        }
        mail = EmailMultiAlternatives(
            subject=letter.subject,
            body=render_to_string("notify/mail.txt", context),
            to=[user.email if user else delivery.address],
            headers={
                "Message-ID": delivery.message_id,
                "Auto-Submitted": "auto-generated",
                "Content-Language": language,
                "List-Unsubscribe": f"<{context['stop']}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )
        mail.encoding = _UTF8
        mail.attach_alternative(render_to_string("notify/mail.html", context), "text/html")
    return mail


def _stop(delivery: Delivery) -> Stop:
    if delivery.user_id is None:
        return Stop(kind=delivery.kind, address=delivery.address)
    return Stop(kind=delivery.kind, user=delivery.user_id)


def _letter(delivery: Delivery, notices: list[Notice]) -> Letter:
    if delivery.user is None:
        return _single(delivery.kind, delivery.params, absolute(delivery.path), delivery.created_at)
    if not delivery.kind:
        return _summary(notices)
    if len(notices) == 1:
        (notice,) = notices
        return _single(notice.kind, notice.params, absolute(to_notice(notice.pk)), notice.created_at)
    return _several(delivery, notices)


def _single(kind: str, params: dict[str, Any], url: str, at: Any) -> Letter:
    of = kind_of(kind)
    return Letter(
        subject=_one_line(fill(str(of.subject), params)),
        heading=words(kind, params),
        lead=fill(str(of.body), params),
        parts=[],
        more=0,
        action=str(of.action),
        url=url,
        at=at,
    )


def _several(delivery: Delivery, notices: list[Notice]) -> Letter:
    of = kind_of(delivery.kind)
    heading = str(of.many % {"count": len(notices)})
    one_place = len({notice.path for notice in notices}) == 1
    return Letter(
        subject=_one_line(heading),
        heading=heading,
        lead=fill(str(of.body), notices[0].params),
        parts=_parts(notices[:LINES_MAX]),
        more=max(0, len(notices) - LINES_MAX),
        action=str(of.action) if one_place else gettext("Open the inbox"),
        url=absolute(to_delivery(delivery.pk)),
        at=notices[-1].created_at,
    )


def _summary(notices: list[Notice]) -> Letter:
    today = date_format(timezone.localtime(), "MONTH_DAY_FORMAT")
    count = len(notices)
    subject = ngettext("%(day)s: %(count)d notice", "%(day)s: %(count)d notices", count)
    heading = subject % {"day": today, "count": count}
    return Letter(
        subject=_one_line(heading),
        heading=heading,
        lead="",
        parts=_parts(notices[:LINES_MAX]),
        more=max(0, count - LINES_MAX),
        action=gettext("Open the inbox"),
        url=absolute("/inbox/"),
        at=None,
    )


def _parts(notices: Iterable[Notice]) -> list[Part]:
    found: dict[str, list[Line]] = {}
    for notice in notices:
        line = Line(words(notice.kind, notice.params), absolute(to_notice(notice.pk)), notice.created_at)
        found.setdefault(str(notice.params.get("batch", "")), []).append(line)
    return [Part(title, lines) for title, lines in found.items()]


def _one_line(text: str) -> str:
    """No line break of a product's title ever reaches a header."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= SUBJECT_MAX else text[: SUBJECT_MAX - 1] + "…"
