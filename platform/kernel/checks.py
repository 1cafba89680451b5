"""Mistakes in settings that would only show under load."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from kernel.http import BoundedHandler


@register
def connections_are_bounded(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Kept connections need kept threads: Django's own ASGI handler leaks one connection per thread."""
    kept = [alias for alias, config in settings.DATABASES.items() if config.get("CONN_MAX_AGE", 0) != 0]
    if not kept or _is_bounded():
        return []
    return [
        Error(
            f"CONN_MAX_AGE keeps connections ({', '.join(kept)}), but HTTP does not run on bounded threads.",
            hint="Let ASGI_APPLICATION route http to kernel.http.BoundedHandler, or set CONN_MAX_AGE to 0.",
            id="kernel.E001",
        )
    ]


def _is_bounded() -> bool:
    application = import_string(settings.ASGI_APPLICATION) if settings.ASGI_APPLICATION else None
    routes = getattr(application, "application_mapping", {"http": application})
    return isinstance(routes.get("http"), BoundedHandler)
