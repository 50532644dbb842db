"""Time that passes only when somebody says so: for rehearsals, in which a week takes a minute."""

from __future__ import annotations

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.clock import Clock


class VirtualTime:
    """Holds a namespace's frozen clock; it stands still but for :meth:`sleep` and :meth:`to`.

    It is a :class:`recorder_tasks.flow.permit.Timer`, so whoever waits for a slot moves the clock.
    """

    def __init__(self, clock: Clock, at: Instant) -> None:
        self._clock = clock
        self._now = at
        clock.freeze(at)

    def monotonic(self) -> Instant:
        return self._now

    def sleep(self, seconds: float, /) -> None:
        self.to(self._now + seconds)

    def to(self, at: Instant) -> None:
        """It is ``at`` now, unless that has passed."""
        if at > self._now:
            self._now = at
            self._clock.freeze(at)
