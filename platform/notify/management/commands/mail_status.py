from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from kernel.clock import now
from notify.domain.status import Verdict, status, try_now


class Command(BaseCommand):
    help = "Says whether mail goes out; ends with 1 if it does not, for whatever watches the machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--try-now", action="store_true", help="do not wait for the next attempt")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            if options["try_now"]:
                self.stdout.write(f"tried at once: {try_now(by=None, now=now())}")
            else:
                self._say()

    def _say(self) -> None:
        found = status(now())
        for name in ("late", "planned", "sent", "refused"):
            self.stdout.write(f"{name}: {getattr(found, name)}")
        if found.since is not None:
            self.stdout.write(f"since: {found.since.isoformat(timespec='seconds')}")
        said = f"{found.verdict.label} {found.reason}".strip()
        if found.verdict in (Verdict.NO_SERVER, Verdict.NOBODY_SENDS):
            raise CommandError(said)
        self.stdout.write(said)
