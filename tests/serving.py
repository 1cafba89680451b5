"""A real `manage.py serve` for tests: its own port, data folder and process, so that it can be killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.ports import free_port
from tests.servers import VARIABLES
from tools.common import ROOT

START_SECONDS = 60


class Server:
    """The application on SQLite in `data`, or wherever `environment` says (DATABASE_URL, REDIS_URL).

    `with Server(folder) as server:` migrates, starts, and stops at the end; `kill()` is `kill -9`, and
    `start()` again takes the same port and data.
    """

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "server.log"
        inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        # Sign-ins and sockets are accepted from this origin alone.
        own = {"TENCHO_DATA": str(data), "TENCHO_ORIGIN": self.url, "PYTHONUNBUFFERED": "1"}
        self.environment = {**inherited, **own, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.prepare()
        self.start()
        return self

    def prepare(self) -> None:
        """Everything but starting: data can be filled in before a server or its jobs look at it.

        On SQLite the first of a run is migrated, and the others begin with a copy of it.
        """
        first = self.data.parent / "prepared"
        if "DATABASE_URL" not in self.environment and first.exists():
            shutil.copytree(first, self.data, dirs_exist_ok=True)
            return
        self.data.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        if "DATABASE_URL" not in self.environment:
            shutil.copytree(self.data, first)

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def manage(self, *words: str) -> str:
        """Run a management command beside the server and return what it printed; raises when it fails."""
        if words[0] == "shell":
            return self._run(words[-1])
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise AssertionError(f"manage.py {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _run(self, code: str) -> str:
        if self._shell is None or self._shell.poll() is not None:
            self._shell = subprocess.Popen(
                [sys.executable, "-m", "tests.shell"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._shell.stdin, "it is a pipe"
        assert self._shell.stdout, "it is a pipe"
        self._shell.stdin.write(json.dumps(code) + "\n")
        self._shell.stdin.flush()
        answer: dict[str, str] = json.loads(self._shell.stdout.readline())
        if answer["failed"]:
            raise AssertionError(f"{code} failed:\n{answer['printed']}{answer['failed']}")
        return answer["printed"]

    def start(self) -> None:
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port)]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                # A group of its own, so that nothing it starts outlives it.
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers()
        except AssertionError:
            self.kill()
            raise

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"The server did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None and shell.stdin:
            shell.stdin.close()
            shell.wait(timeout=20)
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AssertionError(f"The server did not stop on {how.name} within 20 seconds.") from None
