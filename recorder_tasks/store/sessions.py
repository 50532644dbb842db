"""Sessions in Redis: created once, saved by compare-and-set, found by index."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store.errors import Conflict, Guard, Outdated, Unreadable, redis_errors
from recorder_tasks.store.events import Event
from recorder_tasks.store.indexes import indexes_of, is_long, own_names
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.listing import Filter, Listing, Page
from recorder_tasks.store.orphans import Nameless
from recorder_tasks.store.scripts import Scripts
from recorder_tasks.store.stored import read, read_if_sound
from recorder_tasks.store.takes import LiveTake
from recorder_tasks.store.uids import Uids

log = logging.getLogger(__name__)

Dues = Mapping[Lane, float]
OUTDATED = 2  # what create and save answer when the guard's schedule has moved


@dataclass(frozen=True)
class StoreOptions:
    """What a durable write waits for, on its own connection."""

    wait_aof: bool = False
    wait_replicas: int = 0
    wait_timeout_ms: int = 2000  # below the connection's time-out

    def met_by(self, reached: Any) -> bool:
        """Whether what WAIT or WAITAOF answered is enough."""
        if isinstance(reached, Exception):
            return False
        copies = reached[1] if self.wait_aof else reached
        return bool(copies >= self.wait_replicas and (not self.wait_aof or reached[0] >= 1))


class Sessions:
    """Create, save, get and find. Raises StoreUnavailable, Unreadable for one session; save also Conflict."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts, options: StoreOptions) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts
        self._options = options
        self._uids = Uids(client, keys)
        self._listing = Listing(client, keys)

    def next_uids(self, low: int, high: int) -> tuple[int, int]:
        """Uids of the range, the first and the last, that no session got since it was last gone through.

        Raises ValueError for a range with fewer than one session's.
        """
        return self._uids.next(low, high)

    def create(
        self, session: Session, dues: Dues, events: Sequence[Event] = (), guard: Guard | None = None
    ) -> tuple[Session, bool]:
        """Store a new session, due as given. Returns it and True, or the one that has its id and False.

        Raises Outdated when the guard's schedule has moved.
        """
        made, (keys, job) = self._creation(session, dues, events, guard)
        return _created(made, guard, self._scripts("create", keys, self._keys.prefix, job))

    def create_many(
        self, wanted: Sequence[tuple[Session, Dues, Sequence[Event]]], guard: Guard | None = None
    ) -> list[tuple[Session, bool]]:
        """As create, for many sessions in one round trip; each is atomic by itself.

        One whose id belongs to a session that cannot be read comes back as it was wanted, with False.
        """
        made = [self._creation(*one, guard) for one in wanted]
        answers = self._scripts.many("create", [call for _, call in made], self._keys.prefix)
        stored = []
        for (session, _), answer in zip(made, answers, strict=True):
            try:
                stored.append(_created(session, guard, answer))
            except Unreadable:
                stored.append((session, False))
        return stored

    def _creation(
        self, session: Session, dues: Dues, events: Sequence[Event], guard: Guard | None
    ) -> tuple[Session, tuple[list[str], dict[str, Any]]]:
        if not dues and session.settled_at is None:
            raise ValueError(f"session {session.id} is new and not settled: it must be due")
        made = session.evolve(revision=secrets.token_hex(8))
        job = {**_job(made, dues, events, guard), "indexes": list(indexes_of(made).items())}
        return made, ([self._keys.session(made.id), self._keys("clock")], job)

    def _keys_of(self, session: Session, *more: str) -> list[str]:
        own = [self._keys.session(session.id), self._keys.lease(session.id)]
        return [*own, *(self._keys(name) for name in more)]

    def get(self, session_id: str) -> Session | None:
        with redis_errors():
            stored: Any = self._client.get(self._keys.session(session_id))
        return None if stored is None else read(stored, session_id)

    def some(self, session_ids: Sequence[str]) -> list[Session]:
        """Those of these ids that are there and can be read, in one round trip."""
        found = zip(session_ids, self._texts(session_ids), strict=True)
        read = (read_if_sound(stored, session_id) for session_id, stored in found)
        return [session for session in read if session is not None]

    def save(
        self,
        session: Session,
        dues: Dues,
        *,
        events: Sequence[Event] = (),
        live: Sequence[LiveTake] = (),
        over: Sequence[str] = (),
        orphans: Sequence[Nameless] = (),
        found: Sequence[str] = (),
        token: str | None = None,
        keep_lease: bool = False,
        durable: bool = False,
        guard: Guard | None = None,
        planned: Session | None = None,
    ) -> Session:
        """The next value of a session, if nobody moved it since ``session.revision`` was loaded.

        ``token`` releases the claim's lease, unless ``keep_lease``; ``durable`` waits as the options say.
        ``orphans``: takes that nobody can name; ``found``: the names of those that have ceased to be.
        ``planned``: as it was planned before, for one that is planned anew and may leave its indexes.
        Raises Conflict with the current value; Outdated when the guard's schedule has moved; ValueError for a
        session that would be forgotten.
        """
        if not dues and session.settled_at is None:
            raise ValueError(f"session {session.id} is {session.state.value} and not settled: it must be due")
        saved = session.evolve(revision=secrets.token_hex(8))
        job = {
            **_job(saved, dues, events, guard),
            **_moved_indexes(planned, saved),
            "app": session.app,
            "expected": session.revision,
            "final_at": session.final_at if not dues else None,
            "live": [[take.key, take.model_dump_json()] for take in live],
            "over": list(over),
            "orphans": [orphan.entry() for orphan in orphans],
            "found": list(found),
            "token": token or "",
            "keep": keep_lease,
        }
        done, *current = self._run_save(self._keys_of(session, "clock"), job, durable=durable)
        if done == OUTDATED and guard is not None:
            raise Outdated(session.id, guard)
        if not done:
            raise Conflict(session.id, read(current[0], session.id) if current[0] else None)
        return saved

    def _run_save(self, keys: list[str], job: Mapping[str, Any], *, durable: bool) -> Any:
        options = self._options
        if not durable or not (options.wait_aof or options.wait_replicas):
            return self._scripts("save", keys, self._keys.prefix, job)
        limits = (options.wait_replicas, options.wait_timeout_ms)
        wait = ("WAITAOF", 1, *limits) if options.wait_aof else ("WAIT", *limits)
        answer, reached = self._scripts.durable("save", keys, self._keys.prefix, job, wait)
        if not options.met_by(reached):
            log.warning("store.not_durable session=%s asked=%s reached=%s", job["id"], wait, reached)
        return answer

    def find(
        self,
        *,
        state: State | None = None,
        label: Mapping[str, str] | None = None,
        app: str | None = None,
        channel: str | None = None,
        schedule: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
        cursor: str | None = None,
        newest: bool = True,
    ) -> Page:
        """Sessions by start within [since, until). A few round trips, however many sessions there are.

        A page may be short and still have a cursor: a bounded number of sessions is looked at for it.
        Raises ValueError for a cursor that no page has given.
        """
        wanted = Filter(state, dict(label or {}), app, channel, schedule)
        return self._listing.page(wanted, (since, until), limit, cursor, newest=newest)

    def latest(self, indexes: Sequence[str], count: int) -> list[list[tuple[float, str]]]:
        """For each index (its key without the prefix) the start and id of its ``count`` newest sessions."""
        with redis_errors():
            pipeline = self._client.pipeline(transaction=False)
            for index in indexes:
                pipeline.zrevrange(self._keys(index), 0, count - 1, withscores=True)
            found = pipeline.execute()
        return [[(start, one.decode()) for one, start in entries] for entries in found]

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
                self._keys("index", "final"), "-inf", f"({before!r}", start=0, num=limit
            )
        names = [session_id.decode() for session_id in ids]
        calls = [
            self._retirement(name, text, session)
            for name, text in zip(names, self._texts(names), strict=True)
            if (session := read_if_sound(text, name)) is None or session.settled_at is not None
        ]
        return sum(int(gone) for gone in self._scripts.many("retire", calls, self._keys.prefix))

    def _retirement(
        self, session_id: str, text: bytes | None, session: Session | None
    ) -> tuple[list[str], dict[str, Any]]:
        """One that cannot be read leaves what is known of it; entries of other indexes lead nowhere."""
        keys = self._keys
        job: dict[str, Any] = {"id": session_id, "states": list(State), "indexes": [], "names": []}
        job["revision"] = (text or b"")[:16].decode("ascii", "replace")
        if session is not None:
            job |= {
                "states": [session.state],
                "indexes": list(indexes_of(session).items()),
                "names": _names(session),
            }
        return [keys.session(session_id), keys.lease(session_id), keys.events(session_id)], job

    def _texts(self, ids: Sequence[str]) -> list[bytes | None]:
        if not ids:
            return []
        with redis_errors():
            stored: Any = self._client.mget([self._keys.session(session_id) for session_id in ids])
        return list(stored)


