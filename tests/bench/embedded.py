"""`manage.py serve` on SQLite as a newcomer starts it: how soon it answers and what it weighs."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.processes import answers, resident_mib, running, wait_for_answer
from tests.bench.report import Figure, Report
from tests.bench.scale import Scale
from tests.ports import free_port
from tests.servers import VARIABLES
from tools.common import ROOT

SECONDS, MIB = 3.0, 200.0
PAGES_SEEN = 40


def measure(report: Report, scale: Scale, folder: Path) -> None:
    """Starts it some times on a migrated, empty data folder."""
    folder.mkdir(exist_ok=True)
    data = {"TENCHO_DATA": str(folder), **dict.fromkeys(VARIABLES, "")}
    for words in (["migrate"], ["collectstatic", "--noinput"]):
        subprocess.run(
            [sys.executable, "manage.py", *words, "--verbosity", "0"],
            cwd=ROOT,
            env={**os.environ, **data},
            check=True,
        )
    found = [_start(data, folder / "server.log") for _ in range(scale.starts)]
    seconds = statistics.median(one for one, _ in found)
    memory = max(other for _, other in found)
    report.add(
        Figure("serve on SQLite, first answer", f"{seconds:.1f} s", "", "", "<= 3 s", seconds <= SECONDS)
    )
    report.add(Figure("serve on SQLite, memory", f"{memory:.0f} MiB", "", "", "<= 200 MiB", memory <= MIB))


def _start(data: dict[str, str], log: Path) -> tuple[float, float]:
    """Seconds from the command to the first page, and MiB after some pages."""
    port = free_port()
    began = time.monotonic()
    origin = f"http://127.0.0.1:{port}"
    with running(
        ["manage.py", "serve", "--port", str(port)], {**data, "TENCHO_ORIGIN": origin}, log
    ) as process:
        wait_for_answer(port, log, "/accounts/login/")
        seconds = time.monotonic() - began
        for _ in range(PAGES_SEEN):
            assert answers(port, "/accounts/login/")
        return seconds, resident_mib(process.pid)
