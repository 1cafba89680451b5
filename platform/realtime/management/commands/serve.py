"""The embedded server: Daphne, dispatcher, live pages and job runner in one process."""

import ctypes
import signal
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

# Imported before anything else of Twisted: Daphne chooses the asyncio reactor.
from daphne.server import Server  # isort: skip
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string
from twisted.internet import defer
from twisted.internet import reactor as _reactor

from events.readers import ReaderThread
from jobs.runner import JobRunner
from kernel.http import BoundedHandler
from realtime.live import Live
from realtime.socket import RESTARTING

# Its type is that of an interface whose methods take no `self`.
reactor: Any = _reactor
BACKLOG = 2048
# Requests at hand may take so long to end after SIGTERM, seconds.
GRACE = 8.0
GRACE_OF_SOCKETS = 1.0
# Of glibc's malloc.h.
M_ARENA_MAX = -8


class Command(BaseCommand):
    help = "Serves pages, API and sockets, and runs the background jobs, until it is told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-jobs", action="store_true", help="jobs run elsewhere (`run_jobs`)")

    def handle(self, *args: Any, host: str, port: int, no_jobs: bool, **options: Any) -> None:
        _share_heaps()
        application = import_string(settings.ASGI_APPLICATION)
        http: BoundedHandler = application.application_mapping["http"]
        live: Live = application.application_mapping["websocket"].live
        http.warm()
        server: Any = Server(
            application,
            endpoints=[_endpoint(host, port)],
            signal_handlers=False,
            verbosity=0,
            # A file of 15 MB as 60 messages instead of 1,900.
            request_buffer_size=256 * 1024,
            websocket_max_message_size=64 * 1024,
            server_name="tencho",
            ready_callable=lambda: self._ready(server, http, live, host, port),
        )
        self._background: list[Any] = [] if no_jobs else [JobRunner(), ReaderThread()]
        try:
            server.run()
            if not server.listening_addresses:
                raise CommandError(f"{host}:{port} cannot be listened on: is another server running there?")
        finally:
            live.stop()
            for part in self._background if self._started else []:
                part.stop()

    _started = False

    def _ready(self, server: Server, http: BoundedHandler, live: Live, host: str, port: int) -> None:
        self._started = True
        # Once the loop runs: the live machinery makes tasks.
        reactor.callLater(0, live.ensure_started)
        for part in self._background:
            part.start()
        ending = _Ending(server, http, live)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ending.on_signal)
        self._greet(host, port)

    def _greet(self, host: str, port: int) -> None:
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # compared, not bound
        self.stdout.write(
            f"Tencho is at http://{f'[{shown}]' if ':' in shown else shown}:{port}/  (Ctrl+C stops it)"
        )
        demo = Path(settings.DATA) / "demo.txt"
        if demo.is_file():
            self.stdout.write(demo.read_text(encoding="utf-8"))
        self.stdout.flush()


class _Ending:
    """Stops listening, lets requests at hand finish, sends sockets away, then ends the reactor."""

    def __init__(self, server: Server, http: BoundedHandler, live: Live) -> None:
        self._server, self._http, self._live = server, http, live
        self._until: float | None = None

    def on_signal(self, *_args: Any) -> None:
        reactor.callFromThread(self._begin)

    def _begin(self) -> None:
        if self._until is not None:
            # Asked a second time: at once.
            reactor.stop()
            return
        self._until = time.monotonic() + GRACE
        for listener in self._server.listeners:
            listener.addCallback(_stop_listening)
        self._live.hub.close_all(RESTARTING)
        reactor.callLater(0.1, self._wait)

    def _wait(self) -> None:
        assert self._until is not None
        left = self._until - time.monotonic()
        # A client that is asleep answers no closing message.
        sockets_left = self._live.hub.sockets and left > GRACE - GRACE_OF_SOCKETS
        if sockets_left or (self._http.busy and left > 0):
            reactor.callLater(0.05, self._wait)
        else:
            reactor.stop()


def _share_heaps() -> None:
    """Lets all threads allocate from two heaps.

    glibc gives nearly every thread its own, and what one has freed another cannot use. Other C libraries go
    on as they are.
    """
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)
    except (OSError, AttributeError):
        return


def _stop_listening(port: Any) -> Any:
    return defer.maybeDeferred(port.stopListening)


def _endpoint(host: str, port: int) -> str:
    escaped = host.replace(":", "\\:")
    return f"tcp:port={port}:interface={escaped}:backlog={BACKLOG}"
