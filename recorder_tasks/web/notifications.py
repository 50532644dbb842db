"""Where the vendor's callbacks arrive: believed by their signature, answered at once, taken in afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse

from recorder_tasks.agora import SignatureError
from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.web.inbox import Inbox
from recorder_tasks.wiring import Wiring

log = logging.getLogger(__name__)

CALLBACKS = "/agora/notifications"
GRACE = 3.0  # seconds that the inbox has at the end
TOLD_EVERY = 60.0  # seconds between two warnings about one app
TOLD_MOST = 100  # apps; the name of one is a stranger's to choose


class Refusals:
    """Why callbacks were refused, in the log: once a minute for each app, whoever knocks how often."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def tell(self, app: str, why: Exception) -> None:
        now, known = monotonic(), self._told.get(app)
        if known is not None and now < known + TOLD_EVERY:
            return
        if known is None and len(self._told) >= TOLD_MOST:
            return
        self._told[app] = now
        log.warning("callbacks.refused app=%.40r: %s", app, why)


@asynccontextmanager
async def _inbox(app: FastAPI) -> AsyncIterator[None]:
    """``app.state.inbox`` while the application runs; what waits at its end is still taken in."""
    parts = cast("Wiring", app.state.parts)
    app.state.inbox = Inbox(
        lambda name, body: parts.desk.take_in(name, body),
        lambda name, count: parts.desk.dropped_notices(name, count),
    )
    app.state.refusals = Refusals()
    try:
        yield
    finally:
        await asyncio.to_thread(app.state.inbox.close, GRACE)


router = APIRouter(lifespan=_inbox)


@router.post(CALLBACKS + "/{app}")
async def notified(app: str, request: Request) -> JSONResponse:
    """Nothing here waits for Redis, nor for a thread that others keep waiting for it.

    The vendor wants its answer within ten seconds, else it sends again (6.3).
    """
    body = await request.body()
    parts = cast("Wiring", request.app.state.parts)
    try:
        parts.desk.check_notice(app, body, request.headers)
    except InvalidWish as why:
        request.app.state.refusals.tell(app, why)
        return _refused(404, "no callbacks are taken for this app")
    except SignatureError as why:
        request.app.state.refusals.tell(app, why)
        return _refused(401, str(why))
    request.app.state.inbox.put(app, body)
    return JSONResponse({"ok": True})


def _refused(status: int, why: str) -> JSONResponse:
    return JSONResponse({"ok": False, "error": why}, status_code=status)
