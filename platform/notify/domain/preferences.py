"""Which notices a person wants by e-mail, and how often."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kernel.errors import FieldProblem, Invalid
from notify.kinds import KINDS, kind_of
from notify.links import Stop
from notify.models import Delivery, Preference, Unwanted
from notify.states import Email, Outcome


def emails_of(user_ids: Iterable[int], kind: str) -> dict[int, str]:
    """Person → how they hear of `kind` by e-mail."""
    chosen = Preference.objects.filter(user__in=user_ids, kind=kind)
    found = dict.fromkeys(user_ids, str(kind_of(kind).email))
    return {**found, **dict(chosen.values_list("user_id", "email"))}


def of_person(user: User) -> dict[str, str]:
    """Kind → how this person hears of it by e-mail, for every kind that can be chosen."""
    chosen = dict(Preference.objects.filter(user=user).values_list("kind", "email"))
    return {name: chosen.get(name, str(kind.email)) for name, kind in KINDS.items() if kind.choosable}


def choices_of(kind: str) -> list[str]:
    """What can be chosen: notices of running time can come once a day, but not be switched off."""
    return [email for email in Email.values if email != Email.OFF or not kind_of(kind).kept]


@transaction.atomic
def choose(*, emails: Mapping[str, str], by: User, now: datetime) -> dict[str, str]:
    """Sets what is named, keeps the rest; returns all. `Invalid` naming each kind that cannot be so."""
    problems = []
    for kind, email in emails.items():
        if kind not in KINDS or not KINDS[kind].choosable:
            problems.append(FieldProblem(kind, "unknown_field", _("There is no such kind of notice.")))
        elif email not in choices_of(kind):
            problems.append(FieldProblem(kind, "unknown", _("This kind cannot be set to this.")))
    if problems:
        raise Invalid("preferences_invalid", _("Some of these cannot be chosen."), fields=problems)
    for kind, email in emails.items():
        if email == KINDS[kind].email:
            Preference.objects.filter(user=by, kind=kind).delete()
        else:
            Preference.objects.update_or_create(user=by, kind=kind, defaults={"email": email})
    return of_person(by)


def less(kind: str) -> str:
    """What "stop" means for a kind: none, or once a day where it tells of running time."""
    return Email.DAILY if kind_of(kind).kept else Email.OFF


@transaction.atomic
def stop(*, stop: Stop, now: datetime) -> list[str]:
    """Does what a mail's unsubscribe link asks for; returns the kinds changed, for `undo`. Safe to repeat."""
    if stop.user is None:
        # Whoever was invited once more after an undo starts over.
        Unwanted.objects.get_or_create(address=stop.address, defaults={"since": now})
        waiting = Delivery.objects.filter(address=stop.address, outcome=Outcome.WAITING)
        waiting.update(outcome=Outcome.UNNEEDED, ended_at=now, params={}, path="")
        return []
    user = User.objects.filter(pk=stop.user).first()
    if user is None:
        return []
    present = of_person(user)
    if stop.kind:
        kinds = [stop.kind] if present.get(stop.kind) not in (None, less(stop.kind), Email.OFF) else []
    else:
        kinds = [k for k, email in present.items() if email == Email.DAILY and less(k) == Email.OFF]
    choose(emails={kind: less(kind) for kind in kinds}, by=user, now=now)
    return kinds


@transaction.atomic
def undo(*, stop: Stop, kinds: Iterable[str], now: datetime) -> None:
    """Takes `stop` back for the kinds it changed."""
    if stop.user is None:
        Unwanted.objects.filter(address=stop.address).delete()
        return
    user = User.objects.filter(pk=stop.user).first()
    if user is not None:
        back = Email.NOW if stop.kind else Email.DAILY
        mine = {stop.kind} if stop.kind else KINDS.keys()
        choose(emails={kind: back for kind in kinds if kind in mine}, by=user, now=now)
