from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotifyConfig(AppConfig):
    name = "notify"
    verbose_name = _("Notices")

    def ready(self) -> None:
        # Registries are filled by import: event names, system checks, background jobs.
        from notify import checks, events, jobs  # noqa: F401
