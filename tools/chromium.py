"""A Chromium for browser tests: $CHROMIUM_PATH, the system's, Debian's package, else an npm package's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.browser_files import node, npm_ci
from tools.common import HOME, TOOLS, SetupError, apt_install, can_use_apt, run, say

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FOLDER = HOME / "chromium"
PATH_FILE = FOLDER / "executable.txt"
LAUNCH_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """The Chromium to use, or None when there is none yet; installs nothing."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        if not Path(named).exists():
            raise SetupError(f"CHROMIUM_PATH names {named}, and there is no such file.")
        return named
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    if PATH_FILE.exists() and Path(PATH_FILE.read_text()).exists():
        return PATH_FILE.read_text()
    return None


def ensure() -> str:
    """The Chromium to use, installed when there is none."""
    found = find()
    if found is None:
        if can_use_apt():
            apt_install("chromium", "fonts-noto-cjk")
            found = find()
        else:
            found = _from_npm()
    if found is None:
        raise SetupError("No Chromium was found or could be installed: set CHROMIUM_PATH to one.")
    _ensure_japanese_font()
    return found


def _from_npm() -> str:
    say("installing Chromium from an npm package")
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(TOOLS / "chromium-package", FOLDER)
    npm_ci(FOLDER)
    script = "import('@sparticuz/chromium').then(m => m.default.executablePath()).then(p => console.log(p))"
    # It unpacks into TMPDIR; the project's own folder outlives a cleaned /tmp.
    unpacked = run([node(), "--input-type=module", "-e", script], cwd=FOLDER, env={"TMPDIR": str(FOLDER)})
    path = unpacked.strip().splitlines()[-1]
    _require_libraries(path)
    PATH_FILE.write_text(path)
    return path


def _require_libraries(path: str) -> None:
    """The program expects libraries that most desktops have: name the missing ones here, not later."""
    if shutil.which("ldd") is None:
        return
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    missing = [line.split()[0] for line in listed.splitlines() if "not found" in line]
    if missing:
        raise SetupError(
            f"The npm package's Chromium lacks {', '.join(missing)} on this machine. Install a system "
            "Chromium (Debian: sudo apt-get install chromium fonts-noto-cjk) or set CHROMIUM_PATH."
        )


def _ensure_japanese_font() -> None:
    if shutil.which("fc-list") is None or run(["fc-list", ":lang=ja"]).strip():
        return
    if can_use_apt():
        apt_install("fonts-noto-cjk")
    else:
        say("no Japanese font is installed: browser tests pass, screenshots show empty boxes")
