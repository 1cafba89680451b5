"""A lean HTTP/1.1 client: the machine's two cores belong to the servers measured."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ETAG = re.compile(rb"\r\netag: *([^\r]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    etag: str

    def json(self) -> Any:
        return json.loads(self.body)


class Unexpected(Exception):
    """The server answered something else than the bench is made for."""


class Connection:
    """One keep-alive connection to one server process."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._port = port
        lines = {"Host": f"127.0.0.1:{port}", "Accept-Language": "en", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, etag: str = "") -> Reply:
        extra = f"If-None-Match: {etag}\r\n" if etag else ""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._head}{extra}\r\n".encode())

    async def post(self, path: str, data: object = None) -> Reply:
        body = b"" if data is None else json.dumps(data).encode()
        head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Type: application/json\r\n"
        return await self._ask(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def _ask(self, request: bytes) -> Reply:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1024 * 1024)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length, etag = _LENGTH.search(head), _ETAG.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        return Reply(int(head[9:12]), body, etag[1].decode() if etag else "")

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def signed_in(session_key: str) -> dict[str, str]:
    return {"Cookie": f"sessionid={session_key}"}


def expect(reply: Reply, *statuses: int) -> Reply:
    """The reply, if it has one of these statuses. Raises `Unexpected`."""
    if reply.status not in statuses:
        raise Unexpected(f"{reply.status}: {reply.body[:500].decode('utf-8', 'replace')}")
    return reply
