"""The dispatchers of a simulated namespace: real ones, whose sleep is that of the simulated clock.

A dispatcher's own thread is not started. It is asked when its sleep is over, when a hand of its has become
free, and when Redis has published a wake-up; so as many claims come to nothing as in a deployment whose
workers all wake up for one entry.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

from benchmarks.simulation.hands import Hands, Job, Stopwatch
from recorder_tasks.core.session import Lane
from recorder_tasks.flow import dispatcher
from recorder_tasks.settings import Settings
from recorder_tasks.store import Claim, Store

WORKERS, THREADS = 2, 32
STOP_THREADS = 16
TICK = 0.001
CLAIM, EMPTY = "claim", "claim, empty"


class Alarm:
    """A dispatcher's wake-ups on the simulated clock. ``at``: when it looks again, unless it is woken."""

    def __init__(self) -> None:
        self.at = self.now = 0.0
        self._before = math.inf
        self._poked = False

    def begin(self, now: float) -> None:
        """It looks."""
        self.now, self._poked = now, False

    def wait(self, timeout: float, before: float = math.inf) -> bool:
        """It has looked, and sleeps unless it has been poked meanwhile."""
        self._before = before
        self.at = self.now if self._poked else self.now + timeout
        return self._poked

    def poke(self) -> None:
        """Of its own process: a hand is free."""
        self._poked, self.at = True, -math.inf

    def hear(self, due: float) -> None:
        """It was published that something is due by then."""
        if due < self._before:
            self.at = -math.inf


class Looking(dispatcher.Dispatcher):
    """One that is asked."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.alarm = Alarm()
        self._wakeups: Any = self.alarm

    def look(self, now: float) -> None:
        self.alarm.begin(now)
        self.alarm.wait(*self._dispatch())

    def lost(self, session_id: str) -> None:
        raise RuntimeError(f"simulation: {session_id} was due, and is not stored")


class Crew:
    """Two workers and a stop worker; ``turn`` does what is claimed, in a hand."""

    hands = WORKERS * THREADS + STOP_THREADS

    def __init__(
        self, store: Store, settings: Settings, hands: Hands, watch: Stopwatch, turn: Callable[[Claim], None]
    ) -> None:
        self._hands = hands
        self._watch = watch
        self._turn = turn
        kinds = [(dispatcher.GENERAL, THREADS)] * WORKERS + [((Lane.STOP,), STOP_THREADS)]
        self._all = [
            Looking(store, settings, lanes, dispatcher.Hands(limit), self._send, f"simulated-{number}")
            for number, (lanes, limit) in enumerate(kinds)
        ]
        self._looking = self._all[0]
        self._sent: list[Job] = []
        client: Any = store.client
        self._wake = client.pubsub()
        self._channel = store.keys("wake")
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self._wake)
        self._wake.subscribe(self._channel)
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    @property
    def next_look(self) -> float:
        return min(one.alarm.at for one in self._all)

    def look(self) -> None:
        """All that look at this instant, until none of them is woken by what the others did."""
        now = self._hands.monotonic()
        self._hear()
        while ready := [one for one in self._all if one.alarm.at <= now]:
            for one in ready:
                self._look(one, now)
            self._hear()

    def _look(self, one: Looking, now: float) -> None:
        self._looking, began = one, time.thread_time()
        one.look(now)
        self._watch.add(CLAIM if self._sent else EMPTY, time.thread_time() - began)
        if one.alarm.at <= now and not self._sent:
            one.alarm.at = now + TICK  # it would look again at once, and no time passes here meanwhile
        sent, self._sent = self._sent, []
        for job in sent:  # now that it sleeps: no turn is over before the look that sent it
            self._hands.begin(job)

    def _send(self, claim: Claim) -> None:
        worker = self._looking

        def job() -> None:
            try:
                self._turn(claim)
            finally:
                worker.freed(claim.token)

        self._sent.append(job)

    def _hear(self) -> None:
        """Whatever was published until now: the answer to a PING comes after it."""
        self._wake.ping()
        while (heard := self._wake.get_message(timeout=1.0)) is None or heard["type"] != "pong":
            if heard is not None and heard["type"] == "message":
                for one in self._all:
                    one.alarm.hear(float(heard["data"].split()[1]))
