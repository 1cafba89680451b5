"""The first page of somebody who belongs nowhere: open a shop, work as a freelancer, or find the link."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.domain.people import open_shop
from accounts.models import Membership
from frontend.batches.access import person
from frontend.people.member_forms import ProfileForm, ShopForm
from kernel.clock import now
from kernel.errors import Conflict, Invalid, Missing
from tasks.domain import leaving
from workers.domain.freelancers import make_freelancer, write_introduction
from workers.models import PoolMember, WorkerProfile


@login_required
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    return render(request, "people/start.html")


@login_required
def shop(request: HttpRequest) -> HttpResponse:
    form = ShopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            store = open_shop(by=person(request), now=now(), **form.cleaned_data)
        except Invalid as wrong:
            form.take(wrong)
        else:
            messages.success(request, _("%(store)s is open. You are its director.") % {"store": store.name})
            return redirect("home")
    return render(request, "people/shop.html", {"form": form})


@login_required
def freelancer(request: HttpRequest) -> HttpResponse:
    user = person(request)
    profile = WorkerProfile.objects.filter(user=user).first()
    form = ProfileForm(
        request.POST or None, initial={"introduction": profile.introduction if profile else ""}
    )
    if request.method == "POST" and form.is_valid():
        make_freelancer(user=user, by=user, now=now())
        write_introduction(text=form.cleaned_data["introduction"], by=user, now=now())
        messages.success(request, _("Saved."))
        return redirect("work")
    return render(request, "people/freelancer.html", {"form": form, "profile": profile})


@login_required
@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Where one belongs, and the way out."""
    user = person(request)
    mine = Membership.objects.filter(user=user).select_related("store__company").order_by("pk")[:200]
    pools = PoolMember.objects.filter(user=user).select_related("company").order_by("pk")[:200]
    return render(request, "people/places.html", {"members": mine, "pools": pools, "now": now()})


@login_required
@require_POST
def leave(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Leaves a store. Somebody else's membership is not found here."""
    user = person(request)
    if not Membership.objects.filter(pk=membership_id, user=user).exists():
        raise Missing
    try:
        ended = leaving.end_membership(membership_id=membership_id, by=user, now=now())
    except Conflict as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, _("You left %(store)s.") % {"store": ended.store.name})
    return redirect("places")
