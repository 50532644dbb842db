"""What needs a person now, the most urgent first: pure, from what the board shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from recorder_tasks.core.session import Ending, State
from recorder_tasks.flow.orphans import Orphan
from recorder_tasks.recording import Recording
from recorder_tasks.web.board import Snapshot

LATE = timedelta(seconds=10)  # after the planned start; before that nobody need look
HEARD = 15.0


class Urgency(IntEnum):
    """How soon somebody should look; the page shows it by colour, sign and word."""

    NOW = 1
    SOON = 2
    LATER = 3


@dataclass(frozen=True)
class Matter:
    """One thing to look at. ``kind`` names the sentence; ``detail`` is what the recording says itself."""

    urgency: Urgency
    kind: str
    recording: Recording | None = None
    orphan: Orphan | None = None
    detail: str = ""

    @property
    def key(self) -> str:
        about = self.recording.session_id if self.recording else self.orphan.name if self.orphan else ""
        return f"{self.kind}:{about}:{self.detail if not about else ''}"


def matters(board: Snapshot) -> list[Matter]:
    """All there are, by urgency and then by time."""
    found = [
        *_processes(board.overview, board.trouble),
        *(each for row in board.rows.values() for each in _of_recording(row.recording, board.at)),
        *(Matter(Urgency.SOON, "orphan", orphan=orphan) for orphan in board.orphans),
    ]
    return sorted(found, key=lambda each: (each.urgency, _time(each, board.at), each.key))


def _time(matter: Matter, now: datetime) -> datetime:
    return matter.recording.start if matter.recording else matter.orphan.since if matter.orphan else now


def _processes(overview: Mapping[str, Any], trouble: str | None) -> Iterator[Matter]:
    if trouble is not None:
        yield Matter(Urgency.NOW, "redis", detail=trouble)
        return
    lanes = [set(info.get("lanes", ())) for info in overview.get("workers", {}).values()]
    if not any("start" in served for served in lanes):
        yield Matter(Urgency.NOW, "no_worker")
    if not any(served == {"stop"} for served in lanes):
        yield Matter(Urgency.LATER if any(lanes) else Urgency.NOW, "no_stopper")
    if not any(info.get("beat") for info in overview.get("workers", {}).values()):
        yield Matter(Urgency.LATER, "no_beat")


def _of_recording(one: Recording, now: datetime) -> Iterator[Matter]:
    why = one.diagnosis.title if one.diagnosis else one.reason or ""
    for alert in one.alerts:
        if not one.state.final:
            yield Matter(Urgency.NOW, alert, one, detail=why)
    if one.state in (State.SCHEDULED, State.STARTING) and now > one.start + LATE:
        yield Matter(Urgency.NOW, "late", one, detail=why)
    elif one.state is State.RECORDING and is_missing(one):
        yield Matter(Urgency.SOON, "missing", one, detail=why)
    elif one.state in (State.FAILED, State.MISSED):
        yield Matter(Urgency.SOON, one.state.value, one, detail=why)
    elif one.outcome in (Ending.PARTIAL, Ending.EMPTY):
        yield Matter(Urgency.LATER, one.outcome.value, one, detail=why)


def is_missing(one: Recording) -> bool:
    """Whether every recorder of it that is not over is being looked for."""
    living = [take for take in one.takes if take.ended_at is None]
    return bool(living) and all(take.missing_since is not None for take in living)
