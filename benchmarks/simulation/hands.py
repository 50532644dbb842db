"""Many hands in simulated time: turns that wait for their slots side by side, one running at any instant.

A rehearsal takes one turn after the other, so whoever waits for a slot keeps all others waiting, which with
hundreds of apps would be the simulation's own limit. Here each turn has a thread; a wait parks it until the
clock is there. Nothing runs twice at once, so a run is repeatable but for random names.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from threading import Lock, Thread, current_thread

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.clock import Clock

Job = Callable[[], None]


class Hand(Thread):
    """Does what it is given, and hands the baton back when it waits or is done."""

    def __init__(self, hands: Hands) -> None:
        super().__init__(daemon=True)
        self.job: Job | None = None
        self.baton = Lock()
        self.baton.acquire()
        self._hands = hands

    def run(self) -> None:
        while True:
            self.baton.acquire()
            if self.job is None:
                return
            try:
                self.job()
            except BaseException as trouble:  # noqa: BLE001  raised by whoever passed the baton
                self._hands.trouble = trouble
            self.job = None
            self._hands.back.release()


class Hands:
    """``count`` of them, and the namespace's frozen clock; a :class:`recorder_tasks.flow.permit.Timer`.

    ``moved``: how often the clock was set, each a command that no deployment would send.
    """

    def __init__(self, clock: Clock, at: Instant, count: int) -> None:
        self.back = Lock()
        self.back.acquire()
        self.trouble: BaseException | None = None
        self.moved = 0
        self._clock = clock
        self._now = at
        self._waiting: list[tuple[Instant, int, Hand]] = []
        self._number = 0
        self._all = [Hand(self) for _ in range(count)]
        self._idle = list(self._all)
        for hand in self._all:
            hand.start()
        clock.freeze(at)

    @property
    def free(self) -> int:
        return len(self._idle)

    @property
    def busy(self) -> bool:
        return len(self._idle) < len(self._all)

    @property
    def next_wake(self) -> Instant | None:
        return self._waiting[0][0] if self._waiting else None

    def monotonic(self) -> Instant:
        return self._now

    def sleep(self, seconds: float, /) -> None:
        """Of a turn: others go on until the clock is there."""
        hand = current_thread()
        if seconds <= 0 or not isinstance(hand, Hand):
            return
        self._number += 1
        heapq.heappush(self._waiting, (self._now + seconds, self._number, hand))
        self.back.release()
        hand.baton.acquire()

    def begin(self, job: Job) -> None:
        """A free hand does it until it waits or is done."""
        hand = self._idle.pop()
        hand.job = job
        self._pass(hand)

    def wake(self) -> int:
        """Lets those go on whose time has come; says how many turns ended by that."""
        before = self.free
        while self._waiting and self._waiting[0][0] <= self._now:
            self._pass(heapq.heappop(self._waiting)[2])
        return self.free - before

    def _pass(self, hand: Hand) -> None:
        hand.baton.release()
        self.back.acquire()
        if self.trouble is not None:
            raise self.trouble
        if hand.job is None:
            self._idle.append(hand)

    def to(self, at: Instant) -> None:
        """It is ``at`` now, unless that has passed; whole milliseconds, so that what is due is past."""
        at = math.ceil(at * 1000) / 1000
        if at > self._now:
            self._now = at
            self.moved += 1
            self._clock.freeze(at)

    def close(self) -> None:
        """Ends the threads. Nothing may be waiting."""
        for hand in self._idle:
            hand.baton.release()


class Stopwatch:
    """CPU of the running thread, summed up by name; ``calls`` counts them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}

    def add(self, name: str, seconds: float, calls: int = 1) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.calls[name] = self.calls.get(name, 0) + calls

    def of(self, name: str, do: Job) -> None:
        began = time.thread_time()
        do()
        self.add(name, time.thread_time() - began)
