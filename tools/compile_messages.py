"""Compiles each `locale/<language>/LC_MESSAGES/*.po` that changed, without gettext being installed."""

import os
from pathlib import Path

import polib

from tools.common import ROOT, say


def stale() -> list[Path]:
    sources = [
        *ROOT.glob("*/locale/*/LC_MESSAGES/*.po"),
        *ROOT.glob("frontend/*/locale/*/LC_MESSAGES/*.po"),
        *ROOT.glob("platform/*/locale/*/LC_MESSAGES/*.po"),
    ]
    return [source for source in sorted(sources) if not _fresh(source)]


def _fresh(source: Path) -> bool:
    target = source.with_suffix(".mo")
    return target.exists() and target.stat().st_mtime > source.stat().st_mtime


def compile_one(source: Path) -> None:
    """Write the `.mo` beside its source, in one step: a running server never reads half of one."""
    draft = source.with_suffix(f".mo.{os.getpid()}")
    polib.pofile(str(source)).save_as_mofile(str(draft))
    draft.replace(source.with_suffix(".mo"))


def main() -> None:
    for source in stale():
        compile_one(source)
        say(f"compiled {source.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
