"""One's own sign-in: password, second step, passkeys, sessions, address; and the operator's decisions."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.domain import email_change
from accounts.domain.installation import decide, installation, mfa_for_directors
from accounts.domain.queries import stores_of
from accounts.states import Role
from frontend.batches.access import person
from frontend.people.member_forms import DomainForm
from kernel.clock import now
from kernel.errors import Invalid, Missing
from notify.domain import address_change


@login_required
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    user = person(request)
    kept: dict[str, list[Authenticator]] = {}
    for one in Authenticator.objects.filter(user=user):
        kept.setdefault(one.type, []).append(one)
    codes = kept.get(Authenticator.Type.RECOVERY_CODES)
    directs = stores_of(user, now(), Role.DIRECTOR).exists()
    context = {
        "totp": bool(kept.get(Authenticator.Type.TOTP)),
        "passkeys": len(kept.get(Authenticator.Type.WEBAUTHN, [])),
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else None,
        "sessions": UserSession.objects.filter(user=user).count(),
        "required": directs and not is_mfa_enabled(user) and mfa_for_directors(),
        "unproven": EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=False).exists(),
        "change": email_change.pending(user, now()),
    }
    return render(request, "settings/security.html", context)


class EmailForm(DomainForm):
    email = forms.EmailField(
        label=gettext_lazy("New e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def email(request: HttpRequest) -> HttpResponse:
    """Asks for a new address; it counts once both addresses have confirmed it."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        limited: HttpResponse | None = ratelimit.consume_or_429(request, action="change_email")
        if limited is not None:
            return limited
        try:
            address_change.ask(email=form.cleaned_data["email"], by=person(request), now=now())
        except Invalid as wrong:
            form.take(wrong)
        else:
            messages.success(request, _("Open the links that we sent to both addresses."))
            return redirect("security")
    return render(request, "settings/email.html", {"form": form})


@login_required
@require_POST
def email_forget(request: HttpRequest) -> HttpResponse:
    email_change.forget(by=person(request))
    return redirect("security")


def email_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Opened from a mail, possibly on another device: no sign-in is needed, the token is the proof."""
    change = email_change.by_token(token, now())
    if change is None:
        raise Missing
    if request.method != "POST":
        return render(request, "settings/email_confirm.html", {"change": change})
    done = address_change.confirm(token=token, now=now())
    text = (
        _("Your address is %(email)s now.") if done else _("Confirmed. The other address is still to come.")
    )
    messages.success(request, text % {"email": change.email})
    return redirect("security" if request.user.is_authenticated else "account_login")


@login_required
@require_POST
def prove_email(request: HttpRequest) -> HttpResponse:
    """Sends the link again by which somebody proves the address they signed up with."""
    user = person(request)
    address = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=False).first()
    if address is not None and not send_verification_email_to_address(request, address):
        text = _("A link was sent to %(email)s a moment ago. Look into that mailbox, also among the junk.")
        messages.info(request, text % {"email": user.email})
    return redirect("security")


class InstallationForm(forms.Form):
    mfa_for_directors = forms.BooleanField(required=False)
    open_sign_up = forms.BooleanField(required=False)


def own_passkey(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Somebody else's passkey is not there, said before anybody is asked who they are once more."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        mine = Authenticator.objects.filter(user=person(request), type=Authenticator.Type.WEBAUTHN)
        if not mine.filter(pk=pk).exists():
            raise Missing
        return view(request, pk=pk)

    return guarded


def with_its_mail(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What is changed and the mail that tells of it are kept together or not at all."""

    @wraps(view)
    def guarded(request: HttpRequest, **names: str) -> HttpResponse:
        if request.method != "POST":
            return view(request, **names)
        with transaction.atomic():
            return view(request, **names)

    return guarded


def with_readable_passkeys(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What is kept of a passkey may have become unreadable: that is said, not crashed over."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except ValidationError as unreadable:
            text = _("A passkey of this account cannot be read any more. Ask the operator to remove it.")
            raise Invalid("passkey_unreadable", text) from unreadable

    return guarded


@login_required
def operator(request: HttpRequest) -> HttpResponse:
    """The operator's decisions for everybody. For anybody else there is nothing here."""
    user: Any = request.user
    if not user.is_operator:
        raise Missing
    if request.method == "POST":
        form = InstallationForm(request.POST)
        form.is_valid()
        decide(**form.cleaned_data, by=user, now=now())
        messages.success(request, _("Saved."))
        return redirect("operator")
    return render(request, "settings/operator.html", {"installation": installation()})
