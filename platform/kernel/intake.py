"""How Daphne takes request bodies: as they are, and never more than any address could use."""

from typing import Any

from daphne import http_protocol
from daphne.http_protocol import WebRequest

# The largest body any page sends: two pictures of 10 MB and a text, bytes. What lies behind is read from the
# network and forgotten; whoever reads the body can tell by its Content-Length or its size.
BODY_MAX = 32 * 1024 * 1024


class Intake(WebRequest):  # type: ignore[misc]  # ships no types
    """Leaves forms to Django: Twisted would parse each one too, on the loop and at twelve times its size."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "parsePOSTFormSubmission": False})
        self._room = BODY_MAX

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        super().handleContentChunk(data[: self._room])
        self._room = max(0, self._room - len(data))


def install() -> None:
    """From here on Daphne's connections make requests of this kind."""
    http_protocol.WebRequest = Intake
