from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.domain.api_keys import create_key
from accounts.models import User
from accounts.states import Scope
from kernel.clock import now


class Command(BaseCommand):
    help = "Makes a new API key for a person and prints it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="command line")
        parser.add_argument("--scope", action="append", choices=Scope.values, help="default: all")
        parser.add_argument("--days", type=int, help="days until it expires; default: never")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"There is nobody with the address {options['email']}.")
        _key, secret = create_key(
            user=user,
            name=options["name"],
            scopes=options["scope"] or list(Scope.values),
            days=options["days"],
            by=user,
            now=now(),
        )
        self.stdout.write(secret)
