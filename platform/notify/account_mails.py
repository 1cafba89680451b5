"""Mails about somebody's account: asked for by whoever reads them, or told to keep the account safe.

They are no notices: they go to an address, also of somebody who cannot sign in, and nobody chooses them.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class AccountMail:
    """`aside`: for whoever did not expect it. `path`: the button's, unless the mail brings its own link."""

    subject: Promise
    heading: Promise
    body: Promise
    action: Promise
    aside: Promise
    path: str = ""


_IGNORE = _("It was not you? Then do nothing: nothing changes.")
_PROTECT = _("It was not you? Then change your password at once, and sign out the browsers you do not know.")
_TO_SECURITY = _("Sign-in and security")
_SECURITY = "/settings/security/"


def _changed(subject: Promise, heading: Promise, body: Promise) -> AccountMail:
    return AccountMail(subject, heading, body, _TO_SECURITY, _PROTECT, _SECURITY)


ACCOUNT_MAILS: dict[str, AccountMail] = {
    "password_link": AccountMail(
        subject=_("Choose a new password"),
        heading=_("Choose a new password"),
        body=_(
            "Somebody asked for a new password for your account %(email)s. If it was you, choose one here. "
            "The link works once, for %(days)d days."
        ),
        action=_("Choose a new password"),
        aside=_IGNORE,
    ),
    "unknown_account": AccountMail(
        subject=_("There is no account with this address"),
        heading=_("There is no account with this address"),
        body=_(
            "Somebody asked for a new password for %(email)s. There is no account with this address here. "
            "If it was you, try another address of yours."
        ),
        action=_("To the sign-in"),
        aside=_IGNORE,
        path="/accounts/login/",
    ),
    "confirm_address": AccountMail(
        subject=_("Confirm your e-mail address"),
        heading=_("Confirm your e-mail address"),
        body=_(
            "An account was made here with the address %(email)s. Confirm that the address is yours. "
            "The link works for %(days)d days."
        ),
        action=_("Confirm the address"),
        aside=_IGNORE,
    ),
    "address_change": AccountMail(
        subject=_("Confirm your new e-mail address"),
        heading=_("Confirm your new e-mail address"),
        body=_(
            "Somebody signed in as you wants to change the address of your account from %(old)s to %(new)s. "
            "It counts once the links in both mails were opened: the one to the old address and the one to "
            "the new. They work for %(days)d day."
        ),
        action=_("Look at the change"),
        aside=_("It was not you? Then do not confirm it, and change your password."),
    ),
    "address_changed": _changed(
        _("Your e-mail address was changed"),
        _("Your e-mail address was changed"),
        _("Your account now has the address %(new)s. No more mail comes to %(old)s."),
    ),
    "password_changed": _changed(
        _("Your password was changed"),
        _("Your password was changed"),
        _("From now on you sign in to your account with the new password."),
    ),
    "second_step_on": _changed(
        _("An authenticator app was set up"),
        _("An authenticator app was set up"),
        _("From now on your account asks for a code of the app after the password."),
    ),
    "second_step_off": _changed(
        _("The authenticator app was switched off"),
        _("The authenticator app was switched off"),
        _("Your account no longer asks for a code of the app."),
    ),
    "recovery_codes": _changed(
        _("New recovery codes were made"),
        _("New recovery codes were made"),
        _("The earlier recovery codes of your account no longer work."),
    ),
    "passkey_added": _changed(
        _("A passkey was added"),
        _("A passkey was added"),
        _("With it one can sign in to your account without a password."),
    ),
    "passkey_removed": _changed(
        _("A passkey was removed"),
        _("A passkey was removed"),
        _("One can no longer sign in to your account with it."),
    ),
}
