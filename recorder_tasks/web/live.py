"""Live pages: what has changed since a watcher last heard, as server-sent events.

A message is JSON: ``set`` (element id -> HTML), ``put`` (rows: id, table, sort key, HTML) and ``drop`` (ids).
What watchers alike see is rendered once for all of them.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from recorder_tasks.settings import Settings
from recorder_tasks.web.board import Board, Snapshot
from recorder_tasks.web.pages.now import head_of, matters_of, rows_of
from recorder_tasks.web.viewer import Looking, Viewer

router = APIRouter()
LONGEST = 3600.0  # seconds of one stream; whoever comes back shows their login again
QUIET = 15.0  # seconds without news after which a comment keeps the connection from being cut
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
KEPT = 64

Message = dict[str, Any]


class Ticks:
    """Waits for the board's next tick on the event loop."""

    def __init__(self, board: Board) -> None:
        loop, self._flag = asyncio.get_running_loop(), asyncio.Event()

        def told(tick: int) -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._flag.set)

        self._leave = board.listen(told)

    async def next(self) -> bool:
        """True at a tick, False when nothing has happened for a while."""
        try:
            await asyncio.wait_for(self._flag.wait(), QUIET)
        except TimeoutError:
            return False
        self._flag.clear()
        return True

    def close(self) -> None:
        self._leave()


class Shared:
    """What was rendered for one tick, by what it depends on; made once, while others who want it wait."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[Any, ...], Future[Any]] = OrderedDict()
        self._lock = Lock()

    def once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What ``make`` returns, or raises; a failure is not kept."""
        with self._lock:
            known = self._made.get(key)
            if known is None:
                mine = self._made[key] = Future()
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
        if known is not None:
            return known.result()
        try:
            made = make()
        except BaseException as trouble:  # whatever it is, nobody shall wait for ever
            with self._lock:
                self._made.pop(key, None)
            mine.set_exception(trouble)
            raise
        mine.set_result(made)
        return made


def stream(request: Request, changes: Callable[[Snapshot], Message]) -> StreamingResponse:
    """Sends ``changes`` of each tick, where there are any, until the browser leaves."""
    board: Board = request.app.state.board

    async def events() -> AsyncIterator[str]:
        ticks, until = Ticks(board), asyncio.get_running_loop().time() + LONGEST
        try:
            yield "retry: 2000\n\n"
            while not board.ended and asyncio.get_running_loop().time() < until:
                message = await run_in_threadpool(lambda: changes(board.snapshot()))
                if message:
                    yield f"data: {json.dumps(message, ensure_ascii=False)}\n\n"
                while not await ticks.next():
                    yield ": still here\n\n"
        finally:
            ticks.close()

    return StreamingResponse(events(), media_type="text/event-stream", headers=HEADERS)


@router.get("/live/now", include_in_schema=False)
def live_now(
    request: Request,
    viewer: Looking,
    q: str = Query("", max_length=200),
    tick: str = Query("", max_length=40),
) -> StreamingResponse:
    """The rows, figures and matters of the page Now."""
    since = request.app.state.board.snapshot().since(tick)
    watcher = NowWatcher(viewer, q, since, request.app.state.shared, request.app.state.parts.settings)
    return stream(request, watcher.changes)


class NowWatcher:
    """What one open page has; ``changes`` brings it up to a tick."""

    def __init__(self, viewer: Viewer, query: str, tick: int, shared: Shared, settings: Settings) -> None:
        self._viewer, self._query, self._tick = viewer, query, tick
        self._shared, self._settings = shared, settings
        self._has: dict[str, str] = {}

    def changes(self, board: Snapshot) -> Message:
        since, self._tick = self._tick, board.tick
        if board.tick == since:
            return {}
        eyes = self._viewer.eyes
        key = (board.tick, since, self._query, eyes)
        message: Message = dict(self._shared.once(("rows", *key), lambda: self._rows(board, since)))
        parts = {
            "head": lambda: head_of(board, self._viewer, self._settings),
            "matters": lambda: matters_of(board, self._viewer),
        }
        fresh = {
            name: self._shared.once((name, board.tick, eyes, self._viewer.form_token), make)
            for name, make in parts.items()
        }
        message["set"] = {name: html for name, html in fresh.items() if self._has.get(name) != html}
        self._has = fresh
        return {name: part for name, part in message.items() if part}

    def _rows(self, board: Snapshot, since: int) -> Message:
        if since < 0 or since > board.tick:  # a page that this process did not make: everything anew
            rows = rows_of(board, self._viewer, self._query)
            return {"put": _put(rows), "only": list(rows)}
        rows = rows_of(board, self._viewer, self._query, since=since)
        gone = [each for each, at in board.gone.items() if at > since and each not in board.rows]
        return {"put": _put(rows), "drop": gone}


def _put(rows: dict[str, tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"id": each, "in": place, "key": key, "html": html} for each, (place, key, html) in rows.items()]
