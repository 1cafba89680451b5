"""The measurements on PostgreSQL and Redis: one preparation, then one after the other."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from tests.bench import catalogue, cycles, databases, fanout, importing, processes, screens
from tests.bench.catalogue import Catalogue
from tests.bench.report import Report
from tests.bench.scale import Scale

FLOOR_TABLES = Path(__file__).parent / "floor" / "schema.sql"
PROCESSES = 2


class Bench:
    """Django in this process works on the small database first, then on the large one."""

    def __init__(
        self, report: Report, scale: Scale, server_url: str, data: Path, say: Callable[[str], None]
    ) -> None:
        self._report, self._scale, self._say = report, scale, say
        self._server_url = server_url
        self._data, self._log = data, data / "servers.log"

    def run(self, wanted: list[str]) -> None:
        found = self._prepare()
        if "screens" in wanted:
            self._say("screens")
            self._screens(found)
        if "cycles" in wanted:
            self._say("claim + submit")
            self._cycles(found)
        if "importing" in wanted:
            self._say("import")
            importing.measure(self._report, self._scale, found)
        if "fanout" in wanted:
            self._say("fan-out")
            self._fanout(found)
        connection.close()

    def _prepare(self) -> Catalogue:
        self._say(f"preparing {self._scale.small_tasks:,} and {self._scale.tasks:,} tasks")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        found = catalogue.make(max(self._scale.clients) + 1)
        catalogue.grow(found.batch_id, self._scale.small_tasks)
        connection.close()
        databases.vacuum(self._url(databases.SMALL))
        databases.copy_small(self._server_url)
        connection.settings_dict["NAME"] = databases.LARGE
        catalogue.grow(found.batch_id, self._scale.tasks)
        with connection.cursor() as cursor:
            cursor.execute(FLOOR_TABLES.read_text())
        databases.vacuum(self._url(databases.LARGE))
        return found

    def _url(self, name: str) -> str:
        return databases.url_of(self._server_url, name)

    @contextlib.contextmanager
    def _product(self, count: int, name: str) -> Iterator[list[int]]:
        with processes.product(count, {"DATABASE_URL": self._url(name)}, self._log) as ports:
            yield ports

    def _screens(self, found: Catalogue) -> None:
        with self._product(1, databases.SMALL) as small, self._product(1, databases.LARGE) as large:
            asyncio.run(screens.measure(self._report, self._scale, found, small=small[0], large=large[0]))

    def _cycles(self, found: Catalogue) -> None:
        floors = processes.floor(PROCESSES, {"DATABASE_URL": self._url(databases.LARGE)}, self._log)
        with self._product(PROCESSES, databases.LARGE) as products, floors as floor_ports:
            asyncio.run(
                cycles.measure(
                    self._report,
                    self._scale,
                    products=products,
                    floors=floor_ports,
                    secrets=found.secrets,
                    batch_id=found.batch_id,
                )
            )

    def _fanout(self, found: Catalogue) -> None:
        batch_ids = catalogue.make_topics(found, self._scale.topics)
        with self._product(PROCESSES, databases.LARGE) as ports:
            asyncio.run(fanout.measure(self._report, self._scale, found, ports=ports, batch_ids=batch_ids))
