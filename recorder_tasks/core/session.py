"""A session is our durable record of one wanted recording; a take is one run of a recorder for it.

Both are frozen. Only :mod:`.lifecycle` (facts and time) and :mod:`.wishes` (people) make the next one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from recorder_tasks.core.outcome import Frozen, Instant, Kind, Mode, RecordedFile, Step, Upload


class State(StrEnum):
    """Where a session is in its journey; :data:`FINAL` states are never left."""

    SCHEDULED = "scheduled"
    STARTING = "starting"
    RECORDING = "recording"
    STOPPING = "stopping"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    MISSED = "missed"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        return self in FINAL


FINAL = frozenset({State.COMPLETED, State.CANCELLED, State.MISSED, State.FAILED})


class Ending(StrEnum):
    """What a completed session amounts to; never more than the vendor has confirmed (P7)."""

    UPLOADED = "uploaded"  # every file is in the customer's storage
    BACKED_UP = "backed_up"  # every file is safe, some still in the vendor's backup (3.5)
    STRANDED = "stranded"  # the vendor still holds files and delivers them later (15.6)
    UNCONFIRMED = "unconfirmed"  # it is over; nobody has said where the files are
    PARTIAL = "partial"  # a recorder was lost or the start was late: part of the time is missing
    EMPTY = "empty"  # nobody published, so nothing was recorded


class Lane(StrEnum):
    """Queues of the due set, the most urgent first."""

    STOP = "stop"
    START = "start"
    CONFIRM = "confirm"
    UPDATE = "update"
    UPDATE_LAYOUT = "update_layout"
    QUERY = "query"
    SETTLE = "settle"


KEPT_TROUBLES = 8


class Trouble(Frozen):
    """Calls that did not settle a question, as a set of (seen at, kind): the latest few.

    Being a function of the *set* of facts, it is the same in whatever order and how often they arrive.
    """

    recent: tuple[tuple[Instant, Kind], ...] = ()

    def add(self, at: Instant, kind: Kind) -> Trouble:
        return Trouble(recent=tuple(sorted({*self.recent, (at, kind)}))[-KEPT_TROUBLES:])

    def since(self, settled: Instant | None) -> Trouble:
        """What is left of it once the question was settled at that instant."""
        if settled is None or not self.recent or self.recent[0][0] > settled:
            return self
        return Trouble(recent=tuple(entry for entry in self.recent if entry[0] > settled))

    @property
    def last(self) -> Instant | None:
        return self.recent[-1][0] if self.recent else None

    @property
    def last_kind(self) -> Kind | None:
        return self.recent[-1][1] if self.recent else None

    @property
    def count(self) -> int:
        return len(self.recent)


class End(StrEnum):
    """How we know that a take is over, the most telling first."""

    STOPPED = "stopped"  # stop answered 200, with or without files
    EMPTY = "empty"  # stop answered 206/435: nothing was recorded
    UPLOAD_SLOW = "upload_slow"  # stop answered code 50
    ALREADY_STOPPING = "already_stopping"  # stop answered 49
    BANNED = "banned"  # its uid was banned from the channel, since no sid was known

    @property
    def rank(self) -> int:
        return tuple(End).index(self)


class Take(Frozen):
    """One run of a recorder: (uid, resource, sid) and every fact that was learnt of it.

    Each member is a join over the facts that touch it (earliest, latest, best ranked, union), which is why
    facts may arrive in any order and more than once.
    """

    uid: int
    resource_id: str
    acquired_at: Instant
    sent_at: Instant  # start's intent, saved before the first start call
    resent_at: Instant | None = None  # the latest intent to repeat that very call
    sid: str | None = None
    accepted_at: Instant | None = None  # earliest 200 to start, or 201
    start_trouble: Trouble = Trouble()  # calls that may have started it
    reused: bool = False  # an earlier take of the session may still run under this uid
    refused: tuple[Instant, Kind] | None = None  # the most telling refusal of start, of these the earliest
    refusal_reason: str | None = None
    confirmed_at: Instant | None = None  # earliest query that saw it ready or recording
    alive_at: Instant | None = None  # latest answer of a living recorder
    status: tuple[Instant, int] | None = None  # latest status, and when it was seen
    missing: tuple[Instant, ...] = ()  # 404s since alive_at: an episode
    query_trouble: Trouble = Trouble()
    stop_sent_at: Instant | None = None  # earliest intent to stop
    stop_trouble: Trouble = Trouble()
    stop_missed_at: Instant | None = None  # latest 404 to a stop
    end: tuple[End, Instant] | None = None  # the most telling answer to stop
    upload: Upload | None = None
    files: tuple[RecordedFile, ...] = ()
    update: tuple[Instant, str] | None = None  # latest change that the vendor took, by id
    layout: tuple[Instant, str] | None = None
    change_trouble: Trouble = Trouble()

    @property
    def recorded(self) -> bool:
        """A recorder was given to us, so there may be files."""
        return self.sid is not None or self.accepted_at is not None


class Reservation(Frozen):
    """A resource that acquire gave us and no start has used; good for five minutes (5.1)."""

    uid: int
    resource_id: str
    acquired_at: Instant


class Change(Frozen):
    """What update or updateLayout shall send: the whole wish, since each call replaces the earlier one."""

    id: str
    body: dict[str, Any]
    asked_at: Instant


class Refusal(Frozen):
    """A change that the vendor will not take, kept so that ``show`` can say why."""

    id: str
    reason: str


class Origin(Frozen):
    """Which occurrence of which schedule a session is.

    ``withdrawn``: why the schedule took it back; should it want the slot again, that is another session.
    ``gave_way``: why its overlap policy kept it from beginning.
    """

    schedule: str
    slot: str  # the wall-clock label of the occurrence
    revision: str  # of the schedule, when the session was planned or moved last
    padding: float = 0.0  # seconds around the class; an overlap of paddings is none
    withdrawn: str | None = None
    gave_way: str | None = None


class Overlap(StrEnum):
    """What an occurrence does that begins while the one before it still records."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"
    CANCEL_PREVIOUS = "cancel_previous"


