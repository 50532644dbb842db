"""One recorder: what it was told, what it has recorded, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from recorder_tasks.simulator.validation.start import Plan

FAILED = 20


@dataclass
class Resource:
    """A reservation. ``spent``: refused once, or its task has ended, so that it never starts again.

    ``start_parameter`` is the fingerprint of acquire's startParameter, to be compared at start (2.3).
    """

    resource_id: str
    app_id: str
    cname: str
    uid: str
    scene: int
    hours: int
    issued_at: float
    expires_at: float
    region: str | None = None
    start_parameter: str | None = None
    sid: str | None = None
    spent: bool = False


@dataclass
class Heard:
    """Since when somebody's audio and video have been recorded (epoch seconds)."""

    audio_at: float | None = None
    video_at: float | None = None


@dataclass
class Run:
    """The files of one recorder process; each migration opens the next (8.1)."""

    began_at: float
    heard: dict[str, Heard] = field(default_factory=dict)


@dataclass
class Doom:
    """Why an accepted start dies soon: ``code`` goes into event 1 (4.4), or into 71 for a web page."""

    cause: str
    code: int
    module: int = 0


@dataclass
class Task:
    """A recorder from the accepted start until nothing but 404 is left. Times are epoch seconds.

    ``objects``: what has been uploaded, by name; ``bucket_error``: why the latest try did not get through.
    ``timers`` holds at most one pending instant of each kind; the agenda acts on no other.
    """

    sid: str
    resource_id: str
    app_id: str
    cname: str
    uid: str
    mode: str
    region: str | None
    plan: Plan
    started_at: float
    control_until: float
    uid_in_channel: int
    status: int = 0
    joined_at: float | None = None
    first_file_at: float | None = None
    idle_since: float | None = None
    onhold: bool = False
    runs: list[Run] = field(default_factory=list)
    doom: Doom | None = None
    migrations: int = 0
    away_until: float | None = None
    ended_at: float | None = None
    ended_by: str | None = None
    uploaded_at: float | None = None
    gone_at: float | None = None
    upload: str | None = None
    stopped_calls: int = 0
    sequence: int = 0
    layout: dict[str, Any] | None = None
    bucket_fault: str | None = None
    bucket_late: float = 0.0
    bucket_error: str | None = None
    objects: list[str] = field(default_factory=list)
    timers: dict[str, float] = field(default_factory=dict)

    @property
    def triple(self) -> tuple[str, str, str]:
        return self.app_id, self.cname, self.uid

    @property
    def alive(self) -> bool:
        return self.ended_at is None

    @property
    def recorded(self) -> bool:
        """Whether anything at all has been recorded."""
        return any(run.heard for run in self.runs)

    def answers(self, now: float) -> bool:
        """Whether the control calls find it; else they get 404 (5.3)."""
        if self.away_until is not None and now < self.away_until:
            return False
        return self.gone_at is None or now < self.gone_at

    def status_at(self, now: float) -> int:
        """The status that query shows (3.4): after stop 6, 7, 8 until it is gone."""
        if self.ended_at is None or self.status == FAILED:
            return self.status
        if self.ended_by != "stop" or self.gone_at is None:
            return 8
        passed = (now - self.ended_at) / max(self.gone_at - self.ended_at, 1e-9)
        return 6 + min(2, int(passed * 3))

    def billed(self, now: float) -> float:
        """Seconds from joining to the end, idle time included (5.7)."""
        if self.joined_at is None:
            return 0.0
        return max(0.0, (now if self.ended_at is None else self.ended_at) - self.joined_at)
