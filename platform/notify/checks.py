"""Settings with which people would not hear of anything."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

LOCAL = {"localhost", "127.0.0.1", "::1"}


def _is_local(host: str) -> bool:
    return host.strip("[]") in LOCAL


@register
def mail_leaves_the_machine(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Served to the public without a mail server, or with links that lead nowhere."""
    hosts = [*settings.ALLOWED_HOSTS, urlsplit(settings.ORIGIN).hostname or ""]
    if all(_is_local(host) for host in hosts if host and host != "testserver"):
        return []
    nowhere = settings.EMAIL_BACKEND.endswith(("console.EmailBackend", "FolderBackend"))
    found: list[CheckMessage] = []
    if nowhere:
        found.append(
            checks.Warning(
                "Tencho is served publicly, but its mail goes nowhere: people hear of returned work, running "
                "windows and invitations in their inbox here only.",
                hint="Set EMAIL_URL, e.g. smtp://user:password@mail.example.jp:587, and TENCHO_MAIL_FROM.",
                id="notify.W001",
            )
        )
    elif settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        found.append(
            checks.Warning(
                "Mail is sent from an address that no reader's mail server accepts.",
                hint="Set TENCHO_MAIL_FROM to an address of your own domain.",
                id="notify.W002",
            )
        )
    if _is_local(urlsplit(settings.ORIGIN).hostname or ""):
        found.append(
            checks.Warning(
                "Links in mails lead to the reader's own machine.",
                hint="Set TENCHO_ORIGIN to the address people use, e.g. https://tencho.example.jp.",
                id="notify.W003",
            )
        )
    return found
