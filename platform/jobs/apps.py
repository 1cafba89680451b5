from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        # Registers this room's own periodic job; needs models.
        from jobs import idempotency  # noqa: F401
