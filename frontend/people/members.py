"""The people of a store, for its directors: who is there, who is invited, until when."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.domain import invitations
from accounts.domain.queries import directed_store, stores_of
from accounts.models import Invitation, Membership, Store, User
from accounts.states import Role
from frontend.batches.access import person
from frontend.people.member_forms import InviteForm, MemberForm
from kernel import paging
from kernel.clock import now
from kernel.errors import Conflict, Invalid, Missing
from tasks.domain import inviting, leaving

PAGE = 50


def directed(request: HttpRequest) -> list[Store]:
    """The stores that the reader directs."""
    rows = stores_of(person(request), now(), Role.DIRECTOR).select_related("company")
    return list(rows.order_by("pk")[:100])


def chosen_store(request: HttpRequest) -> Store | None:
    """The store named in the query, else the first; None for somebody who directs none. Raises `Missing`."""
    stores, named = directed(request), request.GET.get("store") or request.POST.get("store")
    if not named:
        return stores[0] if stores else None
    found = next((store for store in stores if str(store.pk) == named), None)
    if found is None:
        raise Missing
    return found


def frame(request: HttpRequest, store: Store, tab: str) -> dict[str, Any]:
    """What the tabs above every list of people need."""
    return {
        "store": store,
        "stores": directed(request),
        "tab": tab,
        "q": request.GET.get("q", "").strip()[:100],
        "first_page": not request.GET.get("after"),
        "now": now(),
    }


def matching(prefix: str, text: str) -> Q:
    return Q(**{f"{prefix}name__icontains": text}) | Q(**{f"{prefix}email__icontains": text})


@login_required
@require_GET
def members(request: HttpRequest) -> HttpResponse:
    store = chosen_store(request)
    if store is None:
        return render(request, "people/none.html")
    context = frame(request, store, "members")
    rows = User.objects.filter(memberships__store=store).distinct()
    if context["q"]:
        rows = rows.filter(matching("", context["q"]))
    page = paging.page(rows, key=["name", "id"], after=request.GET.get("after"), limit=PAGE)
    held: dict[int, list[Membership]] = {}
    for member in Membership.objects.filter(store=store, user__in=page.items).order_by("pk"):
        held.setdefault(member.user_id, []).append(member)
    lines = [{"person": one, "roles": held.get(one.pk, [])} for one in page.items]
    waiting = Invitation.objects.waiting().filter(store=store)
    context |= {"lines": lines, "next": page.next, "waiting": waiting.count()}
    return render(request, "people/members.html", context)


@login_required
@require_GET
def invited(request: HttpRequest) -> HttpResponse:
    store = chosen_store(request)
    if store is None:
        return render(request, "people/none.html")
    context = frame(request, store, "invited")
    rows = Invitation.objects.waiting().filter(store=store).select_related("invited_by")
    if context["q"]:
        rows = rows.filter(email__icontains=context["q"])
    page = paging.page(rows, key=["-id"], after=request.GET.get("after"), limit=PAGE)
    context |= {"invitations": page.items, "next": page.next}
    return render(request, "people/invited.html", context)


@login_required
def invite(request: HttpRequest) -> HttpResponse:
    store = chosen_store(request)
    if store is None:
        return render(request, "people/none.html")
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = inviting.invite(
                store_id=store.pk,
                email=form.cleaned_data["email"],
                role=form.cleaned_data["role"],
                until=form.cleaned_data["until"],
                by=person(request),
                now=now(),
            )
        except (Invalid, Conflict) as wrong:
            form.take(wrong)
        else:
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": made.email})
            _tell_of_other_roles(request, made)
            return redirect(f"{reverse('people_invited')}?store={store.pk}")
    return render(request, "people/invite.html", {**frame(request, store, "invited"), "form": form})


def _tell_of_other_roles(request: HttpRequest, made: Invitation) -> None:
    """Somebody may have several roles, but it should not happen by a slip."""
    invited = Invitation.objects.waiting().filter(store=made.store_id, email=made.email)
    here = Membership.objects.active(now()).filter(store=made.store_id, user__email__iexact=made.email)
    roles = {one.get_role_display() for rows in (invited, here) for one in rows.exclude(role=made.role)}
    if roles:
        text = _("The same person is also here, or invited, as: %(roles)s.")
        messages.info(request, text % {"roles": " · ".join(sorted(roles))})


@login_required
@require_POST
def invitation_again(request: HttpRequest, invitation_id: int) -> HttpResponse:
    made = inviting.invite_again(invitation_id=invitation_id, by=person(request), now=now())
    messages.success(request, _("A new link is on its way to %(email)s.") % {"email": made.email})
    return redirect(f"{reverse('people_invited')}?store={made.store_id}")


@login_required
@require_POST
def invitation_revoke(request: HttpRequest, invitation_id: int) -> HttpResponse:
    taken = invitations.revoke(invitation_id=invitation_id, by=person(request), now=now())
    messages.success(request, _("The invitation of %(email)s no longer works.") % {"email": taken.email})
    return redirect(f"{reverse('people_invited')}?store={taken.store_id}")


@login_required
def member(request: HttpRequest, membership_id: int) -> HttpResponse:
    """One membership: its role and end; and what removing it means."""
    found = Membership.objects.select_related("store__company", "user").filter(pk=membership_id).first()
    if found is None:
        raise Missing
    directed_store(found.store_id, person(request), now())
    form = MemberForm(request.POST or None, initial={"role": found.role, "until": _last_day(found.until)})
    if request.method == "POST" and form.is_valid():
        try:
            leaving.change_membership(
                membership_id=found.pk,
                role=form.cleaned_data["role"],
                until=form.cleaned_data["until"],
                by=person(request),
                now=now(),
            )
        except (Invalid, Conflict) as wrong:
            form.take(wrong)
        else:
            messages.success(request, _("Saved."))
            return redirect(f"{reverse('people')}?store={found.store_id}")
    context = {"member": found, "form": form, "own": found.user_id == person(request).pk}
    return render(request, "people/member.html", {**frame(request, found.store, "members"), **context})


def _last_day(moment: datetime | None) -> Any:
    return timezone.localtime(moment - timedelta(microseconds=1)).date() if moment else None


@login_required
@require_POST
def remove(request: HttpRequest, membership_id: int) -> HttpResponse:
    try:
        ended = leaving.end_membership(membership_id=membership_id, by=person(request), now=now())
    except Conflict as refused:
        messages.error(request, str(refused.message))
        return redirect("member", membership_id)
    name = {"name": ended.user.name, "store": ended.store.name}
    messages.success(request, _("%(name)s no longer belongs to %(store)s.") % name)
    return redirect("people" if ended.user_id != person(request).pk else "home")
