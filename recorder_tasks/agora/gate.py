"""Looks at the clock right before the first byte of a request, on a connection that is already up, and at
every read of its answer.

A permit to send is worth nothing once its instant has passed, and only here, below requests and urllib3,
is it known how long resolving, connecting and the TLS handshake took. It is also the one place that knows
whether the vendor can have seen anything at all. A time-out of a socket is one of silence: an answer that
comes byte by byte would never meet it, so each read gets what is left of the time for the whole answer.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from threading import local
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class SendByPassed(Exception):
    """Too late to write the first byte; nothing of the request was written."""


class AnswerTooLate(TimeoutError):
    """The answer was not whole in time."""


class Gate:
    """One attempt's way out: open until ``send_by`` on the monotonic clock, shut afterwards.

    ``within``: seconds from the first byte sent until the last one of the answer.
    """

    def __init__(self, send_by: float, within: float = math.inf) -> None:
        self._send_by = send_by
        self._within = within
        self._answer_by = math.inf
        self.sent = False

    def go_through(self) -> None:
        """Called before every write; only the first one is judged. Raises SendByPassed."""
        if not self.sent and time.monotonic() > self._send_by:
            raise SendByPassed
        if not self.sent:
            self._answer_by = time.monotonic() + self._within
        self.sent = True

    def left(self) -> float:
        """Seconds that are left for the rest of the answer. Raises AnswerTooLate."""
        left = self._answer_by - time.monotonic()
        if left <= 0:
            raise AnswerTooLate
        return left

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Connections that this thread uses inside the block go through this gate."""
        _thread.gate = self
        try:
            yield
        finally:
            _thread.gate = None


_thread = local()


class _BoundedReads(io.RawIOBase):
    """The bytes of one answer, each read of which waits no longer than the gate allows."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, gate: Gate) -> None:
        self._raw, self._sock, self._gate = raw, sock, gate

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left, silence = self._gate.left(), self._sock.gettimeout()
        if silence is None or left < silence:
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        gate: Gate | None = getattr(_thread, "gate", None)
        if gate is not None:
            self.fp = io.BufferedReader(_BoundedReads(self.fp.detach(), sock, gate))


class _GatedConnection(HTTPConnection):
    response_class = _BoundedResponse

    def send(self, data: Any) -> None:
        if self.sock is None:  # http.client would connect inside send(), after we have looked at the clock
            self.connect()
        gate: Gate | None = getattr(_thread, "gate", None)
        if gate is not None:
            gate.go_through()
        super().send(data)


class _GatedTLSConnection(_GatedConnection, HTTPSConnection):
    pass


class _GatedPool(HTTPConnectionPool):
    ConnectionCls = _GatedConnection


class _GatedTLSPool(HTTPSConnectionPool):
    ConnectionCls = _GatedTLSConnection


class GatedAdapter(HTTPAdapter):
    """The transport of requests, with the gate in front of every connection and no retries of its own."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _GatedPool, "https": _GatedTLSPool}
