"""Recordings as the pages get them, made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from recorder_tasks.core.outcome import Mode
from recorder_tasks.core.session import End, State
from recorder_tasks.recording import Recording, TakeView

DAY = datetime(2027, 3, 8, tzinfo=UTC)


def a_take(
    accepted: datetime,
    *,
    ended: datetime | None = None,
    missing: datetime | None = None,
    end: End | None = None,
    uid: int = 1,
    **more: Any,
) -> TakeView:
    members: dict[str, Any] = {
        "line": 0,
        "uid": uid,
        "resource_id": f"resource-{uid}",
        "sid": f"{uid:032x}",
        "orphan": False,
        "sent_at": accepted,
        "expires_at": None,
        "accepted_at": accepted,
        "confirmed_at": accepted,
        "alive_at": accepted,
        "status": 5,
        "missing_since": missing,
        "ended_at": ended,
        "end": end,
        "upload": None,
        "files": (),
        "verified_at": None,
        "missing": None,
    }
    return TakeView(**members | more)


def a_recording(*, start: datetime, end: datetime | None = None, number: int = 0, **more: Any) -> Recording:
    ends = end or start + timedelta(hours=1)
    members: dict[str, Any] = {
        "session_id": f"r-{number:020x}",
        "state": State.SCHEDULED,
        "outcome": None,
        "reason": None,
        "app": "default",
        "channel": "math-7b",
        "mode": Mode.MIX,
        "profile": "default",
        "storage": "default",
        "labels": {},
        "schedule": None,
        "slot": None,
        "revision": None,
        "begins": start,
        "created_at": start,
        "start": start,
        "end": ends,
        "deadline": ends,
        "stop_asked_at": None,
        "finished_at": None,
        "settled": False,
        "alerts": (),
        "redundancy": 1,
        "bounded_by": (),
        "diagnosis": None,
        "takes": (),
    }
    return Recording(**members | more)
