"""Inviting people to a store by e-mail, and what becomes of an invitation."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.members import give_role
from accounts.domain.queries import directed_store
from accounts.domain.tokens import digest_of, new_token
from accounts.models import Invitation, Membership, Store, User
from accounts.states import Role
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid, Missing

VALID_FOR = timedelta(days=14)
# One store cannot send mail without end.
OPEN_AT_MOST = 200
A_DAY_AT_MOST = 100


@dataclass(frozen=True)
class Made:
    """A new invitation, the path of its link (known only now), and the event that tells of it."""

    invitation: Invitation
    path: str
    event_id: int


class AlreadyMember(Conflict):
    def __init__(self) -> None:
        super().__init__("already_member", _("This person already has this role in the store."))


class InvitationUnusable(Conflict):
    """`code`: `invitation_expired`, `invitation_revoked` or `invitation_used`."""


REASONS = {
    "invitation_expired": _("This invitation is too old. Ask for a new one."),
    "invitation_revoked": _("This invitation was taken back. Ask whoever invited you."),
    "invitation_used": _("This invitation was already accepted."),
}


@transaction.atomic
def invite(*, store_id: int, email: str, role: str, until: datetime | None, by: User, now: datetime) -> Made:
    """Makes an invitation; mailing its link is the caller's (`tasks.domain.inviting`). For directors.

    Inviting the same address for the same role again makes a new link; the older one no longer works.
    Raises `Missing`, `RoleMissing`, `Invalid`, `AlreadyMember`, or `Conflict` beyond 100 a day.
    """
    store = directed_store(store_id, by, now)
    email = email.strip().lower()
    _check(email, role, until, now)
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    here = Membership.objects.active(now).filter(store=store, role=role, user__email__iexact=email)
    if here.exists():
        raise AlreadyMember
    _check_amount(store, now)
    Invitation.objects.waiting().filter(store=store, email=email, role=role).update(revoked_at=now)
    token, digest = new_token()
    made = Invitation.objects.create(
        store=store,
        email=email,
        role=role,
        until=until,
        digest=digest,
        invited_by=by,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    event = record(
        "member.invited", topics=_topics(made), actor=by.pk, store=store.pk, invitation=made.pk, role=role
    )
    return Made(made, f"/invitations/{token}/", event)


def _check(email: str, role: str, until: datetime | None, now: datetime) -> None:
    wrong: list[FieldProblem] = []
    try:
        validate_email(email)
    except ValidationError:
        wrong.append(FieldProblem("email", "invalid", _("This is not an e-mail address.")))
    if role not in Role.values:
        wrong.append(FieldProblem("role", "unknown", _("There is no such role.")))
    wrong += check_until(until, now)
    if wrong:
        raise Invalid("invitation_invalid", _("The invitation could not be sent."), fields=wrong)


def check_until(until: datetime | None, now: datetime) -> list[FieldProblem]:
    if until is None or until > now:
        return []
    return [FieldProblem("until", "in_the_past", _("This day is over. Choose a later one."))]


def _check_amount(store: Store, now: datetime) -> None:
    rows = Invitation.objects.filter(store=store)
    if rows.open(now).count() >= OPEN_AT_MOST:
        raise Conflict("too_many_invitations", _("Too many invitations are open. Take some back first."))
    if rows.filter(created_at__gt=now - timedelta(days=1)).count() >= A_DAY_AT_MOST:
        raise Conflict("too_many_invitations", _("Too many invitations were sent today. Go on tomorrow."))


def _topics(invitation: Invitation) -> list[str]:
    return [f"store.{invitation.store_id}"]


@transaction.atomic
def revoke(*, invitation_id: int, by: User, now: datetime) -> Invitation:
    """Takes an invitation back; doing so twice changes nothing. For directors. `Conflict` once accepted."""
    found = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if found is None:
        raise Missing
    directed_store(found.store_id, by, now)
    if found.accepted_at is not None:
        raise _unusable("invitation_used")
    if found.revoked_at is None:
        found.revoked_at = now
        found.save(update_fields=["revoked_at"])
        record(
            "member.uninvited", topics=_topics(found), actor=by.pk, store=found.store_id, invitation=found.pk
        )
    return found


@transaction.atomic
def renew(*, invitation_id: int, by: User, now: datetime) -> Made:
    """A new link to the same address for the same role, valid from now. Raises like `invite`."""
    # Not locked: `invite` locks the store before it takes the older ones back.
    old = Invitation.objects.filter(pk=invitation_id).first()
    if old is None:
        raise Missing
    directed_store(old.store_id, by, now)
    if old.accepted_at is not None:
        raise _unusable("invitation_used")
    return invite(store_id=old.store_id, email=old.email, role=old.role, until=old.until, by=by, now=now)


def by_token(token: str) -> Invitation:
    """The invitation that a link names, whatever its state. Raises `Missing`."""
    rows = Invitation.objects.select_related("store__company", "invited_by", "accepted_by")
    found = rows.filter(digest=digest_of(token)).first()
    if found is None:
        raise Missing
    return found


def unusable(invitation: Invitation, now: datetime) -> str | None:
    """Why an invitation cannot be accepted: a code of `REASONS`, or None."""
    if invitation.accepted_at is not None:
        return "invitation_used"
    if invitation.revoked_at is not None:
        return "invitation_revoked"
    over = invitation.until is not None and invitation.until <= now
    return "invitation_expired" if over or invitation.expires_at <= now else None


def _unusable(code: str) -> InvitationUnusable:
    return InvitationUnusable(code, REASONS[code])


@transaction.atomic
def accept(*, token: str, by: User, now: datetime) -> Membership:
    """Gives `by` the offered role. Accepting one's own accepted invitation again returns the membership.

    Raises `Missing` or `InvitationUnusable`.
    """
    named = by_token(token)
    invitation = Invitation.objects.select_for_update().get(pk=named.pk)
    mine = Membership.objects.active(now).filter(store_id=invitation.store_id, user=by, role=invitation.role)
    if invitation.accepted_by_id == by.pk and (found := mine.first()) is not None:
        return found
    code = unusable(invitation, now)
    if code:
        raise _unusable(code)
    invitation.accepted_at, invitation.accepted_by = now, by
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    return give_role(
        store=named.store,
        user=by,
        role=invitation.role,
        until=invitation.until,
        by=by,
        invitation=invitation.pk,
        now=now,
    )
