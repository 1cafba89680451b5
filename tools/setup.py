"""Set-up: `python3 tools/setup.py run|test`. Standard library only; Python 3.11 or newer.

Makes `.venv` from the locks, links the project's two source roots into it, installs the browser files and
compiles the translations. Does nothing in well under a second when nothing changed.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):
    sys.exit(
        f"set-up: Python 3.11 or newer is needed, this is {sys.version.split()[0]}. "
        "Name another one: make run PYTHON=/path/to/python3.11"
    )

import fcntl
import hashlib
import json
import os

# Started as a file, the first entry is tools/ itself, where `test` would hide Python's own module.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from tools import browser_files, packages
from tools.common import HOME, PYTHON, ROOT, TOOLS, VENV, SetupError, run, say

KINDS = ("run", "test")
LOCKS = {"run": TOOLS / "requirements.txt", "test": TOOLS / "requirements-test.txt"}
STAMP = HOME / "setup.json"
FRONTEND_LOCK = ROOT / "frontend" / "package-lock.json"


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or arguments[0] not in KINDS:
        sys.exit(f"usage: python3 tools/setup.py {'|'.join(KINDS)}")
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        # Two `make` at once: the second waits and then finds everything done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        set_up(arguments[0])


def set_up(kind: str) -> None:
    done = _read_stamp()
    if kind == "run" and done.get("kind") == "test":
        # The test set holds everything that running needs; do not take it away again.
        kind = "test"
    wanted = _wanted(kind)
    if done.get("python") != wanted["python"] or not PYTHON.exists():
        _forget()
        say(f"creating .venv with Python {sys.version.split()[0]}")
        packages.create(VENV)
        done = {}
    if done.get("packages") != wanted["packages"]:
        _forget()
        say("installing Python packages")
        packages.sync(VENV, LOCKS[kind])
        _link_roots()
    if done.get("browser") != wanted["browser"] or not browser_files.present(for_tests=kind == "test"):
        _forget()
        browser_files.install(for_tests=kind == "test")
    STAMP.write_text(json.dumps(wanted))
    run([PYTHON, "-m", "tools.compile_messages"])


def _wanted(kind: str) -> dict[str, str]:
    """What the finished set-up is made of. The folder counts: scripts in `.venv/bin` name it."""
    return {
        "kind": kind,
        "python": f"{packages.base_python().resolve()} {sys.version} {ROOT}",
        "packages": hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest(),
        "browser": hashlib.sha256(FRONTEND_LOCK.read_bytes() + kind.encode()).hexdigest(),
    }


def _read_stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return stamp


def _forget() -> None:
    """A set-up that is interrupted from here on starts over next time."""
    STAMP.unlink(missing_ok=True)


def _link_roots() -> None:
    roots = packages.site_packages(VENV) / "tencho.pth"
    roots.write_text(f"{ROOT}\n{ROOT / 'platform'}\n", "utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetupError as error:
        sys.exit(f"set-up: {error}")
    except KeyboardInterrupt:
        sys.exit("set-up: interrupted; the next run goes on from here")
