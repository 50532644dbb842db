"""When the vendor reads late: a process of its own that asks for its health all the time.

What was sent while the simulator stood still is read in one go, and looks as if it had been sent so.
"""

from __future__ import annotations

import http.client
import sys
import time
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

EVERY = 0.02  # seconds between two questions
PROMPT = 0.01  # an answer within so many seconds is none that came late


class Lateness:
    """``stalls``: (asked, answered) of the questions that waited, in epoch seconds."""

    def __init__(self, stalls: Iterable[tuple[float, float]]) -> None:
        self.stalls = sorted(stalls)
        self._asked = [asked for asked, _ in self.stalls]

    def __call__(self, read: float) -> float:
        """By how many seconds at most a request may have been sent before it was ``read``."""
        index = bisect_right(self._asked, read) - 1
        if index >= 0 and read <= self.stalls[index][1] + PROMPT:
            return read - self.stalls[index][0] + EVERY + PROMPT
        return PROMPT

    @property
    def longest(self) -> float:
        return max((answered - asked for asked, answered in self.stalls), default=0.0)


def read_stalls(path: Path) -> list[tuple[float, float]]:
    """What a probe has written; a line that its end has cut off is none."""
    rows = [line.split() for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [(float(asked), float(answered)) for asked, answered in rows]


def probe(admin_url: str, path: Path) -> None:
    """Until it is killed."""
    address = urlsplit(admin_url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    with path.open("a", buffering=1) as told:
        while True:
            asked = time.time()
            connection.request("GET", f"{address.path}/health")
            connection.getresponse().read()
            answered = time.time()
            if answered - asked > PROMPT:
                told.write(f"{asked:.4f} {answered:.4f}\n")
            time.sleep(EVERY)


if __name__ == "__main__":
    probe(sys.argv[1], Path(sys.argv[2]))
