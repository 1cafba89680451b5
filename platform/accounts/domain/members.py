"""The people of a store: joining, changing, leaving, being removed, and ends that come by themselves."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import directed_store
from accounts.models import Membership, Store, User
from accounts.states import Role
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid, Missing

REMIND_BEFORE = timedelta(days=3)


class LastDirector(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "last_director",
            _("A store needs one director without an end date. Make somebody else director first."),
        )


@transaction.atomic
def give_role(
    *,
    store: Store,
    user: User,
    role: str,
    by: User | None,
    now: datetime,
    until: datetime | None = None,
    invitation: int | None = None,
) -> Membership:
    """Gives a person a role in a store; who has it already keeps the longer of both ends."""
    member, made = Membership.objects.select_for_update().get_or_create(
        store=store, user=user, role=role, defaults={"until": until}
    )
    was_over = not made and member.until is not None and member.until <= now
    if was_over or (not made and member.until is not None and (until is None or until > member.until)):
        _set_until(member, until)
    if made or was_over:
        more = {"invitation": invitation} if invitation else {}
        _record("member.joined", member, by, **more)
    return member


@transaction.atomic
def change(*, membership_id: int, role: str, until: datetime | None, by: User, now: datetime) -> Membership:
    """Changes the role or its end. For directors. Raises `LastDirector`, `Invalid`, `Conflict`."""
    member = lock(membership_id)
    directed_store(member.store_id, by, now)
    wrong = [] if role in Role.values else [FieldProblem("role", "unknown", _("There is no such role."))]
    if until is not None and until <= now:
        wrong.append(FieldProblem("until", "in_the_past", _("This day is over. Choose a later one.")))
    if wrong:
        raise Invalid("member_invalid", _("The change could not be saved."), fields=wrong)
    if role != member.role and _others(member).filter(user=member.user, role=role).exists():
        raise Conflict("already_member", _("This person already has this role in the store."))
    if role != Role.DIRECTOR or until is not None:
        require_another_director(member)
    if (role, until) != (member.role, member.until):
        member.role = role
        member.save(update_fields=["role"])
        _set_until(member, until)
        _record("member.changed", member, by, until=until.isoformat() if until else None)
    return member


@transaction.atomic
def end(*, membership_id: int, by: User, now: datetime) -> Membership:
    """Takes a role away: a director's removal of somebody, or one's own leaving. Raises `LastDirector`.

    What the person holds of the store's work is the caller's to release (`tasks.domain.leaving`).
    """
    member = lock(membership_id)
    if member.user_id != by.pk:
        directed_store(member.store_id, by, now)
    require_another_director(member)
    _record("member.left" if member.user_id == by.pk else "member.removed", member, by)
    Membership.objects.filter(pk=member.pk).delete()
    return member


def lock(membership_id: int) -> Membership:
    """The membership, with its store's row locked: two directors cannot both go at once. `Missing`."""
    store_id = Membership.objects.filter(pk=membership_id).values_list("store_id", flat=True).first()
    if store_id is None:
        raise Missing
    Store.objects.select_for_update(no_key=True).get(pk=store_id)
    rows = Membership.objects.select_for_update(of=("self",)).select_related("store__company", "user")
    found = rows.filter(pk=membership_id).first()
    if found is None:
        raise Missing
    return found


def require_another_director(member: Membership) -> None:
    """Raises `LastDirector` if `member` is the one director of the store who has no end."""
    if member.role != Role.DIRECTOR or member.until is not None:
        return
    rest = _others(member).filter(role=Role.DIRECTOR, until=None, user__is_active=True)
    if not rest.exists():
        raise LastDirector


def _others(member: Membership) -> Any:
    return Membership.objects.filter(store_id=member.store_id).exclude(pk=member.pk)


def _set_until(member: Membership, until: datetime | None) -> None:
    member.until, member.reminded_at, member.ended_at = until, None, None
    member.save(update_fields=["until", "reminded_at", "ended_at"])


def _record(name: str, member: Membership, by: User | None, **more: Any) -> None:
    record(
        name,
        topics=[f"store.{member.store_id}", f"user.{member.user_id}"],
        actor=by.pk if by else None,
        store=member.store_id,
        person=member.user_id,
        role=member.role,
        **more,
    )


def due_reminders(now: datetime) -> list[int]:
    """Ids of memberships that end within three days and were not announced."""
    rows = Membership.objects.active(now).filter(
        until__lte=now + REMIND_BEFORE, reminded_at=None, ended_at=None
    )
    return list(rows.order_by("until").values_list("pk", flat=True)[:200])


@transaction.atomic
def remind(membership_id: int, now: datetime) -> bool:
    return _note(membership_id, "reminded_at", "member.ending", now)


def due_ends(now: datetime) -> list[int]:
    """Ids of memberships whose end has come and was not noted."""
    rows = Membership.objects.filter(until__lte=now, ended_at=None)
    return list(rows.order_by("until").values_list("pk", flat=True)[:200])


@transaction.atomic
def note_end(membership_id: int, now: datetime) -> bool:
    return _note(membership_id, "ended_at", "member.ended", now)


def _note(membership_id: int, column: str, name: str, now: datetime) -> bool:
    member = Membership.objects.select_for_update().filter(pk=membership_id, **{column: None}).first()
    if member is None or (column == "ended_at" and (member.until is None or member.until > now)):
        return False
    setattr(member, column, now)
    member.save(update_fields=[column])
    _record(name, member, None)
    return True
