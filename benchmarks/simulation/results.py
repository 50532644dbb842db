"""What simulations have found: the model's constants, and one run of each size."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[1] / "results" / "simulation.json"
BAD = ("limited", "starved", "lost", "repairs", "absent", "short", "too_long", "doubled")


@dataclass
class Results:
    """``runs``: by size, one of each (recordings, apps)."""

    model: dict[str, Any] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    path: Path = PATH

    @classmethod
    def read(cls, path: Path = PATH) -> Results:
        if not path.is_file():
            return cls(path=path)
        found = json.loads(path.read_text())
        return cls(found["model"], found["runs"], path)

    def keep_model(self, parts: dict[str, Any]) -> None:
        """Constants beside those of other kinds that were measured before."""
        self.model |= parts
        self._write()

    def keep_run(self, run: dict[str, Any]) -> None:
        """A run beside those of other sizes."""
        others = [one for one in self.runs if _size(one) != _size(run)]
        self.runs = sorted([*others, run], key=_size)
        self._write()

    def _write(self) -> None:
        """All or nothing: an interrupted run leaves the older results as they were."""
        self.path.parent.mkdir(exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"model": self.model, "runs": self.runs}, indent=2) + "\n")
        fresh.replace(self.path)


def put_off(run: dict[str, Any]) -> int:
    """Turns that were claimed and found no slot."""
    return sum(count for name, count in run["turns"].items() if name.endswith("put off"))


def _size(run: dict[str, Any]) -> tuple[int, int]:
    return run["recordings"], run["apps"]
