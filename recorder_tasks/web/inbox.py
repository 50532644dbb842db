"""Callbacks that were answered and are still to be taken in: Redis may be slow or away meanwhile.

They wait in this process only. What a crash or a full inbox loses costs time, no more: query is the truth.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from threading import Condition, Thread

from recorder_tasks.agora import AgoraError
from recorder_tasks.store import StoreError, StoreUnavailable

log = logging.getLogger(__name__)

ROOM = 10_000  # callbacks; of about a kilobyte each
HANDS = 2
AGAIN = 1.0  # seconds until Redis is asked again
Letter = tuple[str, bytes]  # app, body


class Inbox:
    """``take`` deals with a callback; ``dropped`` is told how many of an app's were given up.

    ``counts``: what became of them in this process: taken, refused, dropped.
    """

    def __init__(
        self,
        take: Callable[[str, bytes], object],
        dropped: Callable[[str, int], None] = lambda app, count: None,
        *,
        room: int = ROOM,
        hands: int = HANDS,
        again: float = AGAIN,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._take, self._dropped = take, dropped
        self._room, self._again = room, again
        self._waiting: deque[Letter] = deque()
        self._lost: Counter[str] = Counter()  # by app, not told yet
        self._changed = Condition()
        self._closing = False
        self._ended = False
        self._away = False
        self._threads = [Thread(target=self._work, name=f"inbox-{n}", daemon=True) for n in range(hands)]
        self._started = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def put(self, app: str, body: bytes) -> None:
        """Returns at once. Where there is no room, the oldest is given up."""
        with self._changed:
            if not self._started:
                self._started = True
                for thread in self._threads:
                    thread.start()
            self._waiting.append((app, body))
            self._keep_to_room()
            self._changed.notify()

    def _keep_to_room(self) -> None:
        while len(self._waiting) > self._room:
            app, _ = self._waiting.popleft()
            self._lost[app] += 1
            self.counts["dropped"] += 1

    def close(self, grace: float) -> None:
        """Take in what waits, for ``grace`` seconds at most."""
        until = time.monotonic() + grace
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            if self._started:
                thread.join(max(0.0, until - time.monotonic()))
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._waiting:
            log.warning("inbox.lost: %d callbacks were not taken in before the end", len(self._waiting))

    def _work(self) -> None:
        while (letter := self._next()) is not None:
            if not self._dealt_with(letter):
                self._put_back(letter)

    def _next(self) -> Letter | None:
        """The next one, waiting for it; None at the end."""
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            return None if self._ended or not self._waiting else self._waiting.popleft()

    def _dealt_with(self, letter: Letter) -> bool:
        """False while Redis is away."""
        app, body = letter
        try:
            self._take(app, body)
        except StoreUnavailable as trouble:
            if not self._away:
                self._away = True
                log.warning("inbox.waits: %s", trouble)
            return False
        except (AgoraError, StoreError) as fault:  # to repeat it would be of no use
            self.counts["refused"] += 1
            log.warning("inbox.refused app=%s: %s", app, fault)
        except Exception:  # one bad callback must not end the thread that takes the others
            self.counts["refused"] += 1
            log.exception("inbox.failed app=%s", app)
        else:
            self.counts["taken"] += 1
            self._tell_lost()
        if self._away:
            self._away = False
            log.info("inbox.goes_on: Redis answers, %d callbacks wait", len(self._waiting))
        return True

    def _put_back(self, letter: Letter) -> None:
        """In front again, unless it is the oldest of too many by now; then wait a little."""
        with self._changed:
            self._waiting.appendleft(letter)
            self._keep_to_room()
            self._changed.wait_for(lambda: self._ended, self._again)

    def _tell_lost(self) -> None:
        with self._changed:
            lost, self._lost = self._lost, Counter()
        for app, count in lost.items():
            try:
                self._dropped(app, count)
            except StoreUnavailable:
                with self._changed:
                    self._lost[app] += count
