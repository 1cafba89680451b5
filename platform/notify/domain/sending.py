"""Taking mail from the outbox to the mail server, on a thread of its own: a dead server delays nobody else.

At least once: a process that dies between the server's "250" and its own commit sends again, with the same
Message-ID, so that readers' programs drop the second. Nobody is at one mail twice at the same time.
"""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import User
from kernel import clock
from notify.domain.outbox import hand_over, put
from notify.domain.preferences import emails_of
from notify.domain.refusals import address_refused, address_works
from notify.mails import compose
from notify.models import Delivery, Notice
from notify.post import BadMail, NoServer, NotNow, Post, Refused
from notify.states import Email, Outcome

logger = logging.getLogger("tencho.mail")

BATCH = 50
MAX_SECONDS = 20.0
# Far longer than one mail can take; then it counts as abandoned.
ABANDONED_AFTER = timedelta(minutes=10)
# The server is looked for by every mail in turn, so this only bounds how long one alone rests.
SERVER_RETRY = [timedelta(seconds=s) for s in (5, 15, 60, 120, 300)]
MAIL_RETRY = [timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60, 120)]
# RFC 5321, 4.5.4.1: four to five days of "not now" are a refusal.
GIVE_UP_AFTER = timedelta(days=5)
KEPT = timedelta(days=90)


def send_due(*, now: datetime) -> int:
    """Sends what is due, at most 50 mails or 20 seconds; returns how many were accepted.

    Ends early when the server is away: the next call tries another mail first.
    """
    ends, sent = time.monotonic() + MAX_SECONDS, 0
    with Post() as post:
        for delivery in _claimed(now):
            try:
                accepted = _send(delivery, post)
                if accepted and not sent:
                    _server_is_back()
                sent += accepted
            except NoServer as away:
                _postpone(delivery, str(away), SERVER_RETRY, waits_for_server=True)
                break
            if time.monotonic() > ends:
                break
    return sent


def _claimed(now: datetime) -> Iterator[Delivery]:
    """Each due delivery that nobody else is at, oldest first."""
    waiting = Delivery.objects.filter(outcome=Outcome.WAITING)
    due = waiting.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    for pk, at in list(due.values_list("pk", "next_attempt_at")[:BATCH]):
        # Whoever moves the moment on has it: the same on both databases, and no lock is held while sending.
        mine = waiting.filter(pk=pk, next_attempt_at=at).update(
            next_attempt_at=clock.now() + ABANDONED_AFTER,
            attempts=F("attempts") + 1,
            collects=False,
            waits_for_server=False,
        )
        if mine:
            yield Delivery.objects.select_related("user").get(pk=pk)


def _send(delivery: Delivery, post: Post) -> bool:
    """True if the server accepted it. Raises `NoServer`."""
    try:
        notices = list(delivery.notices.order_by("pk"))
        if _is_for_the_summary(delivery):
            _put_off(delivery, notices)
            return False
        wanted = _wanted(delivery, notices)
        unneeded = _unneeded(delivery, wanted)
        if unneeded:
            _end(delivery, notices, unneeded)
            return False
        post.send(compose(delivery, wanted))
    except Refused as refused:
        _refused(delivery, notices, str(refused))
    except (NotNow, BadMail) as problem:
        _not_now(delivery, notices, str(problem))
    except NoServer:
        raise
    except Exception as error:
        # A mistake in the program must not stop the mails behind it.
        logger.exception("mail %s could not be written", delivery.pk)
        _postpone(delivery, repr(error), MAIL_RETRY)
    else:
        _accepted(delivery, notices)
        return True
    return False


def _wanted(delivery: Delivery, notices: list[Notice]) -> list[Notice]:
    """Those still worth a mail: not read here meanwhile, and of kinds not switched off since."""
    user = delivery.user
    if user is None or not user.is_active:
        return []
    off = {n.kind for n in notices if emails_of([user.pk], n.kind)[user.pk] == Email.OFF}
    return [notice for notice in notices if notice.read_at is None and notice.kind not in off]


