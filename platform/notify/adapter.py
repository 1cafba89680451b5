"""Mails of the sign-in library go by the outbox: no request waits for a mail server, none is lost with it."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from django.conf import settings

from accounts.adapter import AccountAdapter
from accounts.browsers import browser_name
from accounts.models import User
from accounts.states import Language
from kernel.clock import now
from notify.account_mails import ACCOUNT_MAILS
from notify.domain import mail_address

# What the library calls a mail → what it is here.
KIND_OF = {
    "account/email/password_reset_key": "password_link",
    "account/email/unknown_account": "unknown_account",
    "account/email/email_confirmation": "confirm_address",
    "account/email/email_confirmation_signup": "confirm_address",
    "account/email/password_changed": "password_changed",
    "account/email/password_set": "password_changed",
    "account/email/password_reset": "password_changed",
    "mfa/email/totp_activated": "second_step_on",
    "mfa/email/totp_deactivated": "second_step_off",
    "mfa/email/recovery_codes_generated": "recovery_codes",
    "mfa/email/webauthn_added": "passkey_added",
    "mfa/email/webauthn_removed": "passkey_removed",
}


class MailingAdapter(AccountAdapter):
    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Puts it into the outbox, in the transaction of what it tells of."""
        kind = KIND_OF[template_prefix]
        user: User | None = context.get("user")
        link = context.get("password_reset_url") or context.get("activate_url")
        lasts = _life_of(kind)
        mail_address(
            address=email,
            user=user,
            kind=kind,
            params={"email": email, "days": lasts.days if lasts else 0, **_from_where(context)},
            # The address that people use (TENCHO_ORIGIN), not the one the request happened to name.
            path=urlsplit(link).path if link else ACCOUNT_MAILS[kind].path,
            language=Language.present(),
            expires_at=now() + lasts if lasts else None,
            now=now(),
        )


def _life_of(kind: str) -> timedelta | None:
    """How long the link in a mail works, if it is a secret."""
    if kind == "password_link":
        return timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    if kind == "confirm_address":
        return timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
    return None


def _from_where(context: dict[str, Any]) -> dict[str, str]:
    if "ip" not in context:
        return {}
    return {"browser": browser_name(context["user_agent"]), "ip": context["ip"]}
