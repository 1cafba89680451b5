"""How mail stands, for the operator: whether it leaves, what waits too long, and what was refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from kernel.errors import NotAllowed
from notify.domain.sending import ABANDONED_AFTER
from notify.models import Delivery
from notify.states import Outcome

COUNTED_TO = 10_000
REFUSED_FOR = timedelta(days=7)
# A mail that is due goes within seconds.
LATE_AFTER = timedelta(minutes=1)
NOBODY_SENDS_AFTER = timedelta(minutes=10)


class Verdict(models.TextChoices):
    FINE = "fine", pgettext_lazy("mail", "Mail goes out.")
    NO_SERVER = "no_server", pgettext_lazy("mail", "The mail server cannot be reached.")
    NOBODY_SENDS = "nobody_sends", pgettext_lazy("mail", "Nobody sends mail: no process runs the jobs.")
    PUT_OFF = "put_off", pgettext_lazy("mail", "The mail server puts some mails off.")


@dataclass(frozen=True)
class MailStatus:
    """Counts go up to 10,000. `since`: how long the oldest mail that should be gone waits, with `reason`."""

    verdict: Verdict
    late: int
    planned: int
    sent: int
    refused: int
    since: datetime | None
    reason: str


def status(now: datetime) -> MailStatus:
    """Sent: within a day; refused: within seven; planned: collected for some minutes or a daily summary."""
    waiting = Delivery.objects.filter(outcome=Outcome.WAITING)
    oldest = late(now).order_by("created_at").first()
    away = waiting.filter(waits_for_server=True).order_by("-next_attempt_at").first()
    said = away or late(now).exclude(last_error="").order_by("-next_attempt_at").first()
    return MailStatus(
        verdict=_verdict(now, away is not None),
        late=_count(late(now)),
        planned=_count(waiting.filter(attempts=0, next_attempt_at__gt=now)),
        sent=_count(_ended(now - timedelta(days=1), Outcome.SENT)),
        refused=_count(refused(now)),
        since=oldest.created_at if oldest else None,
        reason=said.last_error if said else "",
    )


def _verdict(now: datetime, away: bool) -> Verdict:
    if away:
        return Verdict.NO_SERVER
    overdue = late(now).filter(next_attempt_at__lte=now - NOBODY_SENDS_AFTER)
    if overdue.exists():
        return Verdict.NOBODY_SENDS
    return Verdict.PUT_OFF if late(now).filter(attempts__gt=0).exists() else Verdict.FINE


def late(now: datetime) -> QuerySet[Delivery]:
    """What should be gone: due for more than a moment, or tried in vain."""
    waiting = Delivery.objects.filter(outcome=Outcome.WAITING)
    return waiting.filter(Q(attempts__gt=0) | Q(next_attempt_at__lte=now - LATE_AFTER))


def refused(now: datetime) -> QuerySet[Delivery]:
    """What a server refused for good, or what came too late for its own link, within seven days."""
    return _ended(now - REFUSED_FOR, Outcome.REFUSED, Outcome.OVER)


def _ended(since: datetime, *outcomes: str) -> QuerySet[Delivery]:
    # The index holds what is not waiting, and has to be told so.
    return Delivery.objects.exclude(outcome=Outcome.WAITING).filter(outcome__in=outcomes, ended_at__gt=since)


def _count(rows: QuerySet[Delivery]) -> int:
    return len(rows.order_by().values_list("pk")[:COUNTED_TO])


@transaction.atomic
def try_now(*, by: User | None, now: datetime) -> int:
    """Lets what waits for its next attempt be tried at once; returns how many.

    For the operator (`NotAllowed`); `by` is None for a command on the machine. Whatever somebody may be
    sending at this moment is left alone.
    """
    if by is not None and not by.is_operator:
        raise NotAllowed("not_operator", _("Only the operator may do this."))
    resting = late(now).filter(Q(waits_for_server=True) | Q(next_attempt_at__gt=now + ABANDONED_AFTER))
    return resting.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
