"""What the set-up scripts share: where things are, running commands, Debian's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
# Everything the set-up makes for itself; git-ignored, may be deleted at any time.
HOME = ROOT / ".tools"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


class SetupError(Exception):
    """Set-up cannot go on; the message tells a person what to do."""


def say(message: str) -> None:
    print(f"set-up: {message}", flush=True)


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    quiet: bool = True,
) -> str:
    """Run a command and return what it printed; with `quiet=False` it prints to the terminal instead.

    Raises `SetupError` with the command's own words when it fails.
    """
    words = [str(word) for word in command]
    output = subprocess.PIPE if quiet else None
    errors = subprocess.STDOUT if quiet else None
    result = subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=output,
        stderr=errors,
        text=True,
        check=False,
    )
    if result.returncode:
        raise SetupError(
            f"`{' '.join(words)}` failed with {result.returncode}:\n{(result.stdout or '').strip()}"
        )
    return result.stdout or ""


def can_use_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> None:
    """Install Debian packages as root; the package lists are refreshed only when the first try fails."""
    say(f"installing {', '.join(packages)} with apt-get")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run(install, env=quiet)
    except SetupError:
        run(["apt-get", "update", "-q"], env=quiet)
        run(install, env=quiet)
