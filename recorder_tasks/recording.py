"""A recording as callers see it: the session with its takes and files, instants as aware datetimes (UTC)."""

from __future__ import annotations

from datetime import UTC, datetime

from recorder_tasks.core.outcome import FileSource, Frozen, Instant, Mode, Upload
from recorder_tasks.core.session import End, Ending, Session, State, Take


def when(at: Instant | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _sure(at: Instant) -> datetime:
    return datetime.fromtimestamp(at, UTC)


class File(Frozen):
    """A recorded file: its path in the bucket, and who told us of it."""

    name: str
    source: FileSource
    track: str | None = None
    uid: str | None = None
    playable: bool | None = None
    started_at: datetime | None = None


class TakeView(Frozen):
    """One run of a recorder for the recording."""

    uid: int
    resource_id: str
    sid: str | None
    sent_at: datetime
    accepted_at: datetime | None
    confirmed_at: datetime | None
    alive_at: datetime | None
    status: int | None
    missing_since: datetime | None
    ended_at: datetime | None
    end: End | None
    upload: Upload | None
    files: tuple[File, ...]


class Recording(Frozen):
    """What was asked for, what became of it, and every file with where it should be in storage (P7)."""

    session_id: str
    state: State
    outcome: Ending | None
    reason: str | None
    app: str
    channel: str
    mode: Mode
    profile: str
    storage: str
    labels: dict[str, str]
    schedule: str | None  # the schedule that it is an occurrence of, its slot, and the rule's revision then
    slot: str | None
    revision: str | None
    begins: datetime  # when a recorder is asked for: start, or earlier by its place before the bell
    created_at: datetime
    start: datetime
    end: datetime
    deadline: datetime
    stop_asked_at: datetime | None
    finished_at: datetime | None
    settled: bool
    alerts: tuple[str, ...]
    takes: tuple[TakeView, ...]

    @property
    def files(self) -> tuple[File, ...]:
        return tuple(file for take in self.takes for file in take.files)

    @property
    def finished(self) -> bool:
        return self.state.final


def view(session: Session) -> Recording:
    """The public form of a stored session."""
    return Recording(
        session_id=session.id,
        state=session.state,
        outcome=session.ending,
        reason=session.reason,
        app=session.app,
        channel=session.channel,
        mode=session.mode,
        profile=session.profile,
        storage=session.storage,
        labels=session.labels,
        schedule=session.origin.schedule if session.origin else None,
        slot=session.origin.slot if session.origin else None,
        revision=session.origin.revision if session.origin else None,
        begins=_sure(session.begins_at),
        created_at=_sure(session.created_at),
        start=_sure(session.start),
        end=_sure(session.end),
        deadline=_sure(session.deadline),
        stop_asked_at=when(session.stop_at),
        finished_at=when(session.final_at),
        settled=session.settled_at is not None,
        alerts=session.alerted,
        takes=tuple(_take(take) for take in session.takes),
    )


def _take(take: Take) -> TakeView:
    return TakeView(
        uid=take.uid,
        resource_id=take.resource_id,
        sid=take.sid,
        sent_at=_sure(take.sent_at),
        accepted_at=when(take.accepted_at),
        confirmed_at=when(take.confirmed_at),
        alive_at=when(take.alive_at),
        status=take.status[1] if take.status else None,
        missing_since=when(take.missing[0]) if take.missing else None,
        ended_at=when(take.end[1]) if take.end else None,
        end=take.end[0] if take.end else None,
        upload=take.upload,
        files=tuple(
            File(**file.model_dump(exclude={"started_at"}), started_at=when(file.started_at))
            for file in take.files
        ),
    )
