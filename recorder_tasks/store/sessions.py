"""Sessions in Redis: created once, saved by compare-and-set, found by index."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import redis

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store.errors import Conflict, redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts
from recorder_tasks.store.takes import LiveTake

log = logging.getLogger(__name__)

Dues = Mapping[Lane, float]
UID_BLOCK = 64


@dataclass(frozen=True)
class Event:
    """What is told of a session with the save that made it so."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StoreOptions:
    """What a durable write waits for, on its own connection."""

    wait_aof: bool = False
    wait_replicas: int = 0
    wait_timeout_ms: int = 2000


@dataclass(frozen=True)
class Page:
    """Sessions by start, and where the next page begins."""

    sessions: tuple[Session, ...]
    cursor: str | None


def read(stored: bytes) -> Session:
    """A stored value as a session; its first line holds the revision."""
    head, _, body = stored.partition(b"\n")
    session = Session.model_validate_json(body)
    return session.model_copy(update={"revision": head.split(b" ")[0].decode()})


def labels_of(session: Session) -> list[str]:
    return [f"{name}={value}" for name, value in session.labels.items()]


def _events(events: Sequence[Event]) -> list[list[str]]:
    return [[event.type, json.dumps(event.data, default=str)] for event in events]


class Sessions:
    """Create, save, get and find. Raises StoreUnavailable; save also Conflict."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts, options: StoreOptions) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts
        self._options = options
        self._pairs: list[int] = []
        self._lock = Lock()

    def next_uid_pair(self, low: int, high: int) -> tuple[int, int]:
        """Two uids of the range that no session got since the range was last gone through."""
        with self._lock:
            if not self._pairs:
                with redis_errors():
                    last = int(self._client.incrby(self._keys("uids"), UID_BLOCK))
                self._pairs = list(range(last, last - UID_BLOCK, -1))
            number = self._pairs.pop() - 1
        first = low + 2 * (number % ((high - low + 1) // 2))
        return first, first + 1

    def create(self, session: Session, dues: Dues, events: Sequence[Event] = ()) -> tuple[Session, bool]:
        """Store a new session, due as given. Returns it and True, or the one that has its id and False."""
        return self.create_many([(session, dues, events)])[0]

    def create_many(
        self, wanted: Sequence[tuple[Session, Dues, Sequence[Event]]]
    ) -> list[tuple[Session, bool]]:
        """As create, for many sessions in one round trip; each is atomic by itself."""
        made = [session.evolve(revision=secrets.token_hex(8)) for session, _, _ in wanted]
        with redis_errors():
            pipeline = self._client.pipeline(transaction=False)
            for session, (_, dues, events) in zip(made, wanted, strict=True):
                job = {**_job(session, dues, events), "labels": labels_of(session)}
                self._scripts(
                    "create", self._keys_of(session, "clock")[::2], self._keys.prefix, job, pipeline
                )
            answers = pipeline.execute()
        return [
            (session, True) if answer[0] else (read(answer[1]), False)
            for session, answer in zip(made, answers, strict=True)
        ]

    def _keys_of(self, session: Session, *more: str) -> list[str]:
        own = [self._keys.session(session.id), self._keys.lease(session.id)]
        return [*own, *(self._keys(name) for name in more)]

    def get(self, session_id: str) -> Session | None:
        with redis_errors():
            stored: Any = self._client.get(self._keys.session(session_id))
        return None if stored is None else read(stored)

    def get_many(self, ids: Sequence[str]) -> list[Session]:
        """Those that exist, in the order asked for."""
        if not ids:
            return []
        with redis_errors():
            stored: Any = self._client.mget([self._keys.session(session_id) for session_id in ids])
        return [read(value) for value in stored if value is not None]

    def save(
        self,
        session: Session,
        dues: Dues,
        *,
        events: Sequence[Event] = (),
        live: Sequence[LiveTake] = (),
        over: Sequence[str] = (),
        token: str | None = None,
        keep_lease: bool = False,
        durable: bool = False,
    ) -> Session:
        """The next value of a session, if nobody moved it since ``session.revision`` was loaded.

        ``token`` releases the claim's lease, unless ``keep_lease``; ``durable`` waits as the options say.
        Raises Conflict with the current value; ValueError for a session that would be forgotten.
        """
        if not dues and session.settled_at is None:
            raise ValueError(f"session {session.id} is {session.state.value} and not settled: it must be due")
        saved = session.evolve(revision=secrets.token_hex(8))
        job = {
            **_job(saved, dues, events),
            "expected": session.revision,
            "final_at": session.final_at,
            "live": [[take.key, take.model_dump_json()] for take in live],
            "over": list(over),
            "token": token or "",
            "keep": keep_lease,
        }
        done, *current = self._run_save(self._keys_of(session, "clock"), job, durable=durable)
        if not done:
            raise Conflict(session.id, read(current[0]) if current[0] else None)
        return saved

    def _run_save(self, keys: list[str], job: Mapping[str, Any], *, durable: bool) -> Any:
        options = self._options
        if not durable or not (options.wait_aof or options.wait_replicas):
            return self._scripts("save", keys, self._keys.prefix, job)
        with redis_errors():
            # One connection for both: WAIT counts the writes of its own connection only.
            pipeline = self._client.pipeline(transaction=False)
            self._scripts("save", keys, self._keys.prefix, job, pipeline)
            if options.wait_aof:
                pipeline.execute_command("WAITAOF", 1, options.wait_replicas, options.wait_timeout_ms)
            else:
                pipeline.execute_command("WAIT", options.wait_replicas, options.wait_timeout_ms)
            answer, reached = pipeline.execute()
        if options.wait_replicas and (reached[1] if options.wait_aof else reached) < options.wait_replicas:
            log.warning("store.not_replicated session=%s reached=%s", job["id"], reached)
        return answer

    def find(
        self,
        *,
        state: State | None = None,
        label: Mapping[str, str] | None = None,
        app: str | None = None,
        channel: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page:
        """Sessions by start, the newest first; filters without an index look at no more than a few pages."""
        states = [state] if state is not None else list(State)
        indexes = [self._keys("index", "state", each.value) for each in states]
        if label:
            indexes = [self._keys("index", "label", f"{name}={value}") for name, value in label.items()][:1]
        highest = "+inf" if until is None else until
        before, skip = (cursor or "").partition("/")[::2]
        found: list[tuple[float, str]] = []
        top = float(before) if before else highest
        for index in indexes:
            with redis_errors():
                rows: Any = self._client.zrevrangebyscore(
                    index,
                    top,
                    "-inf" if since is None else since,
                    start=0,
                    num=limit * 4 + 1,
                    withscores=True,
                )
            found += [(float(score), member.decode()) for member, score in rows]
        found.sort(reverse=True)
        if skip:
            found = [row for row in found if row < (float(before), skip)]
        window = found[: limit * 4]
        kept: list[Session] = []
        last: tuple[float, str] | None = None
        for row, session in zip(window, self._aligned([row[1] for row in window]), strict=True):
            if len(kept) == limit:
                break
            last = row
            if session is not None and _matches(session, state, label, app, channel):
                kept.append(session)
        more = last is not None and found.index(last) < len(found) - 1
        return Page(tuple(kept), f"{last[0]!r}/{last[1]}" if more and last is not None else None)

    def _aligned(self, ids: Sequence[str]) -> list[Session | None]:
        if not ids:
            return []
        with redis_errors():
            stored: Any = self._client.mget([self._keys.session(session_id) for session_id in ids])
        return [None if value is None else read(value) for value in stored]

    def counts(self) -> dict[State, int]:
        """How many sessions are in each state."""
        with redis_errors():
            pipeline = self._client.pipeline(transaction=False)
            for state in State:
                pipeline.zcard(self._keys("index", "state", state.value))
            return dict(zip(State, pipeline.execute(), strict=True))

    def retire(self, before: float, limit: int) -> int:
        """Forget settled sessions that became final before an instant; how many, at most ``limit``."""
        with redis_errors():
            ids: Any = self._client.zrangebyscore(
                self._keys("index", "final"), "-inf", before, start=0, num=limit
            )
        names = [session_id.decode() for session_id in ids]
        gone = 0
        for session_id, session in zip(names, self._aligned(names), strict=True):
            if session is not None and session.settled_at is None:
                continue
            keys = [self._keys.session(session_id), self._keys.lease(session_id)]
            job = {"id": session_id, "labels": labels_of(session) if session else []}
            gone += int(self._scripts("retire", keys, self._keys.prefix, job))
        return gone


def _job(session: Session, dues: Dues, events: Sequence[Event]) -> dict[str, Any]:
    return {
        "id": session.id,
        "revision": session.revision,
        "state": session.state.value,
        "start": session.start,
        "body": session.to_json().decode(),
        "dues": {lane.value: at for lane, at in dues.items()},
        "events": _events(events),
    }


def _matches(
    session: Session,
    state: State | None,
    label: Mapping[str, str] | None,
    app: str | None,
    channel: str | None,
) -> bool:
    wanted = dict(label or {}).items()
    return (
        (state is None or session.state is state)
        and wanted <= session.labels.items()
        and (app is None or session.app == app)
        and (channel is None or session.channel == channel)
    )
