"""`make bench`: prepares its own databases, starts servers, measures, prints a table.

BENCH_QUICK=1 makes it short; BENCH_ONLY=cycles,screens,importing,fanout,embedded runs some of it.
"""

import os
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.bench import databases, embedded, scale
from tests.bench.report import Report
from tests.servers import Servers, resolve

ORIGIN = "http://127.0.0.1"
REDIS_DATABASE = 11
ALL = ("embedded", "screens", "cycles", "importing", "fanout")


def main() -> None:
    began = time.monotonic()
    size = scale.chosen()
    wanted = [one for one in os.environ.get("BENCH_ONLY", "").split(",") if one] or list(ALL)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tencho-bench-") as folder, resolve() as servers:
        data = Path(folder)
        if "embedded" in wanted:
            _say("serve on SQLite")
            embedded.measure(report, size, data / "embedded")
        if set(wanted) - {"embedded"}:
            _on_postgres(report, size, servers, data, wanted)
    took = time.monotonic() - began
    _say(f"\n{report.table()}\n\n{size.tasks:,} tasks, {os.cpu_count()} cores shared by all; {took:.0f} s")


def _on_postgres(report: Report, size: scale.Scale, servers: Servers, data: Path, wanted: list[str]) -> None:
    redis = urlunsplit(urlsplit(servers.redis_url)._replace(path=f"/{REDIS_DATABASE}"))
    with databases.own(servers.database_url):
        _configure(databases.url_of(servers.database_url, databases.SMALL), redis, data)
        # Reads the settings that were made just now.
        from tests.bench.postgres import Bench

        Bench(report, size, servers.database_url, data, _say).run(wanted)


def _configure(database_url: str, redis_url: str, data: Path) -> None:
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        TENCHO_DATA=str(data),
        TENCHO_ORIGIN=ORIGIN,
        SECRET_KEY="bench",
        TENCHO_LOG="ERROR",
    )
    import django  # after the environment

    django.setup()


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
