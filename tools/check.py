"""`make check`: all checks that need no test run. None stops the others: one pass shows all that is wrong."""

import os
import subprocess
import sys
import tempfile

from tools.common import ROOT, VENV

PYTHON = str(VENV / "bin" / "python")
CHECKS = (
    ("lint", [PYTHON, "-m", "ruff", "check", "."]),
    ("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    ("types", [PYTHON, "-m", "mypy"]),
    ("templates", [PYTHON, "-m", "djlint", "--lint", "--quiet", "frontend/templates"]),
    ("import directions", [str(VENV / "bin" / "lint-imports")]),
    ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tencho-check-") as data:
        # Settings make a secret key in the data folder: not in the one of a running demo.
        environment = {**os.environ, "TENCHO_DATA": data}
        failed = [title for title, command in CHECKS if not _passes(title, command, environment)]
    if failed:
        sys.exit(f"== checks failed: {', '.join(failed)}")
    print(f"== {len(CHECKS)} checks passed", flush=True)


def _passes(title: str, command: list[str], environment: dict[str, str]) -> bool:
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    passed = result.returncode == 0
    print(f"== {title}: {'passed' if passed else 'FAILED'}", flush=True)
    if not passed:
        print(result.stdout, flush=True)
    return passed


if __name__ == "__main__":
    main()
