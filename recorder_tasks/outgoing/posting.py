"""One attempt: a POST, its answer, and why there was none, in words that name no secret.

The text of an exception of requests has the whole URL, whose path may be one; so none is ever shown.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version

import requests
from urllib3.exceptions import HTTPError, NameResolutionError

from recorder_tasks.outgoing.bounded import BoundedAdapter, answered_within

CONNECT = 5.0  # seconds, of the attempt's time-out
GONE = 410


@dataclass(frozen=True)
class Answer:
    """``status``: None when no HTTP answer came. ``error``: None when it was received (2xx).

    ``retry_after``: seconds that the receiver asks us to wait; ``seconds``: how long the attempt took.
    """

    status: int | None
    error: str | None
    retry_after: float | None = None
    seconds: float = 0.0

    @property
    def received(self) -> bool:
        return self.error is None

    @property
    def gone(self) -> bool:
        """The receiver wants nothing of ours any more."""
        return self.status == GONE


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Answer:
    """Post JSON once. No redirect is followed, no body of an answer read; raises nothing of the network."""
    began = time.monotonic()
    try:
        with answered_within(timeout), requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, BoundedAdapter(max_retries=0))
            response = session.post(
                url,
                data=body,
                headers={**_OURS, **headers},
                auth=_nobody,
                timeout=(min(CONNECT, timeout), timeout),
                allow_redirects=False,
                stream=True,
            )
            response.close()
    except (requests.RequestException, HTTPError, OSError, ValueError) as trouble:
        return Answer(None, _silence(trouble, timeout), seconds=time.monotonic() - began)
    status, took = response.status_code, time.monotonic() - began
    return Answer(status, _refusal(status), _retry_after(response.headers.get("Retry-After")), took)


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No login from a ~/.netrc that happens to know the host."""
    return request


def _refusal(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"answered {status}: redirects are not followed, correct the URL"
    return f"answered {status}"


def _silence(trouble: Exception, timeout: float) -> str:
    """Why no answer came, by the kinds of what is behind the exception."""
    causes = list(_behind(trouble))
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return "its host name could not be resolved"
    if any(isinstance(cause, (requests.Timeout, TimeoutError)) for cause in causes):
        return f"did not answer within {timeout:g} s"
    if any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
        return "the proxy could not be used"
    if any(isinstance(cause, requests.exceptions.SSLError) for cause in causes):
        return "its TLS certificate was not accepted, or it speaks no TLS"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "it refused the connection"
    if isinstance(trouble, requests.ConnectionError):
        return "the connection was lost or could not be made"
    return f"could not be sent ({type(trouble).__name__})"


def _behind(trouble: BaseException | None, deep: int = 0) -> list[BaseException]:
    """An exception with what it wraps: urllib3 keeps causes in its arguments and in ``reason``."""
    if trouble is None or deep > 8:
        return []
    wrapped = [arg for arg in trouble.args if isinstance(arg, BaseException)]
    more = [trouble.__cause__, trouble.__context__, getattr(trouble, "reason", None), *wrapped]
    inner = [one for one in more if isinstance(one, BaseException)]
    return [trouble, *(each for one in inner for each in _behind(one, deep + 1))]


def _retry_after(value: str | None) -> float | None:
    """Seconds from now; None for a header that is none."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _release() -> str:
    try:
        return version("recorder-tasks")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0"


_OURS = {"Content-Type": "application/json", "User-Agent": f"recorder-tasks/{_release()}"}
