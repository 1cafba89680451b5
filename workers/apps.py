from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkersConfig(AppConfig):
    name = "workers"
    verbose_name = _("Freelancers")

    def ready(self) -> None:
        # The registry of event names is filled by import.
        from workers import events  # noqa: F401
