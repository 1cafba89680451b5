"""The bounded handler: never more threads or connections than it may have, and Django's own answers."""

import asyncio
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.checks import Error
from django.core.signals import request_finished
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from kernel.checks import connections_are_bounded
from kernel.http import FILE_CHUNK, MAX_WAITING, SMALL, BoundedHandler, Scope, in_thread, pool
from tests.threads import release_http_threads

BIG = b"0123456789abcdef" * 200_000
threads: set[str] = set()
sessions: set[int] = set()
ended: list[str] = []
lock = threading.Lock()


def query(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_backend_pid(), pg_sleep(0.02)" if connection.vendor == "postgresql" else "SELECT 1, 2"
        )
        session = cursor.fetchone()[0]
    with lock:
        threads.add(threading.current_thread().name)
        sessions.add(session)
    return HttpResponse("done")


def echo(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(str(request.method).encode() + b" " + request.body, content_type="text/plain")
    response.set_cookie("seen", "1")
    return response


def small_file(request: HttpRequest) -> FileResponse:
    return FileResponse(BytesIO(b"x" * 1000), filename="small.txt")


def big_file(request: HttpRequest) -> FileResponse:
    return FileResponse(BytesIO(BIG), filename="big.bin")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(part for part in (b"one ", b"two"))


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a mistake")


urlpatterns = [
    path("query/", query),
    path("echo/", echo),
    path("small/", small_file),
    path("big/", big_file),
    path("stream/", stream),
    path("broken/", broken),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    # The product's own page links to addresses that are not in this list.
    return HttpResponse(status=404)


@pytest.fixture(autouse=True)
def _this_site(transactional_db: None) -> Iterator[None]:
    with override_settings(
        ROOT_URLCONF=__name__, ALLOWED_HOSTS=["test"], MIDDLEWARE=[], DEBUG_PROPAGATE_EXCEPTIONS=False
    ):
        yield
    release_http_threads()


async def ask(
    handler: BoundedHandler, url: str, body: bytes = b"", method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": url,
        "raw_path": url.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", b"test")],
        "server": ("test", 80),
        "client": ("127.0.0.1", 1),
    }
    client = ApplicationCommunicator(handler, scope)
    await client.send_input({"type": "http.request", "body": body})
    start = await client.receive_output(20)
    parts = []
    while True:
        message: dict[str, Any] = await client.receive_output(20)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    await client.wait(20)
    return start["status"], headers, b"".join(parts)


def test_answers_are_those_of_django() -> None:
    handler = BoundedHandler()
    status, headers, body = asyncio.run(ask(handler, "/echo/", b"hello", "POST"))
    assert (status, body) == (200, b"POST hello")
    assert headers["Set-Cookie"].startswith("seen=1")
    assert asyncio.run(ask(handler, "/nowhere/"))[0] == 404
    assert asyncio.run(ask(handler, "/broken/"))[0] == 500
    assert asyncio.run(ask(handler, "/stream/"))[2] == b"one two"


def test_files_arrive_whole_and_are_closed() -> None:
    handler = BoundedHandler()
    assert len(BIG) > SMALL
    finished: list[object] = []
    closed = threading.Event()

    def finish(**kwargs: object) -> None:
        finished.append(threading.current_thread().name)
        closed.set()

    request_finished.connect(finish)
    try:
        status, headers, body = asyncio.run(ask(handler, "/small/"))
        assert (status, len(body), headers["Content-Length"]) == (200, 1000, "1000")
        assert len(finished) == 1
        closed.clear()
        status, headers, body = asyncio.run(ask(handler, "/big/"))
        assert (status, headers["Content-Length"]) == (200, str(len(BIG)))
        assert body == BIG
        assert closed.wait(10)
    finally:
        request_finished.disconnect(finish)
    assert len(finished) == 2
    assert all(str(name).startswith("http") for name in finished)


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_fifty_requests_at_once_use_no_more_connections_than_threads() -> None:
    threads.clear()
    sessions.clear()

    async def crowd() -> list[int]:
        handler = BoundedHandler()
        # Sockets ask the database on the same threads.
        others = [asyncio.create_task(in_thread(query, HttpRequest())) for _ in range(10)]
        answers = await asyncio.gather(*[ask(handler, "/query/") for _ in range(50)])
        return [status for status, *_ in answers] + [(await other).status_code for other in others]

    assert asyncio.run(crowd()) == [200] * 60
    assert 1 <= len(threads) <= settings.HTTP_THREADS
    if connection.vendor == "postgresql":
        assert len(sessions) <= settings.HTTP_THREADS


def test_a_request_whose_client_left_while_waiting_is_not_begun() -> None:
    release = threading.Event()
    ended.clear()

    async def leave() -> None:
        handler = BoundedHandler()
        loop = asyncio.get_running_loop()
        blockers = [loop.run_in_executor(pool(), release.wait, 20) for _ in range(settings.HTTP_THREADS)]
        handler.busy = settings.HTTP_THREADS
        scope = {"type": "http", "method": "POST", "path": "/echo/", "headers": [], "query_string": b""}
        client = ApplicationCommunicator(handler, scope)
        await client.send_input({"type": "http.request", "body": b"x"})
        await client.send_input({"type": "http.disconnect"})
        await asyncio.sleep(0.05)
        release.set()
        await client.wait(20)
        await asyncio.gather(*blockers)
        assert client.output_queue.empty()

    asyncio.run(leave())


class SlowNetwork:
    """Daphne's `send` as far as `waiting_bytes` looks at it: the protocol is its first argument."""

    def __init__(self) -> None:
        self.args = (self,)
        self.transport = self
        self.dataBuffer = b""
        self.offset = 0
        self.most = 0
        self.sent = 0

    async def __call__(self, message: Any) -> None:
        self.dataBuffer += message.get("body", b"")
        self.sent += len(message.get("body", b""))
        self.most = max(self.most, len(self.dataBuffer))

    async def drain(self) -> None:
        while self.sent < len(BIG):
            await asyncio.sleep(0.001)
            self.dataBuffer = b""


def test_a_large_file_waits_for_a_slow_client() -> None:
    async def download() -> SlowNetwork:
        network = SlowNetwork()
        received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        received.put_nowait({"type": "http.request", "body": b""})
        scope: Scope = {"type": "http", "method": "GET", "path": "/big/", "headers": [(b"host", b"test")]}
        scope |= {"query_string": b"", "scheme": "http", "server": ("test", 80), "client": ("127.0.0.1", 1)}
        serving = asyncio.create_task(BoundedHandler()(scope, received.get, network))
        await asyncio.sleep(0.2)
        assert network.sent <= MAX_WAITING + FILE_CHUNK
        await asyncio.gather(serving, network.drain())
        return network

    assert asyncio.run(download()).sent == len(BIG)


def test_the_shipped_settings_are_bounded() -> None:
    assert connections_are_bounded(None) == []


def test_kept_connections_without_the_handler_are_an_error(settings: Any, tmp_path: Path) -> None:
    settings.ASGI_APPLICATION = "django.core.handlers.asgi.ASGIHandler"
    found = connections_are_bounded(None)
    assert [(type(message), message.id) for message in found] == [(Error, "kernel.E001")]
