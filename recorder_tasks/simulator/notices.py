"""Callbacks waiting to be sent: lost, doubled and put out of order when that is asked for (facts 6.3)."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from recorder_tasks.simulator.events import ADVISED, Notice, checked, payload_of
from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.tasks import Task

DELIVERIES = 20_000
LONGEST_DELAY = 3600
DISORDER = 5.0  # seconds by which a callback is held back at most


@dataclass(frozen=True)
class Target:
    """Where callbacks go. ``loss`` and ``duplicate`` are probabilities; ``delay``: seconds, of every one."""

    url: str = ""
    secret: str = field(default="", repr=False)
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: bool = False
    delay: float = 0.0
    seed: int | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Target:
        """Raises ValueError naming what is wrong."""
        unknown = set(body) - {"url", "secret", "loss", "duplicate", "reorder", "delay", "seed"}
        if unknown:
            raise ValueError(f"callbacks: no member {', '.join(sorted(unknown))}")
        for name in ("loss", "duplicate"):
            if not isinstance(body.get(name, 0), int | float) or not 0 <= body.get(name, 0) <= 1:
                raise ValueError(f"{name}: {body[name]!r} is not within 0..1")
        delay = body.get("delay", 0)
        if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay <= LONGEST_DELAY:
            raise ValueError(f"delay: {delay!r} is not within 0..{LONGEST_DELAY} seconds")
        url = body.get("url", "")
        if not isinstance(url, str) or (url and not url.startswith(("http://", "https://"))):
            raise ValueError("url: not an http or https address")
        return cls(**body)

    def shown(self) -> dict[str, Any]:
        """Without the secret."""
        return {
            "url": self.url,
            "loss": self.loss,
            "duplicate": self.duplicate,
            "reorder": self.reorder,
            "delay": self.delay,
            "seed": self.seed,
        }


class Notices:
    """The queue. Nothing is kept while no URL is set; sequence numbers are taken all the same."""

    def __init__(self, rng: random.Random) -> None:
        self.target = Target()
        self.waiting: list[tuple[float, int, Notice]] = []
        self.log: deque[dict[str, Any]] = deque(maxlen=DELIVERIES)
        self._rng = rng
        self._chance = random.Random()
        self._count = 0

    def aim(self, target: Target) -> None:
        self.target = target
        self._chance = random.Random(target.seed)

    def emit(self, task: Task, event_type: int, at: float, **details: Any) -> None:
        """A task's event at ``at``, which may lie ahead."""
        payload = payload_of(task, event_type, at, details)
        if not self.target.url:
            return
        notice = Notice(f"{self._rng.getrandbits(128):032x}", event_type, task.sid, payload, at)
        if self._chance.random() < self.target.loss:
            self.note(notice, at, error="lost on purpose")
            return
        self.push(replace(notice, due=self._sent_at(at)))
        if self._chance.random() < self.target.duplicate:
            self.push(replace(notice, due=self._sent_at(at), payload=deepcopy(payload)))

    def _sent_at(self, at: float) -> float:
        held = self._chance.random() * DISORDER if self.target.reorder else 0.0
        return at + self.target.delay + held

    def test(self, now: float) -> list[str]:
        """The console's check of the address: an event of each advised type; their notice ids (6.3)."""
        notices = [
            Notice(f"{self._rng.getrandbits(128):032x}", event_type, "", checked(event_type, now), now)
            for event_type in ADVISED
        ]
        for notice in notices:
            self.push(notice)
        return [notice.notice_id for notice in notices]

    def push(self, notice: Notice) -> None:
        self._count += 1
        heapq.heappush(self.waiting, (notice.due, self._count, notice))

    def due(self, now: float) -> list[Notice]:
        """Takes out what is to be sent at ``now``."""
        ready = []
        while self.waiting and self.waiting[0][0] <= now:
            ready.append(heapq.heappop(self.waiting)[2])
        return ready

    def next_due(self) -> float | None:
        return self.waiting[0][0] if self.waiting else None

    def settled(self, notice: Notice, now: float, status: int | None, settings: SimulatorSettings) -> None:
        """A try has ended. Anything but 200 is sent again, three times at most (6.3)."""
        self.note(notice, now, status=status, error=None if status == 200 else "not accepted")
        if status != 200 and notice.attempt < len(settings.callback_retries):
            gap = settings.callback_retries[notice.attempt]
            self.push(replace(notice, due=now + gap, attempt=notice.attempt + 1))

    def note(self, notice: Notice, at: float, status: int | None = None, error: str | None = None) -> None:
        self.log.append(
            {
                "at": at,
                "notice_id": notice.notice_id,
                "event_type": notice.event_type,
                "sid": notice.sid,
                "sequence": notice.payload.get("sequence"),
                "attempt": notice.attempt,
                "status": status,
                "error": error,
            }
        )
