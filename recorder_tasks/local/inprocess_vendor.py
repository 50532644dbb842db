"""The simulated vendor in this very process, behind the transport of requests: no network, any clock.

Everything of ours above the transport runs as it is; rehearsals and tests stand on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from recorder_tasks import agora
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.settings import Settings
from recorder_tasks.simulator import Request, World


@dataclass(frozen=True)
class Seen:
    """A request as the vendor got it."""

    method: str
    path: str
    body: dict[str, Any]

    @property
    def verb(self) -> str:
        return self.path.rsplit("/", 1)[-1]


Scripted = Callable[[Seen], tuple[int, Mapping[str, Any]] | None]


class VendorAdapter(BaseAdapter):
    """Answers out of a world, at the instants that ``clock`` tells.

    ``scripted`` may answer instead; ``lost`` names verbs whose answers do not arrive. With ``keep``,
    ``seen`` has every request.
    """

    def __init__(self, world: World, clock: Callable[[], float], *, keep: bool = True) -> None:
        super().__init__()
        self.world = world
        self.clock = clock
        self.keep = keep
        self.seen: list[Seen] = []
        self.lost: set[str] = set()
        self.scripted: Scripted = lambda seen: None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        content = request.body or b""
        raw = content.encode() if isinstance(content, str) else content
        parts = urlsplit(request.url or "")
        seen = Seen(request.method or "", parts.path, json.loads(raw) if raw else {})
        if self.keep:
            self.seen.append(seen)
        told = self.scripted(seen)
        headers: Mapping[str, str] = {}
        if told is None:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            answer = self.world.answer(Request(seen.method, target, dict(request.headers), raw), self.clock())
            told, headers = (answer.status, answer.body), answer.headers
            if answer.lost:
                raise requests.ConnectionError("the connection was closed")
        if seen.verb in self.lost:
            raise requests.ReadTimeout("no answer")
        return _response(request, *told, headers)

    def close(self) -> None:
        """Nothing is open."""


def _response(
    request: requests.PreparedRequest, status: int, body: Mapping[str, Any], headers: Mapping[str, str]
) -> requests.Response:
    response = requests.Response()
    response.headers.update(headers)
    response.status_code = status
    response.request = request
    response.url = request.url or ""
    response.raw = HTTPResponse(BytesIO(json.dumps(body).encode()), status=status, preload_content=False)
    return response


class InProcessVendors(Vendors):
    """Clients over an adapter instead of the network; whatever a URL says, nothing leaves the process."""

    def __init__(self, settings: Settings, adapter: BaseAdapter) -> None:
        super().__init__(settings)
        self.http = requests.Session()
        self.http.trust_env = False
        for scheme in ("http://", "https://"):
            self.http.mount(scheme, adapter)

    def _build(self, name: str) -> agora.Client:
        app = self.settings.app(name)
        return agora.Client(
            app.app_id,
            app.key,
            app.secret,
            certificate=app.certificate,
            base_url=app.base_url,
            attempts=self.settings.attempts,
            backoff=(),
            http=self.http,
        )
