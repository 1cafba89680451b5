"""What an invitation's link opens: who invites to what, and accepting it, with an account or without."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from allauth.account.utils import complete_signup
from allauth.core import ratelimit
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.domain import invitations
from accounts.domain.people import sign_up
from accounts.models import Company, Invitation, User
from accounts.states import Language
from frontend.people.member_forms import JoinForm
from frontend.people.security import with_its_mail
from kernel.clock import now
from kernel.errors import Conflict
from workers.domain import pool_links
from workers.models import PoolLink


@dataclass(frozen=True)
class Offer:
    """What stands behind a link. `email`: the address it was sent to, which is thereby proven."""

    template: str
    thing: Invitation | PoolLink
    company: Company
    refusal: str
    email: str
    accept: Callable[[User], Any]
    welcome: str
    home: str


@with_its_mail
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = invitations.by_token(token)
    code = invitations.unusable(found, now())
    user: Any = request.user
    if code == "invitation_used" and user.is_authenticated and found.accepted_by_id == user.pk:
        messages.info(request, _("You have accepted this invitation already."))
        return redirect("home")
    names = {"store": found.store.name, "role": found.get_role_display()}
    offer = Offer(
        template="people/invitation.html",
        thing=found,
        company=found.store.company,
        refusal=str(invitations.REASONS[code]) if code else "",
        email=found.email,
        accept=lambda by: invitations.accept(token=token, by=by, now=now()),
        welcome=_("Welcome to %(store)s: you are %(role)s now.") % names,
        home="home",
    )
    return _show(request, offer)


@with_its_mail
def pool(request: HttpRequest, token: str) -> HttpResponse:
    found = pool_links.by_token(token)
    code = pool_links.unusable(found, now())
    offer = Offer(
        template="people/pool_link.html",
        thing=found,
        company=found.company,
        refusal=str(pool_links.REASONS[code]) if code else "",
        email="",
        accept=lambda by: pool_links.join(token=token, by=by, now=now()),
        welcome=_("Welcome: %(company)s offers you its work from now on.") % {"company": found.company.name},
        home="work",
    )
    return _show(request, offer)


def _show(request: HttpRequest, offer: Offer) -> HttpResponse:
    user: Any = request.user
    if request.method == "POST":
        limited: HttpResponse | None = ratelimit.consume_or_429(request, action="join")
        if limited is not None:
            return limited
        if user.is_authenticated:
            offer.accept(user)
            messages.success(request, offer.welcome)
            return redirect(offer.home)
        return _with_new_account(request, offer)
    return _page(request, offer, JoinForm(invited=offer.email))


def _with_new_account(request: HttpRequest, offer: Offer) -> HttpResponse:
    form = JoinForm(request.POST, invited=offer.email)
    if not form.is_valid():
        return _page(request, offer, form)
    try:
        with transaction.atomic():
            user = sign_up(
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=Language.present(),
                verified=bool(offer.email),
                now=now(),
            )
            offer.accept(user)
    except Conflict as refused:
        if refused.code != "email_taken":
            raise
        form.add_error(None, _("There is an account with this address already. Sign in with it to accept."))
        return _page(request, offer, form)
    messages.success(request, offer.welcome)
    response: HttpResponse = complete_signup(request, user, None, reverse(offer.home))
    return response


def _page(request: HttpRequest, offer: Offer, form: JoinForm) -> HttpResponse:
    user: Any = request.user
    sign_in = f"/accounts/login/?next={quote(request.path)}"
    context = {
        "offer": offer,
        "thing": offer.thing,
        "form": form,
        "has_account": bool(offer.email) and User.objects.filter(email__iexact=offer.email).exists(),
        "other_address": bool(
            offer.email and user.is_authenticated and user.email.lower() != offer.email.lower()
        ),
        "sign_in": sign_in,
    }
    status = 410 if offer.refusal else 200
    response = render(request, offer.template, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
