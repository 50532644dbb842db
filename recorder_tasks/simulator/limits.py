"""How many requests a second the vendor takes (facts 5.2, 12.14)."""

from __future__ import annotations

from collections import defaultdict, deque

WINDOW = 1.0  # seconds


class Windows:
    """Sliding one-second windows. Only what was let through counts."""

    def __init__(self) -> None:
        self._passed: dict[str, deque[float]] = defaultdict(deque)

    def full(self, name: str, most: int, now: float) -> bool:
        passed = self._passed[name]
        while passed and passed[0] <= now - WINDOW:
            passed.popleft()
        return len(passed) >= most

    def count(self, name: str, now: float) -> None:
        self._passed[name].append(now)
