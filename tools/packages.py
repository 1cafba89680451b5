"""Python packages: uv into a folder of the project, and environments synced from locks with hashes."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from tools.common import HOME, TOOLS, SetupError, apt_install, can_use_apt, run, say

ADVICE = (
    "This Python has neither pip nor venv. On Debian or Ubuntu: sudo apt-get install python3-venv; "
    "elsewhere install Python 3.11 or newer with pip, or uv, and try again."
)


def base_python() -> Path:
    """The interpreter itself, also when this script was started from inside a virtual environment."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def uv() -> Path:
    """The pinned uv, installed into `.tools/uv` on first use."""
    lock = TOOLS / "requirements-uv.txt"
    folder = HOME / "uv"
    stamp = folder / "lock.txt"
    program = folder / "bin" / "uv"
    if program.exists() and stamp.exists() and stamp.read_text() == lock.read_text():
        return program
    say("fetching uv")
    shutil.rmtree(folder, ignore_errors=True)
    pip = _pip()
    if pip is None:
        return _system_uv()
    run([*pip, "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes",
         "--target", folder, "-r", lock])  # fmt: skip
    stamp.write_text(lock.read_text())
    return program


def _pip() -> list[str | Path] | None:
    python = base_python()
    if importlib.util.find_spec("pip"):
        return [python, "-m", "pip"]
    if not importlib.util.find_spec("ensurepip") and can_use_apt() and not shutil.which("uv"):
        apt_install("python3-venv")
        # What apt installed belongs to Debian's own Python, which need not be this one.
        python = Path("/usr/bin/python3")
    elif not importlib.util.find_spec("ensurepip"):
        return None
    bootstrap = HOME / "bootstrap"
    run([python, "-m", "venv", "--clear", bootstrap])
    return [bootstrap / "bin" / "python", "-m", "pip"]


def _system_uv() -> Path:
    found = shutil.which("uv")
    if found is None:
        raise SetupError(ADVICE)
    return Path(found)


# Only the interpreter at hand is used: fetching another one would come from outside the package registries.
NO_DOWNLOADS = {"UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": ""}


def create(folder: Path) -> None:
    run([uv(), "venv", "-q", "--clear", "--no-project", "--python", base_python(), folder], env=NO_DOWNLOADS)


def sync(folder: Path, lock: Path) -> None:
    """Make the environment hold exactly what the lock names, each file checked against its hash."""
    run([uv(), "pip", "sync", "-q", "--require-hashes", "--python", folder / "bin" / "python", lock],
        env=NO_DOWNLOADS)  # fmt: skip


def site_packages(folder: Path) -> Path:
    return next((folder / "lib").glob("python3*/site-packages"))


def tool_environment(name: str) -> Path:
    """`tools/requirements-<name>.txt` in an environment of its own; returns its site-packages."""
    lock = TOOLS / f"requirements-{name}.txt"
    folder = HOME / name
    stamp = folder / "lock.txt"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        say(f"installing {name} from Python packages")
        create(folder)
        sync(folder, lock)
        stamp.write_text(lock.read_text())
    return site_packages(folder)
