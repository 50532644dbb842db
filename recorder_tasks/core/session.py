"""A session is our durable record of one wanted recording; a take is one run of a recorder for it.

Both are frozen. Only :mod:`.lifecycle` (facts and time) and :mod:`.wishes` (people) make the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Self

from recorder_tasks.core.outcome import Frozen, Instant, Kept, Kind, Mode, RecordedFile, Step, Upload


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
    """What a completed session amounts to; never more than somebody has confirmed (P7)."""

    VERIFIED = "verified"  # every expected object was seen in the customer's bucket
    UPLOADED = "uploaded"  # every file is in the customer's storage
    BACKED_UP = "backed_up"  # every file is safe, some still in the vendor's backup (3.5)
    STRANDED = "stranded"  # the vendor still holds files and delivers them later (15.6)
    UNCONFIRMED = "unconfirmed"  # it is over; where the files are, nobody has said or the bucket denies
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
UIDS_EACH = 8  # reserved for one session: two that take turns in each line, others for when people hold those


class Trouble(Kept):
    """Calls that did not settle a question, as a set of (seen at, kind): the latest few.

    Being a function of the *set* of facts, it is the same in whatever order and how often they arrive.
    """

    recent: tuple[tuple[Instant, Kind], ...] = ()

    def add(self, at: Instant, kind: Kind) -> Trouble:
        return self._with(sorted({*self.recent, (at, kind)})[-KEPT_TROUBLES:])

    def since(self, settled: Instant | None) -> Trouble:
        """What is left of it once the question was settled at that instant."""
        if settled is None or not self.recent or self.recent[0][0] > settled:
            return self
        return self._with(entry for entry in self.recent if entry[0] > settled)

    def _with(self, recent: Iterable[tuple[Instant, Kind]]) -> Trouble:
        return self.model_copy(update={"recent": tuple(recent)})

    @property
    def last(self) -> Instant | None:
        return self.recent[-1][0] if self.recent else None

    @property
    def last_kind(self) -> Kind | None:
        return self.recent[-1][1] if self.recent else None

    @property
    def count(self) -> int:
        return len(self.recent)


class Look(Kept):
    """What a look into the bucket left open: objects that were not there, or why it could not be looked."""

    at: Instant
    missing: tuple[str, ...] = ()  # the first few by name, of ``count``
    count: int = 0
    trouble: str | None = None


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


class Signal(Kept):
    """Trouble of a take that a callback told (6.4): evidence, and a reason to query, never the truth.

    ``at`` is the vendor's time of the event; ``code`` its errorCode, exitStatus, leaveCode or page code.
    """

    at: Instant
    event: int
    code: int | None = None
    module: int | None = None  # of an error: 0 recorder, 1 uploader, 2 service, 6 web
    text: str = ""


class Answered(Kept):
    """A call that was no success, by what came back: ``401``, ``400/53``, ``no answer``; when it did last."""

    at: Instant
    step: Step
    answer: str


class Take(Kept):
    """One run of a recorder: (uid, resource, sid) and every fact that was learnt of it.

    Each member is a join over the facts that touch it (earliest, latest, best ranked, union), which is why
    facts may arrive in any order and more than once.
    """

    uid: int
    resource_id: str
    acquired_at: Instant
    sent_at: Instant  # start's intent, saved before the first start call
    line: int = 0  # of a redundant pair, which of the two it belongs to
    expires_at: Instant | None = None  # its token, or its page: the vendor itself ends it then (7.1, 5.1)
    resent_at: Instant | None = None  # the latest intent to repeat that very call
    sid: str | None = None
    heard: bool = False  # its sid, by a callback about its uid: start's own answer would count for more
    accepted_at: Instant | None = None  # earliest 200 to start, or 201
    start_trouble: Trouble = Trouble()  # calls that may have started it
    unclear: bool = False  # one of them surely left, or may have, and nobody has heard what came of it
    reused: bool = False  # an earlier take of the session may still run under this uid
    refused: tuple[Instant, Kind] | None = None  # the most telling refusal of start, of these the earliest
    refusal_reason: str | None = None
    confirmed_at: Instant | None = None  # earliest query that saw it ready or recording
    alive_at: Instant | None = None  # latest answer of a living recorder
    status: tuple[Instant, int] | None = None  # latest status, and when it was seen
    leaving: tuple[Instant, int] | None = None  # earliest status that only an exit shows (6 to 8)
    missing: tuple[Instant, ...] = ()  # 404s since alive_at: an episode
    deserted: bool = False  # nobody was there when it was missing: so it stood when its successor began
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
    signals: tuple[Signal, ...] = ()  # what callbacks told, the latest few distinct ones
    told_at: Instant | None = None  # earliest event that a callback told of it: so callbacks of it do come
    uploaded_at: Instant | None = None  # earliest event that its files are safe, so it is over (6.4)
    verified_at: Instant | None = None  # earliest look that found all that was expected then
    look: Look | None = None  # the latest that did not
    look_trouble: Trouble = Trouble()

    @property
    def recorded(self) -> bool:
        """A recorder was given to us, so there may be files."""
        return self.sid is not None or self.accepted_at is not None


class Reservation(Kept):
    """A resource that acquire gave us and no start has used; good for five minutes (5.1)."""

    uid: int
    resource_id: str
    acquired_at: Instant


class Change(Kept):
    """What update or updateLayout shall send: the whole wish, since each call replaces the earlier one."""

    id: str
    body: dict[str, Any]
    asked_at: Instant


class Refusal(Kept):
    """A change that the vendor will not take, kept so that ``show`` can say why."""

    id: str
    reason: str


class Origin(Kept):
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


# What this version knows to do for a session that says so in ``needs``. An addition that an older worker must
# not overlook, as it may other new members, is named there (docs/upgrading.md).
UNDERSTOOD: frozenset[str] = frozenset()


class Session(Kept):
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
    uids: tuple[int, int]  # the first and the last of those reserved for its recorders
    redundancy: int = 1  # recorders at a time, each in a line of its own (5.6)
    by_token: bool = True  # its recorders join with a token, so the app has a certificate (7.1)
    notified: bool = False  # the vendor calls back about it, so that a lost sid may come home (6)
    created_at: Instant
    start: Instant
    end: Instant  # planned
    deadline: Instant  # no take may still be recording then
    health_every: float = 120.0
    health_with_callbacks: float | None = None  # instead, for takes of which a callback was heard
    max_idle: float = 300.0
    async_stop: bool = False
    coverage: bool = False  # rather two recorders for a while than a gap
    verify: bool = False  # completed, and its bucket can be looked into: not settled before that
    lead: float = 0.0  # seconds by which it may begin early, to be in time at a crowded bell
    begin_at: Instant | None = None  # its place before the bell, once the starts around it are known
    start_by: Instant | None = None  # not begun later than this: it is missed then
    priority: int = 0  # the higher goes first when the app is at its cap
    overlap: Overlap = Overlap.ALLOW
    origin: Origin | None = None
    needs: tuple[str, ...] = ()  # workers that do not understand all of these leave it to newer ones

    state: State = State.SCHEDULED
    reservation: Reservation | None = None
    acquire_trouble: Trouble = Trouble()
    absent_at: Instant | None = None  # latest look that found nobody in the channel
    present_at: Instant | None = None  # latest look that found somebody publishing
    answered: tuple[Answered, ...] = ()  # calls that were no success, the latest few distinct ones
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
    def lines(self) -> range:
        """The recorders that it wants at a time, by number; each is replaced and rolled over on its own."""
        return range(self.redundancy)

    def line(self, number: int) -> list[tuple[int, Take]]:
        """The takes of one line, the oldest first, with their places in ``takes``."""
        return [(index, take) for index, take in enumerate(self.takes) if take.line == number]

    def after(self, take: Take) -> list[Take]:
        """Takes of its line whose start was sent after its own."""
        return [other for other in self.takes if other.line == take.line and other.sent_at > take.sent_at]

    def uids_of(self, line: int) -> range:
        """The uids that recorders of a line may have; no two lines share one."""
        low, high = self.uids
        return range(low + line, high + 1, self.redundancy)

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
    line: int = 0  # acquire, and the start of what it gave: which line gets a take
