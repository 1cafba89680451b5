"""The house stays as it was built: roots, rooms, locks, and no way out of the machine."""

import json
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).resolve().parent.parent
NOT_ROOMS = {"tests", "tools"}
# Spelled in parts: this file is searched too.
REGISTRY_HOSTS = [
    "pypi" + ".org",
    "python" + "hosted",
    "registry." + "npmjs",
    "npmjs" + ".com",
    "deb." + "debian",
]


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _rooms() -> dict[str, str]:
    """Name and path of each folder that holds a room."""
    inner = {path.parent.name: f"platform/{path.parent.name}" for path in ROOT.glob("platform/*/__init__.py")}
    outer = {path.parent.name: path.parent.name for path in ROOT.glob("*/__init__.py")}
    return {**inner, **{name: path for name, path in outer.items() if name not in NOT_ROOMS}}


def _tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in files if path.is_file()]


def test_platform_folder_is_a_source_root_and_no_package():
    import platform  # The name under test.

    assert not (ROOT / "platform" / "__init__.py").exists()
    assert platform.__file__ is not None
    assert ROOT not in Path(platform.__file__).resolve().parents
    assert platform.python_version_tuple()[0] == "3"


def test_no_room_hides_a_module_of_python():
    assert not {*_rooms(), *NOT_ROOMS} & set(sys.stdlib_module_names)


def test_every_room_is_packaged():
    packages = _pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(packages) == sorted(_rooms().values())


def test_every_room_is_in_the_import_contract():
    linter = _pyproject()["tool"]["importlinter"]
    assert sorted(linter["root_packages"]) == sorted(_rooms())
    assert sorted(linter["contracts"][0]["layers"]) == sorted(_rooms())


def test_every_room_is_installed():
    installed = {name.split(".")[0] for name in settings.INSTALLED_APPS}
    # `config` wires rooms together and has nothing of its own to install.
    assert set(_rooms()) - {"config"} <= installed


def test_test_folders_are_packages():
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_registry_is_named():
    pattern = re.compile("|".join(re.escape(host) for host in REGISTRY_HOSTS).encode())
    assert [path.name for path in _tracked_files() if pattern.search(path.read_bytes())] == []


@pytest.mark.parametrize(
    "lock", sorted((ROOT / "tools").glob("requirements*.txt")), ids=lambda path: path.stem
)
def test_python_locks_carry_hashes_and_no_addresses(lock: Path):
    text = lock.read_text()
    pins = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert pins
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links", text)


@pytest.mark.parametrize("folder", ["frontend", "tools/chromium-package"])
def test_npm_locks_carry_hashes_and_no_addresses(folder: str):
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    assert [name for name, package in installed.items() if not package.get("integrity")] == []
    assert [name for name, package in installed.items() if package.get("resolved")] == []


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_nothing_connects_beyond_this_machine():
    # An address of RFC 5737, kept for documents: nobody is there even if the guard were gone.
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 9), timeout=0.1)


def test_connections_inside_this_machine_work():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        socket.create_connection(listening.getsockname(), timeout=5).close()
