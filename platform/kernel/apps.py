from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "kernel"

    def ready(self) -> None:
        # Registers the system checks; they need settings.
        from kernel import checks  # noqa: F401
