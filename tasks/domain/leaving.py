"""Who leaves a store gives back what they hold of its staff work; their drafts and their past work stay."""

from datetime import datetime

from django.db import transaction

from accounts.domain import members
from accounts.domain.queries import has_role
from accounts.models import Membership, User
from tasks import rules
from tasks.domain import hold
from tasks.domain.claim import lock_person
from tasks.domain.one_by_one import one_by_one
from tasks.models import Assignment
from tasks.states import AssignmentState, Audience


@transaction.atomic
def end_membership(*, membership_id: int, by: User, now: datetime) -> Membership:
    """Removes somebody (a director), or leaves. Raises `Missing`, `RoleMissing`, `LastDirector`."""
    ended = members.end(membership_id=membership_id, by=by, now=now)
    release_work(ended, by=by, now=now)
    return ended


@transaction.atomic
def change_membership(
    *, membership_id: int, role: str, until: datetime | None, by: User, now: datetime
) -> Membership:
    """Changes somebody's role or its end. For directors; raises like `accounts.domain.members.change`."""
    changed = members.change(membership_id=membership_id, role=role, until=until, by=by, now=now)
    release_work(changed, by=by, now=now)
    return changed


def release_work(member: Membership, *, by: User | None, now: datetime) -> int:
    """Releases the held staff work of a person whom the store's staff work is no longer for; how many."""
    lock_person(member.user)
    if has_role(member.user, member.store_id, now, *rules.STAFF_WORK_ROLES):
        return 0
    held = Assignment.objects.filter(
        worker=member.user_id,
        store=member.store_id,
        state=AssignmentState.CLAIMED,
        step__audience=Audience.STAFF,
    )
    found = list(held.order_by("pk").values_list("pk", flat=True))
    return sum(hold.release_left(assignment_id=pk, by=by, now=now) for pk in found)


def sweep_members(*, now: datetime) -> int:
    """Announces memberships that end soon and ends those whose day has come; returns how many."""
    reminded = one_by_one(members.due_reminders(now), lambda pk: members.remind(pk, now))
    return reminded + one_by_one(members.due_ends(now), lambda pk: _end(pk, now))


@transaction.atomic
def _end(membership_id: int, now: datetime) -> bool:
    if not members.note_end(membership_id, now):
        return False
    member = Membership.objects.select_related("user").get(pk=membership_id)
    release_work(member, by=None, now=now)
    return True
