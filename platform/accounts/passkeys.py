"""Passkeys as browsers send them. The library lets much of what is not one through as a crash."""

import struct
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django.core.exceptions import ValidationError

from accounts.models import User

# What decoding hostile JSON, base64, CBOR, keys and signatures raises.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    InvalidSignature,
    LookupError,
    RecursionError,
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    struct.error,
)


class _Careful:
    """A form that says of any credential which cannot be read that it is wrong."""

    def full_clean(self: Any) -> None:
        try:
            super().full_clean()  # type: ignore[misc]  # of the form it is mixed into
        except UNREADABLE:
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))


class AddForm(_Careful, forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    pass


class AuthenticateForm(_Careful, forms.AuthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    pass


class LoginForm(_Careful, forms.LoginWebAuthnForm):  # type: ignore[misc]  # as above
    pass


class ReauthenticateForm(_Careful, forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    pass


def challenge(user: User) -> dict[str, Any] | None:
    """What a browser needs to use a passkey of this person; None if what is kept of one cannot be read."""
    try:
        options: dict[str, Any] = auth.begin_authentication(user)
    except ValidationError:
        return None
    return options
