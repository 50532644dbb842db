"""Looks at the clock right before the first byte of a request, on a connection that is already up.

A permit to send is worth nothing once its instant has passed, and only here, below requests and urllib3,
is it known how long resolving, connecting and the TLS handshake took. It is also the one place that knows
whether the vendor can have seen anything at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class SendByPassed(Exception):
    """Too late to write the first byte; nothing of the request was written."""


class Gate:
    """One attempt's way out: open until ``send_by`` on the monotonic clock, shut afterwards."""

    def __init__(self, send_by: float) -> None:
        self._send_by = send_by
        self.sent = False

    def go_through(self) -> None:
        """Called before every write; only the first one is judged. Raises SendByPassed."""
        if not self.sent and time.monotonic() > self._send_by:
            raise SendByPassed
        self.sent = True

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Connections that this thread uses inside the block go through this gate."""
        _thread.gate = self
        try:
            yield
        finally:
            _thread.gate = None


_thread = local()


class _GatedConnection(HTTPConnection):
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
