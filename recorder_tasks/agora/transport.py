"""Gets one request to the vendor: hosts in turn, time-outs, permits, a pool of kept-alive connections.

It repeats a request only when no HTTP answer came; what an answer means is not its business.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from threading import Event
from typing import Any, Protocol

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from recorder_tasks.agora.gate import AnswerTooLate, Gate, GatedAdapter, SendByPassed
from recorder_tasks.agora.hosts import Failure, Host, HostChoice

HOSTS_KEPT = 8  # pools: four regions by two domains
LONGEST_ANSWER = 4 * 1024 * 1024  # bytes; a stop that names ten thousand files has a third of it
PIECE = 64 * 1024
NOBODY_CONNECTED = (ConnectTimeoutError, NewConnectionError)


@dataclass(frozen=True)
class Timeouts:
    """Seconds. ``read``: from the request until the whole answer is there, however it trickles in.

    A sync stop waits for the upload, over 20 s (facts 2.14).
    """

    connect: float = 3.0
    read: float = 10.0
    stop_read: float = 25.0


class Permit(Protocol):
    """Asked right before attempt 0, 1, ... of a call. May block until the attempt's turn has come.

    Returns the ``time.monotonic()`` instant by which the first byte must be written (``math.inf``: any time),
    or None when the attempt must not be made.
    """

    def __call__(self, attempt: int) -> float | None: ...


@dataclass(frozen=True)
class Call:
    """One request. ``repeatable``: sending it twice does no harm, so a lost answer may be asked for again."""

    method: str
    path: str
    read: float
    body: dict[str, Any] | None = field(default=None, repr=False)
    repeatable: bool = True


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; ``body`` is its JSON, None if it was none or longer than any answer is."""

    http_status: int
    body: Any = field(repr=False)
    request_id: str | None
    host: str
    attempts: int


@dataclass(frozen=True)
class Silence:
    """No HTTP answer. ``sent``: some attempt's bytes may have reached the vendor."""

    sent: bool
    reason: str
    host: str | None
    attempts: int


class _NoAnswer(Exception):
    def __init__(self, failure: Failure, sent: bool, reason: str) -> None:
        super().__init__(reason)
        self.failure, self.sent, self.reason = failure, sent, reason


class Transport:
    """Shared by all threads of a client. Redirects are not followed, cookies not kept.

    Without a session of the caller's, proxies and CA bundles of the environment are ignored (``trust_env`` is
    off): a machine that needs a proxy passes ``http=`` with its own session. Through an adapter other than
    ours the send-by instant is judged before connecting, the last moment that can be seen from outside, and
    the time-outs are those of silence.
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        timeouts: Timeouts,
        attempts: int,
        backoff: Sequence[float],
        pool_size: int,
        http: requests.Session | None,
    ) -> None:
        self._headers = _headers(key, secret)
        self._timeouts, self._attempts, self._backoff = timeouts, attempts, tuple(backoff)
        self._own = http is None
        self._http = _session(pool_size) if http is None else http
        self._closed = Event()

    def exchange(self, call: Call, hosts: HostChoice, permit: Permit | None) -> Reply | Silence:
        """The first HTTP answer of any attempt, or why there is none. Raises only what ``permit`` raises."""
        sent, reason, host, made = False, "the client is closed", None, 0
        for attempt in range(self._attempts):
            if self._closed.wait(self._pause(attempt)):
                break
            send_by = math.inf if permit is None else permit(attempt)
            if send_by is None:
                reason = reason if made else "no permit to send"
                break
            made, target = attempt + 1, hosts.current
            host = target.name
            try:
                response, body = self._once(call, target, send_by)
            except SendByPassed:
                reason = "the permit to send had run out when the connection was up"
                break
            except _NoAnswer as failure:
                hosts.failed(target, failure.failure)
                sent, reason = sent or failure.sent, failure.reason
                if sent and not call.repeatable:
                    break
                continue
            hosts.answered(target)
            return Reply(response.status_code, body, response.headers.get("X-Request-Id"), host, made)
        return Silence(sent, reason, host, made)

    def close(self) -> None:
        """Ends waits between attempts and closes the connections, unless the session is the caller's."""
        self._closed.set()
        if self._own:
            self._http.close()

    def _pause(self, attempt: int) -> float:
        if attempt == 0 or not self._backoff:
            return 0.0
        return self._backoff[min(attempt, len(self._backoff)) - 1]

    def _once(self, call: Call, host: Host, send_by: float) -> tuple[requests.Response, Any]:
        data = None if call.body is None else json.dumps(call.body, ensure_ascii=False, allow_nan=False)
        request = requests.Request(
            call.method, host.url + call.path, self._headers, data=None if data is None else data.encode()
        ).prepare()
        gate = Gate(send_by, within=call.read)
        if not isinstance(self._http.get_adapter(request.url or ""), GatedAdapter):
            gate.go_through()
        try:
            with gate.guarding():
                times = (self._timeouts.connect, call.read)
                response = self._http.send(request, timeout=times, allow_redirects=False, stream=True)
                return response, _json(_content(response))
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _no_answer(error, gate.sent) from None


def _session(pool_size: int) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = GatedAdapter(pool_connections=HOSTS_KEPT, pool_maxsize=pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _headers(key: str, secret: str) -> dict[str, str]:
    try:
        release = version("recorder-tasks")
    except PackageNotFoundError:  # run from a source tree that was never installed
        release = "0"
    pair = base64.b64encode(f"{key}:{secret}".encode()).decode()
    return {
        "Authorization": f"Basic {pair}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": f"recorder-tasks/{release}",
    }


def _content(response: requests.Response) -> bytes | None:
    """The whole body, unpacked; None for one that is longer than any answer is."""
    if response.raw is None:  # made by an adapter of the caller's
        return response.content
    body = bytearray()
    for piece in response.iter_content(PIECE):
        body += piece
        if len(body) > LONGEST_ANSWER:
            response.close()
            return None
    return bytes(body)


def _json(content: bytes | None) -> Any:
    try:
        return None if content is None else json.loads(content)
    except (ValueError, RecursionError):
        return None


def _no_answer(error: BaseException, sent: bool) -> _NoAnswer:
    """What went wrong, in our own words: a library's text may quote the request."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return _NoAnswer(Failure.DNS, False, "the host's name was not found")
    if isinstance(error, requests.ConnectTimeout) or any(isinstance(c, NOBODY_CONNECTED) for c in causes):
        return _NoAnswer(Failure.NETWORK, False, "no connection could be made")
    if isinstance(error, requests.ReadTimeout) or any(isinstance(c, AnswerTooLate) for c in causes):
        return _NoAnswer(Failure.NETWORK, sent, "no answer in time")
    kind = type(error).__name__
    what = "the connection broke before the answer was whole" if sent else "no connection could be made"
    return _NoAnswer(Failure.NETWORK, sent, f"{what} ({kind})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps: urllib3 hides the cause in ``reason``, requests in its arguments."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        waiting += [item for item in wrapped if isinstance(item, BaseException)]
