"""The world behind HTTP: the vendor's paths beside the admin API, on one port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from recorder_tasks.simulator.admin import PREFIX, admin_app
from recorder_tasks.simulator.apps import DEFAULT_APP
from recorder_tasks.simulator.bucket import Uploads
from recorder_tasks.simulator.clock import Clock
from recorder_tasks.simulator.delivery import Delivery
from recorder_tasks.simulator.state import StateFile
from recorder_tasks.simulator.wire import Request, Response
from recorder_tasks.simulator.world import World

TICK = 0.02  # real seconds between two looks at what is due by itself
SAVE_EVERY = 0.1  # real seconds by which the saved state may be behind
SHUTDOWN = 1  # seconds that answers still under way are given at the end


class Connections:
    """Open connections by the client's address, so that one can be cut without an answer."""

    def __init__(self) -> None:
        self._open: dict[Any, asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        connections = self._open

        class Tracked(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                connections[transport.get_extra_info("peername")[:2]] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.transport.get_extra_info("peername")[:2], None)
                super().connection_lost(exc)

        return Tracked

    def cut(self, client: Any, reset: bool) -> None:
        transport = self._open.get(tuple(client)[:2])
        if transport is None:
            return
        if reset:
            # No lingering: the kernel answers with RST instead of FIN.
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        transport.abort()


class Service:
    """One running simulator. ``base_url`` is known once a socket is bound."""

    def __init__(self, world: World, clock: Clock, state: StateFile | None = None) -> None:
        self.world = world
        self.clock = clock
        self.state = state
        self.base_url = ""
        self.connections = Connections()
        self.delivery = Delivery(world, clock)
        self.uploads = Uploads(world, clock)
        self._admin = admin_app(self)

    def app_json(self) -> dict[str, Any]:
        """What a client needs to know, as --print-app prints it."""
        first = next(iter(self.world.book.apps.values()), DEFAULT_APP)
        return {
            "app_id": first.app_id,
            "certificate": first.certificate,
            "key": first.key,
            "secret": first.secret,
            "base_url": self.base_url,
            "admin_url": self.base_url + PREFIX,
        }

    def reset(self) -> None:
        self.world.reset()
        if self.state is not None:
            self.state.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        arrived = self.clock.now()
        if scope["path"].startswith(PREFIX):
            await self._admin(scope, receive, send)
        else:
            await self._vendor(scope, receive, send, arrived)

    async def _vendor(self, scope: Scope, receive: Receive, send: Send, arrived: float) -> None:
        body = await _body(receive)
        target = scope["raw_path"].decode("latin-1")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("latin-1")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(scope["method"], target, headers, body)
        response = self.world.answer(request, self.clock.now(), arrived)
        if response.delay:
            await asyncio.sleep(response.delay / self.clock.speed)
        if response.lost:
            self.connections.cut(scope["client"], reset=response.lost == "reset")
            await _gone(receive)
            return
        await _respond(response, send)

    async def live(self) -> None:
        """What happens without a request: timers, callbacks, saving. Runs until cancelled."""
        passed = 0.0
        while True:
            await asyncio.sleep(TICK)
            self.world.advance(self.clock.now())
            self.delivery.send_due()
            self.uploads.send_due()
            passed += TICK
            if passed >= SAVE_EVERY:
                self.save()
                passed = 0.0

    def save(self) -> None:
        if self.state is not None:
            self.state.save(self.world, self.clock)

    def close(self) -> None:
        self.delivery.close()
        self.uploads.close()
        if self.state is not None:
            self.state.save(self.world, self.clock)
            self.state.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours: uvicorn would raise them again once it is done."""
        yield


async def _serve(service: Service, bound: socket.socket, ready: Callable[[], None]) -> None:
    config = uvicorn.Config(
        service,
        http=service.connections.protocol(),
        lifespan="off",
        log_level="warning",
        access_log=False,
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=SHUTDOWN,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    living = loop.create_task(service.live())
    serving = loop.create_task(server.serve([bound]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    if server.started:
        ready()
    try:
        await serving
    finally:
        living.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await living


def run(service: Service, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; says on stdout when it is ready. Raises OSError for a taken port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    service.base_url = base_url(host, bound.getsockname()[1])
    urls = {"base_url": service.base_url, "admin_url": service.base_url + PREFIX}
    try:
        asyncio.run(_serve(service, bound, lambda: print(f"simulator ready {json.dumps(urls)}", flush=True)))
    finally:
        service.close()
        bound.close()


def base_url(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def state_file(path: str | None) -> StateFile | None:
    return None if path is None else StateFile(Path(path))


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _gone(receive: Receive) -> None:
    """Returns once the connection is down, so that the server does not answer in our place."""
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


async def _respond(response: Response, send: Send) -> None:
    content = response.content
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in response.headers.items()),
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
