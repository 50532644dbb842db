"""Following: what happens as server-sent events, and waiting for an end, without a thread for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.feed import RecordingEvent
from recorder_tasks.recording import Recording
from recorder_tasks.web.problems import BUSY, Refused

LOOK = 0.5  # seconds between two looks of one follower
QUIET = 15.0  # seconds without news after which a comment keeps the connection from being cut
MOST = 200  # followers of one process
MOST_AT_ONCE = 500  # events
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Followers:
    """How many there are; further ones are refused rather than served badly."""

    def __init__(self) -> None:
        self._count = 0

    def check(self) -> None:
        """Raises Refused where there is no room for another."""
        if self._count >= MOST:
            raise Refused(BUSY, f"follow: {MOST} follow here already; ask another process, or read in turns")

    @contextmanager
    def one_more(self) -> Iterator[None]:
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1


def stream(
    followers: Followers, read: Callable[[str], list[RecordingEvent]], after: str
) -> StreamingResponse:
    """What ``read`` finds after an event, and then all that comes, until the reader leaves."""
    followers.check()

    async def events() -> AsyncIterator[str]:
        last, told = after, monotonic()
        with followers.one_more():
            yield "retry: 2000\n\n"
            while True:
                found = await run_in_threadpool(read, last)
                for event in found:
                    last, told = event.id, monotonic()
                    yield f"id: {event.id}\nevent: {event.type}\ndata: {event.model_dump_json()}\n\n"
                if monotonic() - told > QUIET:
                    told = monotonic()
                    yield ": still here\n\n"
                if len(found) < MOST_AT_ONCE:
                    await asyncio.sleep(LOOK)

    return StreamingResponse(events(), media_type="text/event-stream", headers=HEADERS)


async def until_over(followers: Followers, desk: Desk, session_id: str, seconds: float) -> Recording:
    """The recording once it is over, or as it stands after so many seconds. Raises NoSuchSession."""
    until = monotonic() + seconds
    recording = await run_in_threadpool(desk.get, session_id)
    if recording.finished or seconds <= 0:
        return recording
    followers.check()
    with followers.one_more():
        while not recording.finished and (left := until - monotonic()) > 0:
            await asyncio.sleep(min(LOOK, left))
            recording = await run_in_threadpool(desk.get, session_id)
    return recording