def _is_for_the_summary(delivery: Delivery) -> bool:
    """Whether its reader has chosen "once a day" since it was put into the outbox."""
    user = delivery.user
    if user is None or not delivery.carries_notices or not delivery.kind:
        return False
    return emails_of([user.pk], delivery.kind)[user.pk] == Email.DAILY


@transaction.atomic
def _put_off(delivery: Delivery, notices: list[Notice]) -> None:
    """The next summary brings what is not read by then."""
    if delivery.user is not None and _end(delivery, notices, Outcome.UNNEEDED):
        for notice in notices:
            if notice.read_at is None:
                put(notice, delivery.user, Email.DAILY, now=clock.now())


def _unneeded(delivery: Delivery, wanted: list[Notice]) -> str:
    """The outcome of a mail that is no longer worth sending; empty for any other."""
    if delivery.carries_notices:
        return "" if wanted else Outcome.UNNEEDED
    over = delivery.expires_at is not None and delivery.expires_at <= clock.now()
    return Outcome.OVER if over else ""


def _server_is_back() -> None:
    """What waited only for it goes with the next call. Mails that somebody is at are not among them."""
    behind = Delivery.objects.filter(outcome=Outcome.WAITING, waits_for_server=True)
    behind.filter(next_attempt_at__gt=clock.now()).update(next_attempt_at=clock.now())


@transaction.atomic
def _accepted(delivery: Delivery, notices: list[Notice]) -> None:
    if _end(delivery, notices, Outcome.SENT) and (user := _of_address(delivery)) is not None:
        address_works(user)


def _of_address(delivery: Delivery) -> User | None:
    """Whose present address it goes to. A new address that is to be confirmed is nobody's yet."""
    user = delivery.user
    return user if user is not None and user.email == delivery.to else None


@transaction.atomic
def _end(delivery: Delivery, notices: list[Notice], outcome: str, error: str = "") -> bool:
    """Writes down how it ended, once; the secrets of a link do not stay here."""
    mine = Delivery.objects.filter(pk=delivery.pk, outcome=Outcome.WAITING).update(
        outcome=outcome, ended_at=clock.now(), last_error=error[:500], params={}, path=""
    )
    if mine:
        hand_over(notices)
    return bool(mine)


@transaction.atomic
def _refused(delivery: Delivery, notices: list[Notice], reason: str) -> None:
    """The inbox counts from here on, and says so."""
    if _end(delivery, notices, Outcome.REFUSED, reason) and (user := _of_address(delivery)) is not None:
        address_refused(user, reason)


def _not_now(delivery: Delivery, notices: list[Notice], reason: str) -> None:
    if clock.now() - delivery.created_at > GIVE_UP_AFTER and delivery.attempts > len(MAIL_RETRY):
        _refused(delivery, notices, reason)
    else:
        _postpone(delivery, reason, MAIL_RETRY)


def _postpone(
    delivery: Delivery, reason: str, steps: list[timedelta], *, waits_for_server: bool = False
) -> None:
    rest = steps[min(delivery.attempts, len(steps)) - 1]
    Delivery.objects.filter(pk=delivery.pk, outcome=Outcome.WAITING).update(
        next_attempt_at=clock.now() + rest, last_error=reason[:500], waits_for_server=waits_for_server
    )
    logger.warning("mail %s waits %s: %s", delivery.pk, rest, reason[:200])


def end_over(*, now: datetime) -> int:
    """Ends mails whose links work no more, also while there is no server: their secrets do not stay here."""
    over = Delivery.objects.filter(outcome=Outcome.WAITING, expires_at__lte=now)
    return over.update(outcome=Outcome.OVER, ended_at=now, params={}, path="")


def forget_old(*, now: datetime) -> int:
    """Deletes deliveries that ended 90 days ago, in chunks; their notices stay."""
    old = Delivery.objects.exclude(outcome=Outcome.WAITING).filter(ended_at__lt=now - KEPT)
    deleted = 0
    while ids := list(old.values_list("pk", flat=True)[:1000]):
        Delivery.objects.filter(pk__in=ids).delete()
        deleted += len(ids)
    return deleted
