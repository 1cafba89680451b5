"""What the operator decides for everybody."""

from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Installation, User
from events import record
from kernel.errors import NotAllowed

DECISION = "installation.mfa_for_directors"
# Pages ask at every request; the database is asked this often (seconds).
DECISION_SECONDS = 10


def installation() -> Installation:
    return Installation.objects.filter(pk=1).first() or Installation(pk=1)


def mfa_for_directors() -> bool:
    """Whether directors need a second step, as decided at most ten seconds ago."""
    found = cache.get_or_set(DECISION, lambda: int(installation().mfa_for_directors), DECISION_SECONDS)
    return bool(found)


@transaction.atomic
def decide(*, mfa_for_directors: bool, open_sign_up: bool, by: User | None, now: datetime) -> Installation:
    """Saves the operator's decisions; `by` is None for a command on the machine. Raises `NotAllowed`."""
    if by is not None and not by.is_operator:
        raise NotAllowed("not_operator", _("Only the operator may do this."))
    decided = {"mfa_for_directors": mfa_for_directors, "open_sign_up": open_sign_up}
    made, _new = Installation.objects.update_or_create(pk=1, defaults=decided)
    transaction.on_commit(lambda: cache.delete(DECISION))
    actor = by.pk if by else None
    # Nobody listens to the machine's own topic: the log keeps who decided it.
    record(
        "installation.changed",
        topics=["installation.1"],
        actor=actor,
        mfa_for_directors=mfa_for_directors,
        open_sign_up=open_sign_up,
    )
    return made
