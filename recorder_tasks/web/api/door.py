"""The door of the API: who asks, before anything of the request is read; JSON bodies only; no crash told."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recorder_tasks.web import problems
from recorder_tasks.web.access import Access

log = logging.getLogger(__name__)

OPEN = "/openapi.json"  # what the API is, no secret
JSON = "application/json"
ASKS = "Authorization: send `Authorization: Bearer TOKEN`, with a token of RECORDER_WEB__TOKENS"
UNKNOWN = "Authorization: this token is none of RECORDER_WEB__TOKENS"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class ApiDoor:
    """ASGI middleware around the API's application; leaves the caller in ``request.state.caller``.

    ``max_body``: bytes. A form of another site can be sent with neither a JSON content type nor without any,
    so that no page can write here, even where there are no tokens.
    """

    def __init__(self, app: ASGIApp, access: Access, max_body: int) -> None:
        self.app = app
        self._access = access
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, self._counted(receive), watched)
        except Exception as trouble:
            if begun or isinstance(trouble, HTTPException):
                raise
            log.exception("api.failed %s %.200r", scope["method"], scope["path"])
            await problems.bug(scope["path"])(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        path, given = scope["path"], headers.get("authorization")
        caller = self._access.by_authorization(given)
        if caller is None and not path.endswith(OPEN):
            said, error = (ASKS, "") if given is None else (UNKNOWN, ', error="invalid_token"')
            challenge = {"WWW-Authenticate": f'Bearer realm="recorder"{error}'}
            return problems.problem(problems.UNAUTHENTICATED, said, path, headers=challenge)
        scope.setdefault("state", {})["caller"] = caller
        if scope["method"] not in SAFE and not _is_json(headers):
            kind = headers.get("content-type", "none")
            said = f"Content-Type: {kind:.80} is not taken here; send {JSON}"
            return problems.problem(problems.MEDIA, said, path, headers={"Accept-Post": JSON})
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_body:
            return problems.problem(problems.TOO_LARGE, self._too_large, path)
        return None

    @property
    def _too_large(self) -> str:
        return f"body: at most {self._max_body} bytes are taken"

    def _counted(self, receive: Receive) -> Receive:
        """For bodies that come in pieces and do not say how long they are."""
        seen = 0

        async def receiver() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_body:
                raise problems.Refused(problems.TOO_LARGE, self._too_large)
            return message

        return receiver


def _is_json(headers: Headers) -> bool:
    """Whether it is sent as JSON; without a content type, whether there is no body either."""
    kind = headers.get("content-type")
    if kind is None:
        return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    return kind.partition(";")[0].strip().lower() == JSON
