"""Runs the whole test suite in stages and says on which database and cache each one ran.

`python -m tools.test [--own-servers]`: the option starts PostgreSQL and Redis for this run instead of using
the ones found. Fails when any stage fails or holds no test.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests import servers
from tools import chromium
from tools.common import ROOT, SetupError, say

BOTH_CORES = ("-n", "2", "--dist", "loadscope")


@dataclass(frozen=True)
class Stage:
    title: str
    # Together the three expressions name every test; `postgres` and `both` decide first.
    markers: str
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def stages(real: servers.Servers, browser: str) -> list[Stage]:
    return [
        Stage(
            "SQLite, in-memory cache and channel layer",
            "not postgres and not browser and not kill",
            BOTH_CORES,
        ),
        Stage(
            f"{real.described}: tests of both databases and PostgreSQL's own",
            "both or postgres",
            BOTH_CORES,
            environment={
                "DATABASE_URL": real.database_url,
                "REDIS_URL": real.redis_url,
                "SECRET_KEY": "tests",
            },
        ),
        Stage(
            f"Chromium ({browser}), on SQLite",
            "browser and not kill and not postgres",
            BOTH_CORES,
            environment={"CHROMIUM_PATH": browser},
        ),
        Stage(
            "servers that are killed and loaded, one at a time, on SQLite",
            "kill and not postgres",
            environment={"CHROMIUM_PATH": browser},
        ),
    ]


def run_stage(stage: Stage) -> bool:
    print(f"\n== {stage.title}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-m", stage.markers, *stage.options]
    # A database or cache of the caller's would turn the SQLite stages into something else.
    inherited = {name: value for name, value in os.environ.items() if name not in servers.VARIABLES}
    environment = {"TENCHO_TEST_DB_SUFFIX": _suffix(), **inherited, **stage.environment}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def _suffix() -> str:
    """Two checkouts on one PostgreSQL must not share a test database."""
    return "_" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own-servers", action="store_true", help="start PostgreSQL and Redis for this run")
    arguments = parser.parse_args()
    browser = chromium.ensure()
    with servers.resolve(own=arguments.own_servers) as real:
        say(f"tests use SQLite; {real.described}; Chromium at {browser}")
        failed = [stage.title for stage in stages(real, browser) if not run_stage(stage)]
    for title in failed:
        print(f"== FAILED: {title}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"tests: {error}")
