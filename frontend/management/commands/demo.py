from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.models import User
from events.dispatcher import dispatch_once
from events.readers import run_readers
from frontend.demo import day, people
from frontend.demo.products import shopify_csv


class Command(BaseCommand):
    help = "Fills an empty installation with an invented shop and its people. Data that is there stays."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            return
        self.stdout.write("Filling the demo shop …")
        with transaction.atomic():
            store, cast = people.make_people()
            pictures = day.hang_pictures(store, cast["aya"])
        source = shopify_csv(pictures)
        day.play(store, cast, source)
        day.plan(store, cast["aya"])
        while dispatch_once():
            pass
        while run_readers():
            pass
        sample = Path(settings.DATA) / "demo-products.csv"
        sample.write_bytes(source)
        note = f"{people.sign_ins()}\nA product file to try: {sample}\n"
        (Path(settings.DATA) / "demo.txt").write_text(note, encoding="utf-8")
