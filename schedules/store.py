"""Schedules in Redis: written all or none, due for planning when they change. Only this file speaks Redis.

Keys of a namespace, beside those of recorder_tasks (one hash tag, one server):

schedules             hash    name -> "<revision>\\n<json>" of an Entry
schedules:calendars   string  "<revision>\\n<json>" {name: [exclusion]}
schedules:due         zset    name -> when it is planned next
schedules:planned     zset    name -> every occurrence that begins before has its session
schedules:changes     stream  who changed what, capped
beat                  hash    Celery entry -> its last run
clock                 hash    the namespace's clock, kept by recorder_tasks; read only here
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from schedules.calendars import Calendars, Exclusion
from schedules.entry import Entry
from schedules.errors import ChangedMeanwhile, NoSuchSchedule, SchedulesUnavailable

SCRIPTS = ("change", "take", "planned", "slot", "time")
CONNECT, ANSWER = 2.0, 5.0  # seconds

CalendarTexts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Due:
    """Schedules to be planned, and when there will be more (None: nothing is known to come)."""

    names: tuple[str, ...]
    now: float
    upcoming: float | None


@dataclass(frozen=True)
class Change:
    """One line of the log: what was done to a schedule, and when."""

    at: datetime
    schedule: str
    what: str
    detail: str


@dataclass(frozen=True)
class Kept:
    """The calendars as they are kept, with their revision."""

    texts: CalendarTexts
    revision: str

    @property
    def read(self) -> Calendars:
        return read_calendars(self.texts)


def read_calendars(texts: CalendarTexts) -> dict[str, tuple[Exclusion, ...]]:
    """Calendars whose days are read. Raises ValueError in one sentence."""
    return {name: tuple(Exclusion.read(text) for text in days) for name, days in texts.items()}


def _source(name: str) -> str:
    return resources.files("schedules").joinpath("lua", f"{name}.lua").read_text("utf-8")


class ScheduleStore:
    """One namespace's schedules; thread-safe. Raises SchedulesUnavailable."""

    def __init__(self, url: str, namespace: str = "default", *, client: redis.Redis | None = None) -> None:
        """``client``: for callers that have a connection already, of Sentinel say."""
        self._client: Any = client if client is not None else _connect(url)
        self._prefix = f"recorder:{{{namespace}}}:"
        clock = _source("clock")
        self._scripts = {name: self._client.register_script(f"{clock}\n{_source(name)}") for name in SCRIPTS}

    def _key(self, name: str) -> str:
        return self._prefix + name

    def _run(self, script: str, keys: Sequence[str], job: Mapping[str, Any]) -> Any:
        with _redis_errors():
            return self._scripts[script](keys=[self._key(key) for key in keys], args=[json.dumps(job)])

    def now(self) -> datetime:
        """The namespace's time, UTC."""
        return datetime.fromtimestamp(float(self._run("time", ["clock"], {})), UTC)

    def get(self, name: str) -> Entry:
        """One schedule. Raises NoSuchSchedule, for a removed one too."""
        found = self.find(name)
        if found is None or found.rule is None:
            raise NoSuchSchedule(f"schedule: there is none called {name!r}")
        return found

    def find(self, name: str) -> Entry | None:
        """One entry, also of a removed schedule whose sessions are still being taken back."""
        with _redis_errors():
            stored = self._client.hget(self._key("schedules"), name)
        return None if stored is None else Entry.read(name, stored.decode())

    def entries(self) -> dict[str, Entry]:
        """Every entry by name, removed ones too."""
        with _redis_errors():
            found = self._client.hgetall(self._key("schedules"))
        names = sorted((name.decode(), stored.decode()) for name, stored in found.items())
        return {name: Entry.read(name, stored) for name, stored in names}

    def calendars(self) -> Kept:
        """The holiday calendars."""
        with _redis_errors():
            stored = self._client.get(self._key("schedules:calendars"))
        if stored is None:
            return Kept({}, "")
        revision, _, body = stored.decode().partition("\n")
        return Kept({name: tuple(days) for name, days in json.loads(body).items()}, revision)

    def change(
        self,
        put: Sequence[Entry],
        *,
        expected: Mapping[str, str],
        calendars: CalendarTexts | None = None,
        calendars_expected: str = "",
        notes: Sequence[tuple[str, str, str]] = (),
    ) -> datetime:
        """Write entries and calendars, all or none, if every schedule still has its ``expected`` revision.

        Returns the instant. Raises ChangedMeanwhile.
        """
        now = self.now()
        texts = [(entry.name, entry.tidied(now).to_text(secrets.token_hex(8))) for entry in put]
        body = (
            None if calendars is None else json.dumps({name: list(days) for name, days in calendars.items()})
        )
        job = {
            "expected": dict(expected),
            "put": texts,
            "calendars": None if body is None else f"{secrets.token_hex(8)}\n{body}",
            "calendars_expected": calendars_expected,
            "notes": [list(note) for note in notes],
        }
        keys = [f"schedules{part}" for part in ("", ":calendars", ":due", ":planned", ":changes")]
        done, answer = self._run("change", [*keys, "clock"], job)
        if not done:
            raise ChangedMeanwhile(f"{answer.decode()}: somebody else has changed it meanwhile; look again")
        return datetime.fromtimestamp(float(answer), UTC)

    def take_due(self, most: int, *, lease: float, overdue: float = 0.0) -> Due:
        """At most ``most`` schedules to be planned, for ``lease`` seconds nobody else's affair."""
        job = {"most": most, "lease": lease, "overdue": overdue}
        now, upcoming, names = self._run("take", ["schedules:due", "clock"], job)
        found = tuple(name.decode() for name in names)
        return Due(found, float(now), float(upcoming) if upcoming else None)

    def planned_until(self, name: str) -> float | None:
        """Every occurrence that begins before this instant has its session."""
        with _redis_errors():
            score = self._client.zscore(self._key("schedules:planned"), name)
        return None if score is None else float(score)

    def planned(self, name: str, revision: str, *, until: float, again: float | None) -> bool:
        """Planned up to ``until``; plan again at ``again`` (None: never, it is gone). False: it has moved."""
        job = {"name": name, "revision": revision, "until": until, "again": -1 if again is None else again}
        return bool(self._run("planned", ["schedules", "schedules:due", "schedules:planned"], job))

    def unplanned(self) -> int:
        """How many schedules are due for planning now."""
        with _redis_errors():
            return int(self._client.zcount(self._key("schedules:due"), "-inf", self.now().timestamp()))

    def take_slot(self, entry: str, seen: float | None) -> tuple[bool, float]:
        """Whether this caller runs the entry's slot, and its last run; see the script."""
        job = {"entry": entry, "seen": "" if seen is None else f"{seen:.6f}"}
        won, at = self._run("slot", ["beat"], job)
        return bool(won), float(at) if at else 0.0

    def last_runs(self) -> dict[str, float]:
        """Celery's entries and when each ran last, whichever beat ran it."""
        with _redis_errors():
            found = self._client.hgetall(self._key("beat"))
        return {name.decode(): float(at) for name, at in found.items()}

    def ahead_of_host(self) -> float:
        """Seconds by which the server's own clock is ahead of this host's."""
        with _redis_errors():
            seconds, micros = self._client.time()
        return float(seconds) + float(micros) / 1e6 - time.time()

    def changes(self, name: str | None = None, limit: int = 100) -> list[Change]:
        """The latest changes, of one schedule or of all, the newest first."""
        with _redis_errors():
            rows = self._client.xrevrange(self._key("schedules:changes"), count=None if name else limit)
        read = (_change({key.decode(): value.decode() for key, value in row.items()}) for _, row in rows)
        return [change for change in read if name in (None, change.schedule)][:limit]

    def close(self) -> None:
        self._client.close()


def _change(row: Mapping[str, str]) -> Change:
    return Change(datetime.fromtimestamp(float(row["at"]), UTC), row["schedule"], row["what"], row["detail"])


def _connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT,
        socket_timeout=ANSWER,
        retry=Retry(NoBackoff(), 1),
        retry_on_error=[redis.ConnectionError, redis.exceptions.ReadOnlyError],
        health_check_interval=15,
        client_name="schedules",
    )


@contextmanager
def _redis_errors() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError) as trouble:
        raise SchedulesUnavailable(f"Redis {_state(trouble)}: {str(trouble).rstrip('.')}") from trouble


def _state(trouble: Exception) -> str:
    if isinstance(trouble, redis.exceptions.OutOfMemoryError) or "MISCONF" in str(trouble):
        return "is full, and nothing was written"
    if isinstance(trouble, redis.exceptions.ReadOnlyError):
        return "takes no writes, and nothing was written"
    return "is out of reach"
