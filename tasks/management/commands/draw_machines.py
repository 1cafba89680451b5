from typing import Any

from django.core.management.base import BaseCommand

from tasks.machines import drawing


class Command(BaseCommand):
    help = "Prints docs/machines.md: all state machines as diagrams."
    requires_system_checks: list[str] = []  # as the base class has it

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(drawing(), ending="")
