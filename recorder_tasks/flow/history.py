"""What became of a schedule: its recordings, missed and withdrawn ones too, and who changed it in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recorder_tasks.flow.desk import Desk
from recorder_tasks.recording import Recording
from schedules.store import Change, ScheduleStore

PAGE = 200


@dataclass(frozen=True)
class Happening:
    """A recording or a change, at the instant by which it is told."""

    at: datetime
    recording: Recording | None = None
    change: Change | None = None

    def plain(self) -> dict[str, Any]:
        """For machines."""
        if self.recording is not None:
            one = self.recording.model_dump(
                mode="json",
                include={"session_id", "slot", "channel", "start", "end", "state", "outcome", "reason"},
            )
            return {"at": self.at.isoformat(), "kind": "recording", **one}
        assert self.change is not None
        what = {"what": self.change.what, "detail": self.change.detail}
        return {"at": self.at.isoformat(), "kind": "change", **what}


def told_of(desk: Desk, schedules: ScheduleStore, name: str, limit: int) -> list[Happening]:
    """Its recordings and its changes, the newest first, at most ``limit``; of a removed one too."""
    merged = [
        *(Happening(told_at(one), recording=one) for one in _recordings(desk, schedules.now(), name, limit)),
        *(Happening(one.at, change=one) for one in schedules.changes(name, limit)),
    ]
    return sorted(merged, key=lambda one: one.at, reverse=True)[:limit]


def _recordings(desk: Desk, now: datetime, name: str, limit: int) -> list[Recording]:
    """What has begun or is over, withdrawn ones too; all of the latest ``limit`` are among them."""
    kept: list[Recording] = []
    cursor = None
    while True:
        page = desk.find(schedule=name, limit=PAGE, cursor=cursor)
        kept += [one for one in page.recordings if one.finished or one.start <= now]
        cursor = page.cursor
        if cursor is None or sum(told_at(one) >= page.recordings[-1].start for one in kept) >= limit:
            return kept


def told_at(recording: Recording) -> datetime:
    """Its start, or earlier when it was withdrawn."""
    return min(recording.start, recording.finished_at or recording.start)
