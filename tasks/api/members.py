"""People of a store and of a company's pool: invitations, members, links, joining and leaving."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.domain import invitations
from accounts.domain.people import open_shop
from accounts.domain.queries import directed_company, directed_store
from accounts.models import Invitation, Membership
from accounts.states import Scope
from kernel.clock import now
from tasks.api import lists, people_inputs, people_shapes, shapes
from tasks.api.base import ApiView, answer
from tasks.api.bodies import moment as read_moment
from tasks.api.rendering import moment
from tasks.api.schema import PAGING, operation
from tasks.domain import inviting, leaving
from tasks.domain.records import records_of
from tasks.errors import Missing
from workers.domain import pool_links
from workers.domain.freelancers import end_pool, make_freelancer, write_introduction
from workers.models import PoolLink, PoolMember


def _person(user: Any) -> dict[str, Any] | None:
    return {"id": user.pk, "name": user.name, "email": user.email} if user else None


def _invitation(one: Invitation) -> dict[str, Any]:
    return {
        "id": one.pk,
        "store": one.store_id,
        "email": one.email,
        "role": one.role,
        "until": moment(one.until),
        "invited_by": _person(one.invited_by),
        "created_at": moment(one.created_at),
        "expires_at": moment(one.expires_at),
        "accepted_at": moment(one.accepted_at),
        "revoked_at": moment(one.revoked_at),
    }


def _member(one: Membership) -> dict[str, Any]:
    return {
        "id": one.pk,
        "store": one.store_id,
        "person": _person(one.user),
        "role": one.role,
        "until": moment(one.until),
        "ended": one.until is not None and one.until <= now(),
        "last_active_at": moment(one.user.last_active_at),
    }


def _link(one: PoolLink, url: str | None = None) -> dict[str, Any]:
    return {
        "id": one.pk,
        "company": one.company_id,
        "name": one.name,
        "most": one.most,
        "used": one.used,
        "expires_at": moment(one.expires_at),
        "revoked_at": moment(one.revoked_at),
        "closed": pool_links.unusable(one, now()),
        "url": url,
    }


class InvitationsView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "invitations",
        "Invitations of a store, the latest first",
        {200: shapes.page_of(people_shapes.Invitation)},
        query=PAGING,
    )
    def get(self, request: Request, store_id: int) -> HttpResponse:
        store = directed_store(store_id, self.user, now())
        rows = Invitation.objects.filter(store=store).select_related("invited_by")
        return lists.listed(
            request, rows, key=("-id",), render=lambda found: [_invitation(one) for one in found]
        )

    @operation(
        "invite",
        "Invite an address to a store; the link goes there by mail",
        {201: people_shapes.Invitation},
        takes=people_inputs.INVITATION,
    )
    def post(self, request: Request, store_id: int) -> HttpResponse:
        sent = self.body.read(people_inputs.INVITATION)
        made = inviting.invite(
            store_id=store_id,
            email=sent["email"],
            role=sent["role"],
            until=read_moment(sent.get("until"), "until"),
            by=self.user,
            now=now(),
        )
        return answer(_invitation(made), status=201)


class InvitationView(ApiView):
    scopes = {"DELETE": Scope.DIRECT}

    @operation("revoke_invitation", "Take an invitation back", {200: people_shapes.Invitation})
    def delete(self, request: Request, invitation_id: int) -> HttpResponse:
        return answer(_invitation(invitations.revoke(invitation_id=invitation_id, by=self.user, now=now())))


class InvitationAgainView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation("invite_again", "Mail a new link in place of the older one", {201: people_shapes.Invitation})
    def post(self, request: Request, invitation_id: int) -> HttpResponse:
        made = inviting.invite_again(invitation_id=invitation_id, by=self.user, now=now())
        return answer(_invitation(made), status=201)


class AcceptInvitationView(ApiView):
    scopes = {"POST": Scope.WORK}

    @operation(
        "accept_invitation",
        "Take the role that an invitation's link offers",
        {200: people_shapes.Member},
        takes=people_inputs.TOKEN,
    )
    def post(self, request: Request) -> HttpResponse:
        token = self.body.read(people_inputs.TOKEN)["token"]
        got = invitations.accept(token=token, by=self.user, now=now())
        return answer(_member(Membership.objects.select_related("user").get(pk=got.pk)))


class MembersView(ApiView):
    @operation(
        "members",
        "Who belongs to a store, one entry for each role",
        {200: shapes.page_of(people_shapes.Member)},
        query=PAGING,
    )
    def get(self, request: Request, store_id: int) -> HttpResponse:
        store = directed_store(store_id, self.user, now())
        rows = Membership.objects.filter(store=store).select_related("user")
        return lists.listed(request, rows, key=("id",), render=lambda found: [_member(one) for one in found])


class MemberView(ApiView):
    scopes = {"PATCH": Scope.DIRECT, "DELETE": Scope.WORK}

    @operation(
        "change_member",
        "Change somebody's role or its end",
        {200: people_shapes.Member},
        takes=people_inputs.MEMBER_CHANGES,
    )
    def patch(self, request: Request, store_id: int, membership_id: int) -> HttpResponse:
        directed_store(store_id, self.user, now())
        found = self._found(store_id, membership_id)
        sent = self.body.read(people_inputs.MEMBER_CHANGES)
        changed = leaving.change_membership(
            membership_id=found.pk,
            role=sent.get("role", found.role),
            until=read_moment(sent["until"], "until") if "until" in sent else found.until,
            by=self.user,
            now=now(),
        )
        return answer(_member(changed))

    @operation("end_member", "Remove somebody from a store, or leave it oneself", {200: people_shapes.Member})
    def delete(self, request: Request, store_id: int, membership_id: int) -> HttpResponse:
        found = self._found(store_id, membership_id)
        if found.user_id != self.user.pk:
            directed_store(store_id, self.user, now())
            self.require(Scope.DIRECT)
        return answer(_member(leaving.end_membership(membership_id=found.pk, by=self.user, now=now())))

    def _found(self, store_id: int, membership_id: int) -> Membership:
        found = Membership.objects.filter(pk=membership_id, store=store_id).first()
        if found is None:
            raise Missing
        return found


class PoolView(ApiView):
    @operation(
        "pool",
        "Freelancers of a company, the latest first",
        {200: shapes.page_of(people_shapes.PoolEntry)},
        query=PAGING,
    )
    def get(self, request: Request, company_id: int) -> HttpResponse:
        company = directed_company(company_id, self.user, now())
        rows = PoolMember.objects.filter(company=company).select_related("user")

        def render(found: list[PoolMember]) -> list[dict[str, Any]]:
            records = records_of(company, [one.user_id for one in found])
            return [
                {
                    "id": one.pk,
                    "person": _person(one.user),
                    "since": moment(one.created_at),
                    "link": one.link_id,
                    **vars(records[one.user_id]),
                }
                for one in found
            ]

        return lists.listed(request, rows, key=("-id",), render=render)


class PoolMemberView(ApiView):
    scopes = {"DELETE": Scope.WORK}

    @operation("end_pool", "Remove a freelancer from a company's pool, or leave it oneself", {204: None})
    def delete(self, request: Request, company_id: int, pool_member_id: int) -> HttpResponse:
        found = PoolMember.objects.filter(pk=pool_member_id, company=company_id).first()
        if found is None:
            raise Missing
        if found.user_id != self.user.pk:
            directed_company(company_id, self.user, now())
            self.require(Scope.DIRECT)
        end_pool(member_id=found.pk, by=self.user, now=now())
        return HttpResponse(status=204)


class PoolLinksView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "pool_links",
        "Links into a company's pool, the latest first",
        {200: shapes.page_of(people_shapes.PoolLink)},
        query=PAGING,
    )
    def get(self, request: Request, company_id: int) -> HttpResponse:
        company = directed_company(company_id, self.user, now())
        rows = PoolLink.objects.filter(company=company)
        return lists.listed(request, rows, key=("-id",), render=lambda found: [_link(one) for one in found])

    @operation(
        "make_pool_link",
        "Make a link; its `url` is told here alone",
        {201: people_shapes.PoolLink},
        takes=people_inputs.POOL_LINK,
    )
    def post(self, request: Request, company_id: int) -> HttpResponse:
        directed_company(company_id, self.user, now())
        sent = {"most": 10, "days": 14, **self.body.read(people_inputs.POOL_LINK)}
        made = pool_links.make_link(company_id=company_id, by=self.user, now=now(), **sent)
        return answer(_link(made.link, made.url), status=201)


class PoolLinkView(ApiView):
    scopes = {"DELETE": Scope.DIRECT}

    @operation(
        "revoke_pool_link", "Take a link back; whoever has joined stays", {200: people_shapes.PoolLink}
    )
    def delete(self, request: Request, link_id: int) -> HttpResponse:
        return answer(_link(pool_links.revoke_link(link_id=link_id, by=self.user, now=now())))


class JoinPoolView(ApiView):
    scopes = {"POST": Scope.WORK}

    @operation(
        "join_pool",
        "Join the pool that a link leads to",
        {200: people_shapes.Joined},
        takes=people_inputs.TOKEN,
    )
    def post(self, request: Request) -> HttpResponse:
        token = self.body.read(people_inputs.TOKEN)["token"]
        member = pool_links.join(token=token, by=self.user, now=now())
        return answer({"id": member.pk, "company": member.company_id})


class ShopsView(ApiView):
    scopes = {"POST": Scope.DIRECT}

    @operation(
        "open_shop",
        "A company of one's own with its first store",
        {201: people_shapes.Shop},
        takes=people_inputs.SHOP,
    )
    def post(self, request: Request) -> HttpResponse:
        store = open_shop(by=self.user, now=now(), **self.body.read(people_inputs.SHOP))
        return answer({"id": store.pk, "name": store.name, "company": store.company_id}, status=201)


class FreelancerView(ApiView):
    scopes = {"PUT": Scope.WORK}

    @operation(
        "freelancer",
        "Work as a freelancer, or change what one says of oneself",
        {200: people_shapes.Freelancer},
        takes=people_inputs.FREELANCER,
    )
    def put(self, request: Request) -> HttpResponse:
        text = self.body.read(people_inputs.FREELANCER).get("introduction", "")
        make_freelancer(user=self.user, by=self.user, now=now())
        write_introduction(text=text, by=self.user, now=now())
        return answer({"introduction": text})


ROUTES: dict[str, type[ApiView]] = {
    "shops": ShopsView,
    "freelancer": FreelancerView,
    "stores/<id:store_id>/invitations": InvitationsView,
    "invitations/accept": AcceptInvitationView,
    "invitations/<id:invitation_id>": InvitationView,
    "invitations/<id:invitation_id>/again": InvitationAgainView,
    "stores/<id:store_id>/members": MembersView,
    "stores/<id:store_id>/members/<id:membership_id>": MemberView,
    "companies/<id:company_id>/pool": PoolView,
    "companies/<id:company_id>/pool/<id:pool_member_id>": PoolMemberView,
    "companies/<id:company_id>/pool-links": PoolLinksView,
    "pool-links/join": JoinPoolView,
    "pool-links/<id:link_id>": PoolLinkView,
}
