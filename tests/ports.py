"""Free ports on this machine."""

import secrets
import socket

# Below those that systems draw for outgoing connections: a killed server finds its port free again.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    while True:
        port = FIRST + secrets.randbelow(LAST - FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
