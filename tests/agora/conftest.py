"""A vendor of sockets: it does to each request what the test's script says, and keeps what arrived."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from recorder_tasks.agora import Client, Timeouts

Act = Callable[[socket.socket], bool]  # returns whether the connection stays open


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: Any

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]


@dataclass
class Vendor:
    """Acts in the order of ``script``; the last act is for all later requests."""

    script: list[Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    connected: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.listener.getsockname()[1]
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def then(self, *acts: Act) -> Vendor:
        self.script += acts
        return self

    @staticmethod
    def answers(status: int, body: Any, *, keep: bool = True, headers: str = "") -> Act:
        def act(peer: socket.socket) -> bool:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(data)}\r\n{headers}\r\n".encode()
            peer.sendall(head + data)
            return keep

        return act

    @staticmethod
    def resets(peer: socket.socket) -> bool:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    @staticmethod
    def breaks_off(peer: socket.socket) -> bool:
        peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"resour')
        return False

    def hangs(self, peer: socket.socket) -> bool:
        self.released.wait(30)
        return False

    def close(self) -> None:
        self.released.set()
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.connected.set()
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as stream:
            try:
                while (line := stream.readline()) and self._act(line, stream)(peer):
                    pass
            except OSError:
                return

    def _act(self, line: bytes, stream: Any) -> Act:
        headers: dict[str, str] = {}
        while (header := stream.readline().strip()) != b"":
            name, _, value = header.decode().partition(": ")
            headers[name.lower()] = value
        body = stream.read(int(headers.get("content-length", "0")))
        with self._lock:
            self.requests.append(Request(line.decode().strip(), headers, json.loads(body) if body else None))
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A vendor on loopback, whose script the test writes with ``then``."""
    one = Vendor()
    yield one
    one.close()


@pytest.fixture
def client() -> Iterator[Callable[..., Client]]:
    """Makes clients of a base URL that do not wait between attempts."""
    made: list[Client] = []

    def make(base_url: str | None = None, **settings: Any) -> Client:
        given = {"backoff": (0.0,), "timeouts": Timeouts(connect=2, read=5, stop_read=6), **settings}
        made.append(Client("a" * 32, "the-key", "the-secret", base_url=base_url, **given))
        return made[-1]

    yield make
    for one in made:
        one.close()
