"""Which socket goes where, and who may open one from where."""

from typing import Any, cast

from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path

from kernel.http import Receive, Scope, Send
from realtime.live import Live

PATH = "ws/live/"


class Sockets:
    """The WebSocket application: the page's own origin, or a program with a ticket."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self._routed = URLRouter([path(PATH, cast(Any, live))])
        self._guarded = AllowedHostsOriginValidator(self._routed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A program sends no Origin. Only the cookie can be abused by a foreign page, and the ticket
        # replaces it.
        has_origin = any(name == b"origin" for name, _value in scope["headers"])
        has_ticket = b"ticket=" in scope.get("query_string", b"")
        application = self._routed if has_ticket and not has_origin else self._guarded
        if scope["path"] != f"/{PATH}":
            await receive()
            await send({"type": "websocket.close"})
            return
        await application(scope, receive, send)
