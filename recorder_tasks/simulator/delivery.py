"""Sends callbacks over HTTP, each in a thread, so that a slow receiver holds nobody up (facts 6.3)."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from recorder_tasks.simulator.clock import Clock
from recorder_tasks.simulator.events import Notice, signatures
from recorder_tasks.simulator.world import World

SENDERS = 8


class Delivery:
    """Takes what is due out of the world and puts back what was not accepted."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world = world
        self.clock = clock
        self._threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="callback")
        self._running: set[asyncio.Task[None]] = set()

    def send_due(self) -> None:
        """Start sending what is due; returns at once."""
        for notice in self.world.book.notices.due(self.clock.now()):
            task = asyncio.get_running_loop().create_task(self._send(notice))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _send(self, notice: Notice) -> None:
        book = self.world.book
        target = book.notices.target
        body = notice.body(self.clock.now())
        headers = {"Content-Type": "application/json", **signatures(target.secret, body)}
        request = urllib.request.Request(target.url, data=body, headers=headers)  # noqa: S310  checked by Target
        status = await asyncio.get_running_loop().run_in_executor(
            self._threads, _post, request, book.settings.callback_timeout / self.clock.speed
        )
        book.notices.settled(notice, self.clock.now(), status, book.settings)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _post(request: urllib.request.Request, timeout: float) -> int | None:
    """The HTTP status, or None when there was no answer."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError):
        return None
