from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotifyConfig(AppConfig):
    name = "notify"
    verbose_name = _("Notices")

    def ready(self) -> None:
        # The registry of event names is filled by import.
        from notify import events  # noqa: F401
