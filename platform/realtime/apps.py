from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        # Registers the periodic job; needs models.
        from realtime import tickets  # noqa: F401
