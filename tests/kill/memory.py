"""How much memory a server needs at most, as the kernel counts it."""

from pathlib import Path

from tests.serving import Server

RESET_PEAK = "5"


class Peak:
    """Counts from here on."""

    def __init__(self, server: Server) -> None:
        self._folder = Path(f"/proc/{server.pid}")
        (self._folder / "clear_refs").write_text(RESET_PEAK)

    @property
    def mib(self) -> float:
        lines = (self._folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
