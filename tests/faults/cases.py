"""A row as a recording: where our process is trapped, and what goes wrong at the vendor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recorder_tasks.flow.asking import session_id_of
from tests.faults.matrix import IN_FLIGHT, VENDOR, Row, Wave

VERB = {"update_layout": "updateLayout"}


@dataclass
class Case:
    """A row as it runs."""

    row: Row
    number: int
    session: str
    base: Path
    wished: bool = False
    faults: list[str] = field(default_factory=list)  # ids of the vendor's faults

    @property
    def channel(self) -> str:
        return f"class-{self.number}"

    @property
    def verb(self) -> str:
        return VERB.get(self.row.step, self.row.step)

    @property
    def at_cut(self) -> Path:
        return self.base / f"{self.number}.cut"

    @property
    def at_point(self) -> Path:
        return self.base / f"{self.number}.point"

    @property
    def trapped(self) -> bool:
        """Whether a trap in our own process brings it to its point, and not the vendor."""
        return not (self.row.victim == "connection" and self.row.point in IN_FLIGHT)

    def traps(self, cut: Path, release: Path) -> Iterator[dict[str, str]]:
        common = {"session": self.session}
        if self.row.cut is not None:
            step, point = self.row.cut
            yield {
                "step": step,
                "point": point,
                "once": str(self.at_cut),
                "release": str(cut),
                **common,
            }
        if self.trapped:
            own = {"step": self.row.step, "point": self.row.point}
            yield {**own, "once": str(self.at_point), "release": str(release), **common}

    def vendor_faults(self) -> Iterator[tuple[dict[str, Any], int]]:
        """What goes wrong at the vendor, in order: the call that is in flight, then the row's own fault."""
        if self.row.point in IN_FLIGHT:
            committed = self.row.point == "after_committed"
            if self.trapped:
                yield {"hang": 60, "commit": committed}, 1
            else:
                yield {"lose": "after" if committed else "before", "reset": True}, 1
        fault, times, _ = VENDOR[self.row.fault]
        if fault is not None:
            yield fault, times

    @property
    def early(self) -> bool:
        """Whether its wish must be known before Redis loses what comes after its start."""
        return self.row.victim == "failover_sid"

    @property
    def offset(self) -> float:
        """When it shall be at its point, after the others: what may not wait for long comes last."""
        if self.row.point == "after_dispatch":
            return 1.5
        if self.row.point in IN_FLIGHT:
            return 1.0
        return 0.0


def cases_of(wave: Wave, base: Path, namespace: str) -> list[Case]:
    return [
        Case(row, number, session_id_of(f"class-{number}", namespace), base)
        for number, row in enumerate(wave.rows)
    ]
