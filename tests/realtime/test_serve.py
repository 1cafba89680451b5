"""`manage.py serve` as a process: fast to answer, polite to stop, and live across two of them."""

import asyncio
import json
import os
import signal
import socket as sockets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import websockets
from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from events import record, register
from realtime import tickets
from tests.ports import free_port
from tools.common import ROOT

register("test.served", {"thing"})

pytestmark = [pytest.mark.django_db(transaction=True)]

Start = Callable[..., tuple["subprocess.Popen[str]", int]]


@pytest.fixture
def serve(transactional_db: None) -> Iterator[Start]:
    """Starts the server on the test's own database; returns the process and its port."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, port: int = 0) -> tuple["subprocess.Popen[str]", int]:
        port = port or free_port()
        name = connection.settings_dict["NAME"]
        url = f"sqlite:///{name}"
        if connection.vendor == "postgresql":
            url = settings.DATABASE_URL.rsplit("/", 1)[0] + f"/{name}"
        command = [sys.executable, "manage.py", "serve", "--port", str(port), *words]
        environment = {**os.environ, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, port

    yield start
    for process in started:
        process.kill()
        process.wait(20)
        if process.stdout:
            process.stdout.close()


def wait_until_open(port: int, seconds: float = 60) -> float:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        with sockets.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return time.monotonic() - began
        time.sleep(0.02)
    raise AssertionError("the server does not listen")


async def listen(port: int, ticket: str) -> Any:
    client = await websockets.connect(f"ws://127.0.0.1:{port}/ws/live/?ticket={ticket}")
    assert json.loads(await asyncio.wait_for(client.recv(), 20))["type"] == "hello"
    return client


async def hear(client: Any) -> Any:
    return json.loads(await asyncio.wait_for(client.recv(), 20))


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben@example.jp", "correct horse", name="Ben")


def happen(user: User, thing: int) -> None:
    with transaction.atomic():
        record("test.served", topics=[f"user.{user.pk}"], actor=None, thing=thing)


@pytest.mark.kill
@pytest.mark.both
def test_serve_ends_politely_and_sends_sockets_to_the_next_one(serve: Start, ben: User) -> None:
    process, port = serve()
    wait_until_open(port)
    ticket = tickets.issue(ben.pk)

    async def script() -> None:
        client = await listen(port, ticket)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(client.recv(), 20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 3012

    asyncio.run(script())
    assert process.wait(15) == 0


@pytest.mark.kill
@pytest.mark.both
def test_events_of_another_process_are_heard_and_survive_a_kill(serve: Start, ben: User) -> None:
    """This process writes, the server tells; what happened while it was dead is told by the next."""
    process, port = serve()
    wait_until_open(port)
    first, second = tickets.issue(ben.pk), tickets.issue(ben.pk)
    topic = f"user.{ben.pk}"

    async def before() -> int:
        client = await listen(port, first)
        await client.send(json.dumps({"type": "subscribe", "topics": [topic], "since": 0}))
        assert (await hear(client))["type"] == "subscribed"
        await asyncio.to_thread(_happen_and_close, ben, 1)
        event = await hear(client)
        assert event["payload"] == {"thing": 1}
        process.kill()
        process.wait(20)
        return int(event["position"])

    async def after(position: int) -> None:
        client = await listen(port, second)
        await client.send(json.dumps({"type": "subscribe", "topics": [topic], "since": position}))
        heard = [await hear(client) for _ in range(3)]
        assert [event.get("payload") for event in heard[1:]] == [{"thing": 2}, {"thing": 3}]
        await client.close()

    position = asyncio.run(before())
    happen(ben, 2)
    happen(ben, 3)
    serve(port=port)
    wait_until_open(port)
    asyncio.run(after(position))


def _happen_and_close(user: User, thing: int) -> None:
    try:
        happen(user, thing)
    finally:
        connection.close()


@pytest.mark.kill
def test_a_taken_port_is_said(serve: Start) -> None:
    with sockets.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process, _port = serve(port=taken.getsockname()[1])
        assert process.wait(30) == 1
