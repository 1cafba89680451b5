"""The server processes measured. Each is a group of its own and is ended with the run."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.ports import free_port
from tools.common import ROOT

START_SECONDS = 60.0


class NotStarted(Exception):
    """A server process ended or did not answer in time."""


@contextlib.contextmanager
def product(count: int, environment: Mapping[str, str], log: Path) -> Iterator[list[int]]:
    """`count` processes of the product without its jobs; their ports."""
    with _servers(["manage.py", "serve", "--no-jobs"], count, environment, log) as ports:
        yield ports


@contextlib.contextmanager
def floor(count: int, environment: Mapping[str, str], log: Path) -> Iterator[list[int]]:
    """`count` processes of the floor app; their ports."""
    with _servers(["-m", "tests.bench.floor.serve"], count, environment, log) as ports:
        yield ports


@contextlib.contextmanager
def _servers(
    words: Sequence[str], count: int, environment: Mapping[str, str], log: Path
) -> Iterator[list[int]]:
    with contextlib.ExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        for port in ports:
            stack.enter_context(running([*words, "--port", str(port)], environment, log))
        for port in ports:
            wait_for_answer(port, log)
        yield ports


@contextlib.contextmanager
def running(
    words: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_answer(port: int, log: Path, path: str = "/") -> None:
    """Until the server answers, whatever it answers. Raises `NotStarted`."""
    until = time.monotonic() + START_SECONDS
    while not answers(port, path):
        if time.monotonic() > until:
            raise NotStarted(log.read_text()[-3000:])
        time.sleep(0.02)


def answers(port: int, path: str) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def resident_mib(pid: int) -> float:
    """Memory of a process as the kernel counts it."""
    status = Path(f"/proc/{pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kib) / 1024
