"""Links to hand around by which freelancers join a company's pool."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.domain.queries import directed_company, stores_of
from accounts.domain.tokens import digest_of, new_token
from accounts.models import Store, User
from events import record
from kernel.errors import Conflict, FieldProblem, Invalid, Missing, NotAllowed
from workers.domain.freelancers import add_to_pool, make_freelancer
from workers.models import PoolLink, PoolMember

MOST = 1000
DAYS_MOST = 365
OPEN_AT_MOST = 50

REASONS = {
    "link_expired": _("This link is too old. Ask the company for a new one."),
    "link_revoked": _("The company has taken this link back."),
    "link_used_up": _("As many people as this link is for have joined. Ask the company for a new one."),
}


class LinkUnusable(Conflict):
    """`code` is one of `REASONS`."""


class OwnCompany(NotAllowed):
    def __init__(self) -> None:
        super().__init__(
            "own_company", _("You belong to this company, so you cannot take its freelance work.")
        )


@dataclass(frozen=True)
class Made:
    """A new link and its path, which cannot be shown again."""

    link: PoolLink
    path: str

    @property
    def url(self) -> str:
        return f"{settings.ORIGIN}{self.path}"


@transaction.atomic
def make_link(*, company_id: int, name: str, most: int, days: int, by: User, now: datetime) -> Made:
    """A link for at most `most` people that works for `days` days. For directors of the company's stores."""
    company = directed_company(company_id, by, now)
    _check(name, most, days)
    if PoolLink.objects.open(now).filter(company=company).count() >= OPEN_AT_MOST:
        raise Conflict("too_many_links", _("Too many links are open. Take some back first."))
    token, digest = new_token()
    link = PoolLink.objects.create(
        company=company,
        name=name.strip(),
        digest=digest,
        most=most,
        created_by=by,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    _record("pool.link_made", link, by)
    return Made(link, f"/pools/{token}/")


def _check(name: str, most: int, days: int) -> None:
    number = _("This number is out of range.")
    checks = [
        (0 < len(name.strip()) <= 100, "name", "required", _("Give a name of at most 100 characters.")),
        (1 <= most <= MOST, "most", "out_of_range", number),
        (1 <= days <= DAYS_MOST, "days", "out_of_range", number),
    ]
    wrong = [FieldProblem(field, code, text) for right, field, code, text in checks if not right]
    if wrong:
        raise Invalid("link_invalid", _("The link could not be made."), fields=wrong)


@transaction.atomic
def revoke_link(*, link_id: int, by: User, now: datetime) -> PoolLink:
    """Nobody can join by it any more; whoever has joined stays. Doing so twice changes nothing."""
    link = PoolLink.objects.select_for_update().filter(pk=link_id).first()
    if link is None:
        raise Missing
    directed_company(link.company_id, by, now)
    if link.revoked_at is None:
        link.revoked_at = now
        link.save(update_fields=["revoked_at"])
        _record("pool.link_revoked", link, by)
    return link


def by_token(token: str) -> PoolLink:
    """The link, whatever its state. Raises `Missing`."""
    rows = PoolLink.objects.select_related("company", "created_by")
    link = rows.filter(digest=digest_of(token)).first()
    if link is None:
        raise Missing
    return link


def unusable(link: PoolLink, now: datetime) -> str | None:
    """Why nobody can join by the link: a code of `REASONS`, or None."""
    if link.revoked_at is not None:
        return "link_revoked"
    if link.expires_at <= now:
        return "link_expired"
    return "link_used_up" if link.used >= link.most else None


@transaction.atomic
def join(*, token: str, by: User, now: datetime) -> PoolMember:
    """Makes `by` a freelancer of the company's pool. Who is in it already stays, and no place is used up.

    The link's row is locked while it is counted: its limit holds however many come at once.
    Raises `Missing`, `OwnCompany` or `LinkUnusable`.
    """
    named = by_token(token)
    link = PoolLink.objects.select_for_update().get(pk=named.pk)
    here = PoolMember.objects.filter(company=named.company, user=by).first()
    if here is not None:
        return here
    if stores_of(by, now).filter(company=named.company).exists():
        raise OwnCompany
    code = unusable(link, now)
    if code:
        raise LinkUnusable(code, REASONS[code])
    link.used += 1
    link.save(update_fields=["used"])
    make_freelancer(user=by, by=by, now=now)
    return add_to_pool(company=named.company, user=by, by=by, link=link, now=now)


def _record(name: str, link: PoolLink, by: User) -> None:
    desks = Store.objects.filter(company=link.company_id).values_list("pk", flat=True)
    record(
        name,
        topics=[f"store.{store}" for store in desks],
        actor=by.pk,
        company=link.company_id,
        link=link.pk,
    )
