"""How much of an answer still waits inside the server for a slow client.

Daphne's `send` returns at once and buffers without a limit; other servers make `send` wait by themselves.
"""

from typing import Any


def waiting_bytes(send: Any) -> int:
    """Bytes handed to Daphne that the network has not taken yet; 0 under any other server.

    Daphne passes `partial(handle_reply, protocol)` as `send`; the protocol leads to Twisted's buffers.
    """
    protocol = next(iter(getattr(send, "args", ())), None)
    channel = getattr(protocol, "channel", None)
    transport = getattr(channel or protocol, "transport", None)
    buffered = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
    return max(0, buffered) + int(getattr(transport, "_tempDataLen", 0))
