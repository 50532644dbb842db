"""When a request may leave: inside the window of its slot, whatever this host's clock and threads do (P5)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from recorder_tasks.core.outcome import Instant


class Timer(Protocol):
    """How time passes for a caller: the module ``time``, or a rehearsal's own."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


TRIES = 3  # slots that may slip by before an attempt is given up


@dataclass(frozen=True)
class RedisTime:
    """Redis's time, known from one round trip: read ``now`` somewhere between ``asked`` and ``answered``.

    ``asked`` and ``answered`` are instants of this host's monotonic clock, which is ``timer``'s.
    """

    now: Instant
    asked: float
    answered: float
    rate: float = 1.0
    timer: Timer = time

    def __call__(self) -> Instant:
        """An instant that Redis's clock has surely reached."""
        return self.now + (self.timer.monotonic() - self.answered) * self.rate

    def window(self, slot: Instant, allowance: float) -> tuple[float, float]:
        """The monotonic instants between which it is surely in [slot, slot + allowance]; empty if unsure."""
        return (
            self.answered + (slot - self.now) / self.rate,
            self.asked + (slot - self.now) / self.rate + allowance,
        )


def read_time(read: Callable[[], Instant], rate: float, timer: Timer = time) -> RedisTime:
    """Ask for Redis's time."""
    asked = timer.monotonic()
    now = read()
    return RedisTime(now, asked, timer.monotonic(), rate, timer)


class Permits:
    """The permits of one call: the slot that begin granted, then others while there are any in time.

    ``another`` takes one more slot of the budget (None: none in time) and ``resync`` reads Redis's time anew.
    """

    def __init__(
        self,
        clock: RedisTime,
        slot: Instant | None,
        allowance: float,
        another: Callable[[], Instant | None],
        resync: Callable[[], RedisTime],
    ) -> None:
        self._clock = clock
        self._slot = slot
        self._allowance = allowance
        self._another = another
        self._resync = resync

    def __call__(self, attempt: int) -> float | None:
        """Waits for a slot; the monotonic instant by which the first byte must be out, None for no slot."""
        for _ in range(TRIES):
            slot = self._slot if self._slot is not None else self._another()
            self._slot = None
            if slot is None:
                return None
            if math.isinf(slot):
                return math.inf
            opens, closes = self._clock.window(slot, self._allowance)
            timer = self._clock.timer
            if closes > max(opens, timer.monotonic()):
                timer.sleep(max(0.0, opens - timer.monotonic()))
                return closes
            self._clock = self._resync()
        return None
