"""Links by which freelancers join a pool: counted under a lock, until a day, and taken back."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from kernel.clock import now
from kernel.errors import Invalid, Missing, RoleMissing
from tasks.domain import claim
from tasks.models import Assignment
from tests.factories import Cast, hand_in, make_batch, make_cast, make_user
from tests.tasks.domain.test_races import at_once
from workers.domain import pool_links
from workers.domain.freelancers import end_pool
from workers.domain.pool_links import LinkUnusable, OwnCompany
from workers.models import PoolLink, PoolMember
from workers.queries import is_freelancer


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def link(cast: Cast, **more: Any) -> str:
    wanted = {"name": "SNS", "most": 2, "days": 7, **more}
    made = pool_links.make_link(company_id=cast.company.pk, by=cast.aya, now=now(), **wanted)
    return made.path.split("/")[2]


def test_as_many_join_as_the_link_is_for(cast: Cast) -> None:
    token = link(cast)
    assert token not in str(PoolLink.objects.values())
    nao = make_user("Nao")
    for _ in range(2):
        pool_links.join(token=token, by=nao, now=now())
    # Who is in the pool already takes no place.
    pool_links.join(token=token, by=cast.chie, now=now())
    assert PoolLink.objects.get().used == 1
    assert is_freelancer(nao)
    pool_links.join(token=token, by=cast.emi, now=now())
    with pytest.raises(LinkUnusable, match="link_used_up"):
        pool_links.join(token=token, by=make_user("Kei"), now=now())
    assert set(PoolMember.objects.filter(link__isnull=False).values_list("user__name", flat=True)) == {
        "Nao",
        "Emi",
    }


def test_too_old_taken_back_or_unknown(cast: Cast) -> None:
    token = link(cast)
    with pytest.raises(LinkUnusable, match="link_expired"):
        pool_links.join(token=token, by=cast.emi, now=now() + timedelta(days=7))
    for _ in range(2):
        pool_links.revoke_link(link_id=PoolLink.objects.get().pk, by=cast.aya, now=now())
    with pytest.raises(LinkUnusable, match="link_revoked"):
        pool_links.join(token=token, by=cast.emi, now=now())
    with pytest.raises(Missing):
        pool_links.join(token="nothing", by=cast.emi, now=now())


def test_the_companys_own_people_are_no_freelancers_of_it(cast: Cast) -> None:
    with pytest.raises(OwnCompany):
        pool_links.join(token=link(cast), by=cast.ben, now=now())


def test_directors_alone_make_links_and_remove(cast: Cast) -> None:
    wanted: dict[str, Any] = {"name": "x", "most": 1, "days": 1, "now": now()}
    member = PoolMember.objects.get(user=cast.chie).pk
    with pytest.raises(RoleMissing):
        pool_links.make_link(company_id=cast.company.pk, by=cast.dai, **wanted)
    with pytest.raises(RoleMissing):
        end_pool(member_id=member, by=cast.dai, now=now())
    for stranger in (cast.gen, cast.fumi):
        with pytest.raises(Missing):
            pool_links.make_link(company_id=cast.company.pk, by=stranger, **wanted)
        with pytest.raises(Missing):
            end_pool(member_id=member, by=stranger, now=now())
    with pytest.raises(Invalid) as refused:
        link(cast, name=" ", most=0, days=366)
    assert [one.field for one in refused.value.fields] == ["name", "most", "days"]


def test_who_leaves_the_pool_finishes_what_they_hold_and_takes_nothing_more(cast: Cast) -> None:
    batch = make_batch(cast, audience="crowd")
    held = claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())
    end_pool(member_id=PoolMember.objects.get(user=cast.chie).pk, by=cast.aya, now=now())
    assert hand_in(held).assignment.worker == cast.chie
    assert Assignment.objects.get(pk=held.pk).state == "submitted"
    with pytest.raises(Missing):
        claim.claim_next(batch_id=batch.pk, by=cast.chie, now=now())


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_when_everybody_comes_at_once() -> None:
    cast = make_cast()
    token, crowd = link(cast, most=3), [make_user(f"N{n}") for n in range(8)]
    codes = at_once(*(partial(pool_links.join, token=token, by=one, now=now()) for one in crowd))
    assert sorted(codes) == [*[""] * 3, *["link_used_up"] * 5]
    assert PoolMember.objects.filter(user__in=crowd).count() == 3
    assert PoolLink.objects.get().used == 3
