"""Idempotency keys: a write that comes again under its key is answered as it was, and does nothing twice.

After draft-ietf-httpapi-idempotency-key-header: the key's first request is done; while it is, the same key
is refused with 409; afterwards its answer comes again, with ``Idempotency-Replayed: true``. Another request
under a used key is refused with 422. Only success is kept: a refusal has done nothing, so asking again may
be granted. Keys are the caller's own, and known for a day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from recorder_tasks.core.text import plain
from recorder_tasks.store.answers import AnswerClaim, Answers, KeptAnswer
from recorder_tasks.web.access import Caller
from recorder_tasks.web.problems import IN_PROGRESS, INVALID_WISH, KEY_REUSED, Fault, Refused, refuses

KEY = "idempotency-key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 256
REPEATED = frozenset({"content-type", "location", "etag", "link"})  # headers that come again


class Once(APIRoute):
    """A route whose writes take an ``Idempotency-Key``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        do = super().get_route_handler()

        async def handle(request: Request) -> Response:
            key = key_of(request)
            if key is None or request.method in ("GET", "HEAD"):
                return await do(request)
            return await _once(request, key, do)

        return handle


def key_of(request: Request) -> str | None:
    """The key, which may stand in quotes. Raises Refused for one that is none."""
    given = request.headers.get(KEY)
    if given is None:
        return None
    key = given.strip()
    if len(key) >= 2 and key.startswith('"') and key.endswith('"'):
        key = key[1:-1]
    if not key or len(given) > LONGEST or not plain(key):
        fault = Fault(field="Idempotency-Key", detail=f"takes 1..{LONGEST} characters, none of them control")
        raise Refused(INVALID_WISH, f"{fault.field}: {fault.detail}", [fault])
    return key


async def _once(
    request: Request, key: str, do: Callable[[Request], Coroutine[Any, Any, Response]]
) -> Response:
    caller = cast("Caller", request.state.caller)
    answers = cast("Answers", request.app.state.parts.store.answers)
    claim = AnswerClaim(f"{caller.name or ''}:{key}", _mark(request, await request.body()))
    standing = await run_in_threadpool(answers.claim, claim)
    if standing is not None and standing.mark != claim.mark:
        raise Refused(KEY_REUSED, f"Idempotency-Key: {key!r} was used for another request; take a new one")
    if standing is not None and standing.kept is None:
        raise Refused(IN_PROGRESS, f"Idempotency-Key: the first request with {key!r} is at work still")
    if standing is not None and standing.kept is not None:
        headers = {**standing.kept.headers, REPLAYED: "true"}
        return Response(standing.kept.body, standing.kept.status, headers)
    return await _answered(request, do, answers, claim)


async def _answered(
    request: Request,
    do: Callable[[Request], Coroutine[Any, Any, Response]],
    answers: Answers,
    claim: AnswerClaim,
) -> Response:
    try:
        answer = await do(request)
    except Exception as trouble:
        if refuses(trouble):  # otherwise nobody knows what was done: the claim stands until its time is over
            await run_in_threadpool(answers.release, claim)
        raise
    body = bytes(answer.body).decode()
    headers = {name: value for name, value in answer.headers.items() if name in REPEATED}
    await run_in_threadpool(answers.keep, claim, KeptAnswer(answer.status_code, headers, body))
    return answer


def _mark(request: Request, body: bytes) -> str:
    """Tells this request from any other: what, where, and every byte of it."""
    said = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    return hashlib.sha256(said).hexdigest()[:32]
