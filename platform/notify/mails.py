"""Writing a mail: plain text and simple HTML that say the same, in the reader's language and time zone."""

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

from notify.account_mails import ACCOUNT_MAILS, AccountMail
from notify.kinds import kind_of, why_kept
from notify.links import Stop, absolute, to_delivery, to_notice, to_stop
from notify.models import Delivery, Notice
from notify.texts import fill, place, whole_place, words

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
    """Where it happened (`place`), what happened, what to do (`lead`), and one button: `action` to `url`.

    `aside` is for whoever did not expect it; `facts` are the small print.
    """

    subject: str
    heading: str
    lead: str
    action: str
    url: str
    place: str = ""
    aside: str = ""
    parts: tuple[Part, ...] = ()
    more: int = 0
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Foot:
    """Below the letter: why it comes or what to do about it, and small links (label, address)."""

    text: str
    links: tuple[tuple[str, str], ...] = ()


def compose(delivery: Delivery, notices: list[Notice]) -> EmailMultiAlternatives:
    """The mail of a delivery, about `notices` (none if it goes to an address)."""
    user = delivery.user
    language = user.language if user else delivery.language or settings.LANGUAGE_CODE
    zone = user.zone if user else ZoneInfo(settings.TIME_ZONE)
    about = ACCOUNT_MAILS.get(delivery.kind)
    with translation.override(language), timezone.override(zone):
        letter = _of_account(about, delivery) if about else _letter(delivery, notices)
        stop = "" if about else absolute(to_stop(_stop(delivery)))
        context = {
            "letter": letter,
            "foot": None if about else _foot(delivery, stop),
            "language": language,
            "origin": settings.ORIGIN,
        }
        mail = EmailMultiAlternatives(
            subject=letter.subject,
            body=render_to_string("notify/mail.txt", context),
            to=[delivery.to],
            headers={
                "Message-ID": delivery.message_id,
                "Auto-Submitted": "auto-generated",
                "Content-Language": language,
                **_unsubscribe(stop),
            },
        )
        mail.encoding = _UTF8
        mail.attach_alternative(render_to_string("notify/mail.html", context), "text/html")
    return mail


def name_of(delivery: Delivery) -> str:
    """What a mail is about, without what it says."""
    if delivery.carries_notices and not delivery.kind:
        return gettext("Daily summary")
    about = ACCOUNT_MAILS.get(delivery.kind)
    return str(about.subject if about else kind_of(delivery.kind).label)


def _unsubscribe(stop: str) -> dict[str, str]:
    """For the mail program's own button (RFC 2369), which needs no page and no sign-in (RFC 8058)."""
    if not stop:
        return {}
    return {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _stop(delivery: Delivery) -> Stop:
    if delivery.carries_notices:
        return Stop(kind=delivery.kind, user=delivery.user_id)
    return Stop(kind=delivery.kind, address=delivery.address)


def _foot(delivery: Delivery, stop: str) -> Foot:
    if not delivery.carries_notices:
        text = gettext("You do not know the sender? Then do nothing.")
        return Foot(text, ((gettext("No more mails from here"), stop),))
    choose = (gettext("Choose your notices"), absolute("/settings/notices/"))
    if not delivery.kind:
        text = gettext("You get this summary once a day.")
        return Foot(text, ((gettext("Stop the summary"), stop), choose))
    of = kind_of(delivery.kind)
    if of.kept:
        return Foot(str(why_kept(of)), ((gettext("Once a day instead"), stop), choose))
    return Foot("", ((gettext("No more mails of this kind"), stop), choose))


def _letter(delivery: Delivery, notices: list[Notice]) -> Letter:
    if not delivery.carries_notices:
        return _single(delivery.kind, delivery.params, absolute(delivery.path), delivery.created_at)
    if not delivery.kind:
        return _summary(notices)
    if len(notices) == 1:
        (notice,) = notices
        return _single(notice.kind, notice.params, absolute(to_notice(notice.pk)), notice.created_at)
    return _several(delivery, notices)


def _of_account(of: AccountMail, delivery: Delivery) -> Letter:
    params = delivery.params
    where = [gettext("From %(browser)s, %(ip)s") % params] if "ip" in params else []
    return Letter(
        subject=str(of.subject),
        heading=str(of.heading),
        lead=fill(str(of.body), params),
        action=str(of.action),
        url=absolute(delivery.path),
        aside=str(of.aside),
        facts=(*where, _moment(delivery.created_at)),
    )


def _single(kind: str, params: dict[str, Any], url: str, at: Any) -> Letter:
    of = kind_of(kind)
    return Letter(
        subject=_one_line(fill(str(of.subject), params)),
        heading=words(kind, params),
        lead=fill(str(of.body), params),
        action=str(of.action),
        url=url,
        place=place(params),
        facts=(_moment(at),),
    )


def _several(delivery: Delivery, notices: list[Notice]) -> Letter:
    of = kind_of(delivery.kind)
    heading = str(of.many % {"count": len(notices)})
    one_place = len({notice.path for notice in notices}) == 1
    return Letter(
        subject=_one_line(heading),
        heading=heading,
        lead=fill(str(of.body), notices[0].params),
        action=str(of.action) if one_place else gettext("Open the inbox"),
        url=absolute(to_delivery(delivery.pk)),
        parts=_parts(notices[:LINES_MAX]),
        more=max(0, len(notices) - LINES_MAX),
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
        action=gettext("Open the inbox"),
        url=absolute("/inbox/"),
        parts=_parts(notices[:LINES_MAX]),
        more=max(0, count - LINES_MAX),
    )


def _parts(notices: Iterable[Notice]) -> tuple[Part, ...]:
    found: dict[str, list[Line]] = {}
    for notice in notices:
        line = Line(words(notice.kind, notice.params), absolute(to_notice(notice.pk)), notice.created_at)
        found.setdefault(whole_place(notice.params), []).append(line)
    return tuple(Part(title, lines) for title, lines in found.items())


def _moment(at: Any) -> str:
    local = timezone.localtime(at)
    return f"{date_format(local, 'DATETIME_FORMAT')} ({date_format(local, 'T')})"


def _one_line(text: str) -> str:
    """No line break of a product's title ever reaches a header."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= SUBJECT_MAX else text[: SUBJECT_MAX - 1] + "…"
