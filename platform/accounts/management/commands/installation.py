from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.domain.installation import decide, installation
from kernel.clock import now

CHOICES = ("yes", "no")


class Command(BaseCommand):
    help = "Shows what the operator has decided for everybody, and changes it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mfa-for-directors", choices=CHOICES)
        parser.add_argument("--open-sign-up", choices=CHOICES)

    def handle(self, *args: Any, **options: Any) -> None:
        present = installation()
        names = ("mfa_for_directors", "open_sign_up")
        wanted = {name: options[name] == "yes" if options[name] else getattr(present, name) for name in names}
        if any(options[name] for name in names):
            decide(**wanted, by=None, now=now())
        for name in names:
            self.stdout.write(f"{name.replace('_', '-')}: {CHOICES[0] if wanted[name] else CHOICES[1]}")
