"""What every request passes: hosts by name, no writes from other sites, headers that forbid the rest."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recorder_tasks.settings import WebSettings
from recorder_tasks.settings.web import LOOPBACK
from recorder_tasks.web.api import BASE
from recorder_tasks.web.problems import FORBIDDEN, problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guards:
    """ASGI middleware. ``from_anywhere``: path prefixes that others may write to, by another proof.

    Without tokens only loopback's own names are answered: a page elsewhere whose name was made to point to
    this host would otherwise be let in. A browser says of each write which site it comes from; writes of
    other sites are refused, forms and scripts alike.
    """

    def __init__(self, app: ASGIApp, web: WebSettings, *, from_anywhere: tuple[str, ...] = ()) -> None:
        self.app = app
        self._from_anywhere = from_anywhere
        public = urlsplit(web.public_url or "").hostname
        self._names = None if web.tokens else LOOPBACK | ({public} if public else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refusal is not None:
            await _told(refusal, scope["path"])(scope, receive, _with_headers(send))
            return
        await self.app(scope, receive, _with_headers(send))

    def _refusal(self, method: str, path: str, headers: Headers) -> str | None:
        host = headers.get("host", "")
        name = urlsplit(f"//{host}").hostname
        if self._names is not None and name not in self._names:
            known = "set RECORDER_WEB__PUBLIC_URL, or tokens"
            return f"Host: this server does not go by the name {name!r}; {known}"
        if method in SAFE or path.startswith(self._from_anywhere):
            return None
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site in ("cross-site", "same-site") or (origin is not None and urlsplit(origin).netloc != host):
            return "Origin: only this server's own pages may write here; programs send no Origin"
        return None


def _told(refusal: str, path: str) -> Response:
    if path.startswith(f"{BASE}/"):
        return problem(FORBIDDEN, refusal, path)
    return PlainTextResponse(refusal, status_code=403)


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sender
