import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.domain.members import give_role
from accounts.domain.people import add_person, add_store
from accounts.models import Company, User
from accounts.states import Role
from kernel.clock import now
from workers.domain.freelancers import add_to_pool, make_freelancer

FREELANCER = "freelancer"


class Command(BaseCommand):
    help = (
        "Adds a person, or gives one who is there another role: a director, reviewer or staff of a store, "
        "or a freelancer (with --company: in its pool). Company and store are made if they are not there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=[*Role.values, FREELANCER])
        parser.add_argument("--name", default="", help="needed for a new person")
        parser.add_argument("--company", default="")
        parser.add_argument("--store", default="")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user = self._person(options["email"], options["name"])
        if options["role"] == FREELANCER:
            make_freelancer(user=user, by=None, now=now())
            company = Company.objects.filter(name=options["company"]).first()
            if options["company"] and company is None:
                raise CommandError(f"There is no company {options['company']}.")
            if company is not None:
                add_to_pool(company=company, user=user, by=None, now=now())
            return
        if not options["company"] or not options["store"]:
            raise CommandError("Say in which --company and --store.")
        store = add_store(company=options["company"], name=options["store"], by=None, now=now())
        give_role(store=store, user=user, role=options["role"], by=None, now=now())

    def _person(self, email: str, name: str) -> User:
        user = User.objects.filter(email__iexact=email).first()
        if user is not None:
            return user
        if not name:
            raise CommandError("A new person needs --name.")
        # From a pipe in scripts, asked for at a terminal; never on the command line, where others see it.
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
        return add_person(email=email, name=name, password=password or None, by=None, now=now())
