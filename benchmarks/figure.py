"""A figure: ours and a peer's, measured alternately in the same run on the same server."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True)
class Figure:
    """``better``: whether a lower or a higher value is. ``n``: how many measurements stand behind each side.

    ``peer`` None: there is nobody to compare with. ``goal``: the ratio that is aimed at, None: report only.
    ``sides``: the value of every peer by its name, where there are several.
    """

    name: str
    ours: float
    peer: float | None
    peer_name: str
    unit: str
    better: Literal["lower", "higher"]
    n: int
    notes: str = ""
    goal: float | None = None
    sides: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return None if not self.peer else self.ours / self.peer

    @property
    def reached(self) -> bool | None:
        if self.ratio is None or self.goal is None:
            return None
        return self.ratio <= self.goal if self.better == "lower" else self.ratio >= self.goal

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "ratio": self.ratio, "reached": self.reached}


def alternately(rounds: int, sides: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """Each side measured ``rounds`` times in turn; the median of each, so that a slow moment hits both."""
    seen: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        order = list(sides) if number % 2 == 0 else list(sides)[::-1]
        for name in order:
            seen[name].append(sides[name]())
    return {name: statistics.median(values) for name, values in seen.items()}


def seconds(do: Callable[[], object]) -> float:
    """How long it took."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def percentile(values: Iterable[float], share: float) -> float:
    """0.5 the median, 0.99 what one in a hundred exceeds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def keep(figures: Iterable[Figure], path: Path = RESULTS) -> None:
    """Writes them beside those of other names that were measured before."""
    known = {one["name"]: one for one in json.loads(path.read_text())} if path.is_file() else {}
    known |= {one.name: one.as_json() for one in figures}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([known[name] for name in sorted(known)], indent=2) + "\n")
