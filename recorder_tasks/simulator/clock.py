"""The simulated clock: real time, only faster or ahead when that is asked for."""

from __future__ import annotations

import time


class Clock:
    """``now()`` in epoch seconds. With speed 1 and no jump it is the real time."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._anchor = time.time()
        self._since = time.monotonic()

    def now(self) -> float:
        return self._anchor + (time.monotonic() - self._since) * self.speed

    def jump(self, seconds: float) -> None:
        """Move ahead. Raises ValueError for a step back: nothing that has happened is undone."""
        if seconds < 0:
            raise ValueError(f"jump: {seconds!r} goes back")
        self._anchor += seconds

    def set_speed(self, speed: float) -> None:
        """Raises ValueError unless time goes forward."""
        if not 0 < speed <= 1e6:
            raise ValueError(f"speed: {speed!r} is not within 0..1000000")
        self._anchor, self._since, self.speed = self.now(), time.monotonic(), speed

    def ahead(self) -> float:
        """Seconds by which simulated time is ahead of real time."""
        return self.now() - time.time()

    def resume(self, ahead: float) -> None:
        """Go on as far ahead as a saved clock was; the time in between has passed at speed 1."""
        self._anchor, self._since = time.time() + ahead, time.monotonic()