class Session(Frozen):
    """One wanted recording: the plan, the wishes of people, and the takes with their facts.

    ``recipe`` is the vendor's clientRequest without secrets; ``storage`` names an entry of the settings.
    Instants are UTC epoch seconds of Redis's clock.
    """

    id: str
    revision: str = ""
    app: str = "default"
    channel: str
    mode: Mode = Mode.MIX
    profile: str = "default"
    recipe: dict[str, Any] = {}
    storage: str = "default"
    labels: dict[str, str] = {}
    digest: str = ""  # of what record() was asked for, to tell a repeat from a clash under one key
    uids: tuple[int, int]
    created_at: Instant
    start: Instant
    end: Instant  # planned
    deadline: Instant  # no take may still be recording then
    health_every: float = 120.0
    max_idle: float = 300.0
    async_stop: bool = False
    coverage: bool = False  # rather two recorders for a while than a gap
    lead: float = 0.0  # seconds by which it may begin early, to be in time at a crowded bell
    begin_at: Instant | None = None  # its place before the bell, once the starts around it are known
    start_by: Instant | None = None  # not begun later than this: it is missed then
    priority: int = 0  # the higher goes first when the app is at its cap
    overlap: Overlap = Overlap.ALLOW
    origin: Origin | None = None

    state: State = State.SCHEDULED
    reservation: Reservation | None = None
    acquire_trouble: Trouble = Trouble()
    absent_at: Instant | None = None  # latest look that found nobody in the channel
    takes: tuple[Take, ...] = ()
    stop_at: Instant | None = None  # asked for by a person
    cancelled: bool = False
    update: Change | None = None
    layout: Change | None = None
    refused_changes: tuple[Refusal, ...] = ()
    failure: tuple[Instant, str] | None = None  # earliest permanent refusal of acquire, in words
    ending: Ending | None = None
    reason: str | None = None
    final_at: Instant | None = None
    settled_at: Instant | None = None
    alerted: tuple[str, ...] = ()

    def evolve(self, **changes: Any) -> Self:
        """The next value; takes only members of the model."""
        return self.model_copy(update=changes)

    @property
    def begins_at(self) -> Instant:
        """From here on a recorder is asked for: ``start``, or earlier by as much as the lead allows."""
        return self.start - self.lead if self.begin_at is None else self.begin_at

    @property
    def gives_up_at(self) -> Instant:
        """From here on nothing is begun: the end, or sooner while it has not begun at all."""
        if self.takes or self.start_by is None:
            return self.ends_at
        return min(self.ends_at, self.start_by)

    @property
    def ends_at(self) -> Instant:
        """From here on stop is tried until the vendor gives a final answer (P2)."""
        planned = self.end if self.stop_at is None else min(self.end, self.stop_at)
        return min(planned, self.deadline)

    @property
    def take(self) -> Take | None:
        """The latest take."""
        return self.takes[-1] if self.takes else None

    @property
    def files(self) -> tuple[RecordedFile, ...]:
        return tuple(file for take in self.takes for file in take.files)

    def to_json(self) -> bytes:
        """Compact: what has its default is left out, so that a scheduled session is small."""
        return self.__pydantic_serializer__.to_json(self, exclude_defaults=True, exclude={"revision"})


class Due(Frozen):
    """What a session needs next: the step (None: only time has passed), when, and for which take."""

    at: Instant
    lane: Lane
    step: Step | None = None
    take: int | None = None  # index into takes
