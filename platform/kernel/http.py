"""Django's ASGI handler on a bounded number of threads that live as long as the process.

Each request runs from the first middleware to the closed response in one hop on one thread. So there
are never more database connections than threads, they stay open, and the bridge between sync and async
code, which took 30 % of the time of a small request, is gone.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import FileResponse, HttpResponse
from django.http.response import StreamingHttpResponse
from django.urls import set_script_prefix

from kernel.pressure import waiting_bytes

P = ParamSpec("P")
T = TypeVar("T")
Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A file up to this size is read in the same hop as the rest of its request.
SMALL = 1024 * 1024
FILE_CHUNK = 256 * 1024
# What may wait inside the server for one slow download.
MAX_WAITING = 1024 * 1024


@cache
def pool() -> ThreadPoolExecutor:
    """The only threads of this process that answer people; `HTTP_THREADS` of them."""
    return ThreadPoolExecutor(settings.HTTP_THREADS, thread_name_prefix="http")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs database code for a coroutine on the bounded threads."""

    def call() -> T:
        close_old_connections()
        return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(pool(), call)


class BoundedHandler(ASGIHandler):
    """The HTTP application. Middleware and views run in their sync mode."""

    _middleware_chain: Any

    def __init__(self) -> None:
        # Middleware is loaded with the first request (or by `warm`), so that importing costs nothing.
        self._loading = threading.Lock()
        self.busy = 0

    def warm(self) -> None:
        """Loads the middleware; harmless when it is loaded."""
        with self._loading:
            if self._middleware_chain is None:
                self.load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self._answer(scope, body, receive)
        if response is None:
            return
        if response.streaming:
            await self._stream(response, receive, send)
        else:
            await self.send_response(response, send)

    async def _answer(self, scope: Scope, body: Any, receive: Receive) -> Any:
        gone = threading.Event()
        # With all threads at work this request waits, and its client may give up meanwhile.
        waits = self.busy >= settings.HTTP_THREADS
        watcher = asyncio.ensure_future(_watch(receive, gone)) if waits else None
        self.busy += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(pool(), self._respond, scope, body, gone)
        finally:
            self.busy -= 1
            if watcher:
                watcher.cancel()

    def _respond(self, scope: Scope, body: Any, gone: threading.Event) -> Any:
        """The whole request, on one thread. A streaming answer too large to keep is left open."""
        with body:
            if gone.is_set():
                return None
            self.warm()
            set_script_prefix(get_script_prefix(scope))
            signals.request_started.send(sender=type(self), scope=scope)
            response: Any
            request, response = self.create_request(scope, body)
            if request is not None:
                response = self.get_response(request)
                response._handler_class = type(self)
            if response.streaming:
                response = _kept_if_small(response)
            if not response.streaming:
                response.close()
            return response

    async def _stream(self, response: StreamingHttpResponse, receive: Receive, send: Send) -> None:
        """Sends a large answer piece by piece, never more than the client takes.

        Pieces are read on any of the threads: a streaming answer must not hold a database cursor.
        """
        gone = threading.Event()
        watcher = asyncio.ensure_future(_watch(receive, gone))
        try:
            head = HttpResponse(status=response.status_code, headers=response.headers)
            head.cookies = response.cookies
            await self.send_response(head, _without_body(send))
            async for chunk in _pieces(response):
                while waiting_bytes(send) > MAX_WAITING and not gone.is_set():
                    await asyncio.sleep(0.02)
                if gone.is_set():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            watcher.cancel()
            pool().submit(response.close)


async def _watch(receive: Receive, gone: threading.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


async def _pieces(response: StreamingHttpResponse) -> Any:
    if response.is_async:
        async for part in response:
            yield part
        return
    parts: Iterator[bytes] = iter(response)
    while True:
        piece = await in_thread(_next, parts)
        if piece is None:
            return
        yield piece


def _next(parts: Iterator[bytes]) -> bytes | None:
    return next(parts, None)


def _kept_if_small(response: Any) -> Any:
    """A small file as an ordinary answer; anything else as it is."""
    is_file = isinstance(response, FileResponse)
    if not is_file:
        return response
    response.block_size = FILE_CHUNK
    if response.is_async or int(response.headers.get("Content-Length", SMALL + 1)) > SMALL:
        return response
    kept: Any = HttpResponse(b"".join(response), status=response.status_code, headers=response.headers)
    kept.cookies = response.cookies
    # Closing the answer sent also closes the file and ends the request for Django.
    kept._resource_closers = response._resource_closers
    kept._handler_class = response._handler_class
    return kept


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)

    return send_head
