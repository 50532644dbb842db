"""The vendor as far as the lifecycle can notice: resources, recorders with the uid fence, and their ends.

The harsher reading everywhere: refusals spend the resource, a repeated start may hide the sid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from recorder_tasks.core.evidence import Notice
from recorder_tasks.core.outcome import FileSource, Instant, Kind, RecordedFile, Step, Upload
from recorder_tasks.core.session import Signal

RESOURCE_LIFE = 300.0
EXIT_SECONDS = 3.0
EXIT, FAILOVER, LEAVE = 11, 12, 41  # events
Answer = dict[str, Any]


@dataclass
class Recorder:
    """One billed run, and how it ended."""

    uid: int
    rid: str
    sid: str
    began: Instant
    ended: Instant | None = None
    ended_by: str | None = None
    hidden_until: Instant = 0.0
    missed: bool = False  # it was out of sight for longer than any migration
    stuck: bool = False
    broken: bool = False
    data: bool = False
    upload: Upload | None = None
    empty_since: Instant | None = None
    line: int = 0
    expires_at: Instant | None = None  # of its token

    @property
    def alive(self) -> bool:
        return self.ended is None


@dataclass
class Vendor:
    """Answers calls at once; what gets lost on the way is the world's business."""

    now: Instant
    max_idle: float
    people: bool = True
    names_sid: bool = False
    full: bool = False
    upload: Upload = Upload.UPLOADED
    strangers: set[int] = field(default_factory=set)
    resources: dict[str, tuple[int, Instant]] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    recorders: dict[str, Recorder] = field(default_factory=dict)
    callbacks: list[Notice] = field(default_factory=list)  # on their way, or to be told later

    @property
    def alive(self) -> list[Recorder]:
        return [recorder for recorder in self.recorders.values() if recorder.alive]

    def pass_to(self, now: Instant) -> None:
        for recorder in self.alive:
            if recorder.expires_at is not None and now >= recorder.expires_at:
                self.end(recorder, recorder.expires_at, "token")
                continue
            if self.people:
                recorder.data, recorder.empty_since = True, None
                continue
            if recorder.empty_since is None:
                recorder.empty_since = self.now
            if now >= recorder.empty_since + self.max_idle:
                self.end(recorder, recorder.empty_since + self.max_idle, "idle")
        self.now = now

    def end(self, recorder: Recorder, at: Instant, by: str) -> None:
        if recorder.alive:
            recorder.ended, recorder.ended_by = at, by
            self._tell(recorder, at, LEAVE)
            self._tell(recorder, at, EXIT)

    def migrate(self, recorder: Recorder, seconds: float) -> None:
        """Out of sight for so long, and then another's callbacks tell of it."""
        recorder.hidden_until = self.now + seconds
        self._tell(recorder, recorder.hidden_until, FAILOVER)

    def _tell(self, recorder: Recorder, at: Instant, event: int | None = None) -> None:
        signal = None if event is None else Signal(at=at, event=event)
        self.callbacks.append(Notice(at=at, sid=recorder.sid, uid=recorder.uid, signal=signal))

    def acquire(self, uid: int) -> Answer:
        if self.full:
            return {"kind": Kind.CAPACITY}
        rid = f"r{len(self.resources)}"
        self.resources[rid] = (uid, self.now)
        return {"kind": Kind.ACCEPTED, "resource_id": rid, "uid": uid}

    def start(self, rid: str, line: int = 0, expires_at: Instant | None = None) -> Answer:
        recorder = self.recorders.get(rid)
        uid, acquired = self.resources[rid]
        if recorder is not None and recorder.alive:
            sid = recorder.sid if self.names_sid else None
            return {"kind": Kind.ALREADY_RUNNING, "sid": sid}
        if recorder is not None or rid in self.spent:
            return {"kind": Kind.PERMANENT}
        if self.now > acquired + RESOURCE_LIFE or self.full:
            self.spent.add(rid)
            return {"kind": Kind.RESOURCE_DEAD}
        if uid in self.strangers or any(other.uid == uid for other in self.alive):
            self.spent.add(rid)
            return {"kind": Kind.CONFLICT}
        self.recorders[rid] = Recorder(
            uid, rid, f"sid-{rid}", self.now, data=self.people, line=line, expires_at=expires_at
        )
        self._tell(self.recorders[rid], self.now)
        return {"kind": Kind.ACCEPTED, "sid": f"sid-{rid}"}

    def _found(self, rid: str) -> Recorder | None:
        recorder = self.recorders[rid]
        gone = recorder.ended is not None and self.now > recorder.ended + EXIT_SECONDS
        return None if gone or self.now < recorder.hidden_until else recorder

    def query(self, rid: str) -> Answer:
        recorder = self._found(rid)
        if recorder is None:
            return {"kind": Kind.NOT_FOUND}
        if recorder.broken:
            return {"kind": Kind.ACCEPTED, "status": 20}
        if not recorder.alive:
            return {"kind": Kind.ACCEPTED, "status": 7}
        young = self.now < recorder.began + 3
        return {"kind": Kind.ACCEPTED, "status": 2 if young or recorder.stuck else 5}

    def update(self, rid: str) -> Answer:
        return {"kind": Kind.ACCEPTED if self._found(rid) else Kind.NOT_FOUND}

    def stop(self, rid: str) -> Answer:
        recorder = self._found(rid)
        if recorder is None:
            return {"kind": Kind.NOT_FOUND}
        if not recorder.alive:
            return {"kind": Kind.ALREADY_STOPPING}
        self.end(recorder, self.now, "stop")
        if not recorder.data:
            return {"kind": Kind.EMPTY}
        recorder.upload = self.upload
        file = RecordedFile(name=f"{recorder.sid}.m3u8", source=FileSource.STOP)
        return {"kind": Kind.ACCEPTED, "upload": self.upload, "files": (file,)}

    def ban(self, uid: int) -> Answer:
        for recorder in self.alive:
            if recorder.uid == uid:
                self.end(recorder, self.now, "ban")
        return {"kind": Kind.ACCEPTED, "ban": True}

    def answer(self, step: Step, uid: int, rid: str | None, *, named: bool) -> Answer:
        if step is Step.ACQUIRE:
            return self.acquire(uid)
        assert rid is not None
        if step is Step.STOP:
            return self.stop(rid) if named else self.ban(uid)
        return self.query(rid) if step is Step.QUERY else self.update(rid)