def _created(session: Session, guard: Guard | None, answer: Any) -> tuple[Session, bool]:
    if answer[0] == OUTDATED and guard is not None:
        raise Outdated(session.id, guard)
    return (session, True) if answer[0] else (read(answer[1], session.id), False)


def _moved_indexes(before: Session | None, after: Session) -> dict[str, list[tuple[str, list[str]]]]:
    """The indexes that a newly planned session leaves, and all that it then stands in, at its new start."""
    if before is None:
        return {"drop": [], "put": [("long", [])] if is_long(after) else []}
    kept = indexes_of(after)
    gone = [index for index in indexes_of(before).items() if index[0] not in kept]
    return {"drop": gone, "put": [*kept.items(), (f"state:{after.state.value}", [])]}


def _names(session: Session) -> list[str]:
    return [name.member for name in own_names(session)]


def _job(session: Session, dues: Dues, events: Sequence[Event], guard: Guard | None) -> dict[str, Any]:
    return {
        "guard": guard._asdict() if guard is not None else None,
        "id": session.id,
        "revision": session.revision,
        "state": session.state.value,
        "start": session.start,
        "body": session.to_json().decode(),
        "dues": {lane.value: at for lane, at in dues.items()},
        "events": [event.as_told() for event in events],
        "names": _names(session),
    }
