"""A recording as callers see it: the session with its takes and files, instants as aware datetimes (UTC)."""

from __future__ import annotations

from datetime import UTC, datetime

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.causes import Likelihood
from recorder_tasks.core.diagnosis import SHORT, first_cause
from recorder_tasks.core.endings import unverified
from recorder_tasks.core.nets import nets_under, orphaned
from recorder_tasks.core.outcome import FileSource, Frozen, Instant, Mode, Upload
from recorder_tasks.core.session import End, Ending, Session, State, Take

DEFAULT_CADENCE = Cadence()
RELIEVED = "; another recorder takes over before that"


def when(at: Instant | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _sure(at: Instant) -> datetime:
    return datetime.fromtimestamp(at, UTC)


class File(Frozen):
    """A recorded file: its path in the bucket, who told us of it, and since when it was seen there, whole.

    ``found_as``: the name under which it is there, if not its own (an index that was uploaded late).
    """

    name: str
    source: FileSource
    track: str | None = None
    uid: str | None = None
    playable: bool | None = None
    started_at: datetime | None = None
    found_at: datetime | None = None
    found_as: str | None = None


class Missing(Frozen):
    """What the latest look into the bucket did not find: ``names`` the first few of ``count`` objects.

    ``trouble``: why it could not be looked, or why nobody can say whether all is there.
    """

    looked_at: datetime
    names: tuple[str, ...]
    count: int
    trouble: str | None


class Bound(Frozen):
    """A net under the stop: ``by`` token, page or idle; ``until`` when it ends the recorder at the latest."""

    by: str
    until: datetime | None
    says: str


class TakeView(Frozen):
    """One run of a recorder for the recording."""

    line: int  # of a redundant pair, which of the two it belongs to
    uid: int
    resource_id: str
    sid: str | None
    orphan: bool  # it may be running, and nobody can stop it by name
    sent_at: datetime
    expires_at: datetime | None  # its token: the vendor ends it then
    accepted_at: datetime | None
    confirmed_at: datetime | None
    alive_at: datetime | None
    status: int | None
    missing_since: datetime | None
    ended_at: datetime | None
    end: End | None
    upload: Upload | None
    files: tuple[File, ...]
    verified_at: datetime | None
    missing: Missing | None


class Diagnosis(Frozen):
    """The likeliest cause of what is wrong, and what to do about it."""

    code: str
    likelihood: Likelihood
    title: str
    advice: str


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
    redundancy: int  # recorders at a time
    bounded_by: tuple[Bound, ...]  # what ends its recorder even if all of ours is dead; none once it is over
    diagnosis: Diagnosis | None  # why there is no (whole) recording; `recorder diagnose` tells more
    takes: tuple[TakeView, ...]

    @property
    def files(self) -> tuple[File, ...]:
        return tuple(file for take in self.takes for file in take.files)

    @property
    def finished(self) -> bool:
        return self.state.final


def view(session: Session, cadence: Cadence = DEFAULT_CADENCE) -> Recording:
    """The public form of a stored session; what is wrong with it is judged by ``cadence``."""
    cause = first_cause(session, cadence)
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
        redundancy=session.redundancy,
        bounded_by=_bounds(session, cadence),
        diagnosis=None if cause is None else Diagnosis(**cause.model_dump(include=SHORT)),
        takes=tuple(_take(take) for take in session.takes),
    )


def _bounds(session: Session, cadence: Cadence) -> tuple[Bound, ...]:
    """Of the latest recorder that may be running; of the first one to come, while there is none yet."""
    living = [take for take in session.takes if not takes.over(take, cadence)]
    if session.state.final and not living:
        return ()
    latest = living[-1] if living else None
    relieved = latest is not None and takes.rolls_over_at(session, latest, cadence) is not None
    return tuple(
        Bound(
            by=net.by,
            until=when(net.until),
            says=net.says + (RELIEVED if relieved and net.until is not None else ""),
        )
        for net in nets_under(session, latest, cadence)
    )


def _take(take: Take) -> TakeView:
    return TakeView(
        line=take.line,
        uid=take.uid,
        resource_id=take.resource_id,
        sid=take.sid,
        orphan=orphaned(take),
        sent_at=_sure(take.sent_at),
        expires_at=when(take.expires_at),
        accepted_at=when(take.accepted_at),
        confirmed_at=when(take.confirmed_at),
        alive_at=when(take.alive_at),
        status=take.status[1] if take.status else None,
        missing_since=when(take.missing[0]) if take.missing else None,
        ended_at=when(take.end[1]) if take.end else None,
        end=take.end[0] if take.end else None,
        upload=take.upload,
        files=tuple(
            File(
                **file.model_dump(exclude={"started_at", "found_at"}),
                started_at=when(file.started_at),
                found_at=when(file.found_at),
            )
            for file in take.files
        ),
        verified_at=None if unverified(take) else when(take.verified_at),
        missing=_missing(take),
    )


def _missing(take: Take) -> Missing | None:
    look = take.look
    if look is None or not unverified(take):
        return None
    return Missing(looked_at=_sure(look.at), names=look.missing, count=look.count, trouble=look.trouble)
