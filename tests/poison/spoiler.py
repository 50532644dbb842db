"""A line to the simulator that spoils answers about chosen channels; the vendor itself has done its work."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

Act = Callable[[socket.socket, bytes, threading.Event], None]  # peer, the sound body, the test is over
SID = re.compile(r"/sid/([^/]+)/")


class Spoiler:
    """``spoil(channel, act, times)``: so many answers of each verb about it; the others pass unharmed."""

    def __init__(self, vendor: str) -> None:
        self._vendor = urlsplit(vendor)
        self._acts: dict[str, tuple[Act, int]] = {}
        self._spoilt: Counter[tuple[str, str]] = Counter()
        self._channels: dict[str, str] = {}  # by sid
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def spoil(self, channel: str, act: Act, times: int = 1) -> None:
        self._acts[channel] = (act, times)

    def spoilt(self, channel: str) -> int:
        return sum(count for (of, _), count in self._spoilt.items() if of == channel)

    def close(self) -> None:
        self._over.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as stream:
            try:
                while line := stream.readline():
                    if not self._one(peer, stream, line.decode().split(" ")):
                        return
            except OSError:
                return

    def _one(self, peer: socket.socket, stream: Any, line: list[str]) -> bool:
        headers: dict[str, str] = {}
        while header := stream.readline().strip():
            name, _, value = header.decode().partition(": ")
            headers[name.lower()] = value
        body = stream.read(int(headers.get("content-length", "0")))
        status, answer = self._ask(line[0], line[1], headers, body)
        channel = self._channel(line[1], body, answer)
        act, times = self._acts.get(channel, (None, 0))
        verb = line[1].rsplit("/", 1)[-1]
        if act is not None and self._spoilt[channel, verb] < times:
            self._spoilt[channel, verb] += 1
            act(peer, answer, self._over)
            return False
        peer.sendall(b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n%b" % (status, len(answer), answer))
        return True

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        line = HTTPConnection(self._vendor.hostname or "", self._vendor.port, timeout=30)
        passed = {name: headers[name] for name in ("authorization", "content-type") if name in headers}
        line.request(method, path, body or None, passed)
        answer = line.getresponse()
        found = answer.status, answer.read()
        line.close()
        return found

    def _channel(self, path: str, body: bytes, answer: bytes) -> str:
        if body:
            channel = str(json.loads(body).get("cname"))
            sid = json.loads(answer).get("sid")
            if sid:
                self._channels[sid] = channel
            return channel
        found = SID.search(path)
        return self._channels.get(found[1], "") if found else ""


def whole(body: bytes, status: int = 200, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def says(answer: Callable[[bytes], bytes]) -> Act:
    """Sends bytes made of the sound body, and hangs up."""

    def act(peer: socket.socket, body: bytes, over: threading.Event) -> None:
        peer.sendall(answer(body))

    return act


def trickles(peer: socket.socket, body: bytes, over: threading.Event) -> None:
    """A sound answer whose bytes come slower than any time-out of silence notices."""
    for byte in whole(body + b" " * 4000):
        peer.sendall(bytes([byte]))
        if over.wait(0.05):
            return


def trickles_headers(peer: socket.socket, body: bytes, over: threading.Event) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.1):
        peer.sendall(b"X-Patience: 1\r\n")


def hangs(peer: socket.socket, body: bytes, over: threading.Event) -> None:
    """Nothing for longer than anybody waits, then all of it."""
    over.wait(60)
    peer.sendall(whole(body))


PAGE = b"<html><body><h1>It works!</h1></body></html>"
NUMBERS = b'{"resourceId": 17, "sid": 4.5, "serverResponse": 9, "code": {"a": []}, "reason": [1]}'
NINES = b"9" * 400
HUGE = b'{"resourceId":%b,"serverResponse":{"status":1e400,"sliceStartTime":%b}}' % (NINES, NINES)
FORGED = json.dumps(
    {
        "code": 2,
        "reason": "no\r\n[2026-01-01] ERROR forged\x1b[31m line\u2028\ud800",
        "sid": "a\nb",
        "resourceId": "\x00",
        "serverResponse": {"status": "\x1b", "fileList": [{"fileName": "a\r\nb\x1b]0;title\x07.m3u8"}]},
    }
).encode()

SPOILT: dict[str, Act] = {
    "ten megabytes": says(lambda body: whole(b'{"resourceId":"' + b"x" * 10_000_000 + b'"}')),
    "ten megabytes of files": says(
        lambda body: whole(b'{"serverResponse":{"fileList":[' + b'{"fileName":"f"},' * 600_000 + b"]}}")
    ),
    "a page with 200": says(lambda body: whole(PAGE, 200, "text/html")),
    "a page with 502": says(lambda body: whole(PAGE, 502, "text/html")),
    "nothing": says(lambda body: b""),
    "an empty body": says(lambda body: whole(b"")),
    "a body after a minute": hangs,
    "a trickle": trickles,
    "a trickle of headers": trickles_headers,
    "chunked garbage": says(
        lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + body + b"\r\n0\r\n\r\n"
    ),
    "a chunk that never ends": says(
        lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + body
    ),
    "too long a content-length": says(lambda body: b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + body),
    "too short a content-length": says(lambda body: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + body),
    "no HTTP": says(lambda body: b"\x16\x03\x01 is this TLS?\r\n\r\n"),
    "nested without end": says(lambda body: whole(b'{"serverResponse":' * 100_000)),
    "numbers for texts": says(lambda body: whole(NUMBERS)),
    "numbers beyond all bounds": says(lambda body: whole(HUGE)),
    "not UTF-8": says(lambda body: whole(b'{"resourceId":"\xff\xfe","sid":"\xc3\x28"}')),
    "a list": says(lambda body: whole(b"[" + body + b"]")),
    "null": says(lambda body: whole(b"null")),
    "lines forged": says(lambda body: whole(FORGED)),
    "gzip that nobody asked for": says(
        lambda body: b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde"
    ),
}
