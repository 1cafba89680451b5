from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = _("Work")

    def ready(self) -> None:
        # Registries are filled by import: event names, topics, background jobs.
        from tasks import events, handlers, jobs, topics  # noqa: F401
        from tasks.domain.templates import install_shipped

        post_migrate.connect(lambda **_: install_shipped(), sender=self, weak=False, dispatch_uid="shipped")
