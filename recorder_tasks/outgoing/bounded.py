"""An adapter of requests whose answers come in time or not at all.

A time-out of requests is one of silence: a receiver that sends a byte now and then would never meet it, and
would keep a thread of ours for as long as it likes.
"""

from __future__ import annotations

import io
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

_thread = local()


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """What this thread reads inside the block must be there by then; later reads raise TimeoutError."""
    _thread.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _thread.until = None


class _InTime(io.RawIOBase):
    """The bytes of an answer; no read waits longer than what is left of the time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        until: float | None = getattr(_thread, "until", None)
        if until is not None:
            self.fp = io.BufferedReader(_InTime(self.fp.detach(), sock, until))


class _Plain(HTTPConnection):
    response_class = _Response


class _Secure(HTTPSConnection):
    response_class = _Response


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class BoundedAdapter(HTTPAdapter):
    """Makes no retries of its own. What goes through a proxy keeps the time-outs of requests."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
