"""The app's request rate, shared by the whole fleet: slots out of one Lua function (P5)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

RANKS = 6
FARTHEST = 1.0  # seconds; the script relies on it


@dataclass(frozen=True)
class SlotRequest:
    """A wish for a slot: ``qps`` (0: no limit), ``spread`` (J, seconds), ``rank`` (0 goes first), ``ahead``.

    ``ahead``: how many seconds in the future a slot may lie for the caller to wait for it.
    """

    qps: float
    spread: float
    rank: int
    ahead: float = 0.3

    def __post_init__(self) -> None:
        if not 0 <= self.rank < RANKS:
            raise ValueError(f"rank: {self.rank} is not within 0..{RANKS - 1}")
        if not 0 <= self.ahead <= FARTHEST:
            raise ValueError(f"ahead: {self.ahead:g} s is not within 0..{FARTHEST:g}")
        if self.spread < 0:
            raise ValueError(f"spread: {self.spread:g} s is below 0")


class Budget:
    """Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def slot(self, app: str, request: SlotRequest) -> Instant | None:
        """One more slot for an attempt that begin did not pay for; None when there is none in time."""
        ask = {"app": app, "slots": asdict(request)}
        at = self._scripts("slot", [self._keys("clock")], self._keys.prefix, ask)
        return float(at) if at else None

    def state(self, app: str) -> dict[str, float]:
        """The next free slot, and how many were granted and refused."""
        with redis_errors():
            found: dict[bytes, bytes] = self._client.hgetall(self._keys("budget", app))  # type: ignore[assignment]
        return {name.decode(): float(value) for name, value in found.items() if b":" not in name}
