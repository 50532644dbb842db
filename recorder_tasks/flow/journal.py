"""The journal: a worker's own file of the takes it knows to be alive, of facts Redis has not taken yet,
and of the orphans.

The stop of last resort when Redis is away. A take leaves it only on a final answer to stop or when its
session is seen without it, never because Redis has forgotten it.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import RLock
from typing import TypeVar

from pydantic import ValidationError

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Outcome
from recorder_tasks.core.session import Session
from recorder_tasks.store import LiveTake, Nameless, Namespace

log = logging.getLogger(__name__)

T = TypeVar("T", Outcome, LiveTake, Nameless)

SCHEMA = """
CREATE TABLE IF NOT EXISTS live (key TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fact (id INTEGER PRIMARY KEY, session TEXT NOT NULL, body TEXT NOT NULL,
                                 UNIQUE (session, body));
CREATE TABLE IF NOT EXISTS namespace (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orphan (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


class Journal:
    """SQLite with every commit fsynced; thread-safe. One file per worker process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)

    def started(self, take: LiveTake, fact: Outcome) -> None:
        """A sid that must not be lost: on disk before Redis is told."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO live VALUES (?, ?)", (take.key, take.model_dump_json()))
            db.execute("INSERT OR IGNORE INTO fact (session, body) VALUES (?, ?)", _row(take.session, fact))

    def remember(self, session_id: str, fact: Outcome) -> None:
        """A fact that Redis could not take; applied when it is back."""
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO fact (session, body) VALUES (?, ?)", _row(session_id, fact))

    def saved(self, session_id: str, fact: Outcome) -> None:
        """Redis has it now. Costs nothing where the fact was never kept here."""
        if not self._keeps(session_id, fact):
            return
        with self._transaction() as db:
            db.execute("DELETE FROM fact WHERE session = ? AND body = ?", _row(session_id, fact))

    def _keeps(self, session_id: str, fact: Outcome) -> bool:
        with self._lock:
            query = "SELECT 1 FROM fact WHERE session = ? AND body = ?"
            return self._db.execute(query, _row(session_id, fact)).fetchone() is not None

    def facts(self) -> list[tuple[str, Outcome]]:
        """Facts that Redis does not have, the oldest first, with their session's id.

        Those that a newer version wrote before it was rolled back are left to it.
        """
        with self._lock:
            rows = self._db.execute("SELECT session, body FROM fact ORDER BY id").fetchall()
        read = ((session, _readable(Outcome, body)) for session, body in rows)
        return [(session, fact) for session, fact in read if fact is not None]

    def live(self) -> dict[str, LiveTake]:
        """The takes that may be recording, by key."""
        with self._lock:
            rows = self._db.execute("SELECT key, body FROM live").fetchall()
        read = ((key, _readable(LiveTake, body)) for key, body in rows)
        return {key: take for key, take in read if take is not None}

    def follow(self, session: Session, cadence: Cadence) -> None:
        """Drop the takes that a saved session shows to be over."""
        ended = [take.sid for take in session.takes if take.sid is not None and takes.over(take, cadence)]
        self.drop([sid for sid in ended if self._has(sid)])

    def _has(self, sid: str) -> bool:
        with self._lock:
            return self._db.execute("SELECT 1 FROM live WHERE key = ?", (sid,)).fetchone() is not None

    def keep(self, found: list[LiveTake]) -> None:
        """Takes that others have started."""
        if not found:
            return
        with self._transaction() as db:
            rows = [(take.key, take.model_dump_json()) for take in found]
            db.executemany("INSERT OR REPLACE INTO live VALUES (?, ?)", rows)

    def drop(self, keys: list[str]) -> None:
        """Takes that are over for sure."""
        if not keys:
            return
        with self._transaction() as db:
            db.executemany("DELETE FROM live WHERE key = ?", [(key,) for key in keys])

    def orphans(self) -> dict[str, Nameless]:
        """Recorders without a name, as Redis listed them last, by the name that they have there."""
        with self._lock:
            rows = self._db.execute("SELECT name, body FROM orphan").fetchall()
        read = ((name, _readable(Nameless, body)) for name, body in rows)
        return {name: orphan for name, orphan in read if orphan is not None}

    def keep_orphans(self, listed: dict[str, Nameless]) -> None:
        """These and no others. Costs nothing where they are kept already."""
        if listed == self.orphans():
            return
        with self._transaction() as db:
            db.execute("DELETE FROM orphan")
            rows = [(name, orphan.model_dump_json()) for name, orphan in listed.items()]
            db.executemany("INSERT INTO orphan VALUES (?, ?)", rows)

    def namespace(self) -> Namespace | None:
        """The namespace as it was seen last."""
        with self._lock:
            row = self._db.execute("SELECT body FROM namespace").fetchone()
        return None if row is None else Namespace(**json.loads(row[0]))

    def saw(self, namespace: Namespace) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO namespace VALUES (1, ?)", (json.dumps(asdict(namespace)),))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


@contextmanager
def best_effort() -> Iterator[None]:
    """A full disk must not keep a fact from Redis: it is logged, and one net less hangs under the take."""
    try:
        yield
    except sqlite3.Error:
        log.exception("journal.unwritten")


def _readable(kind: type[T], body: str) -> T | None:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        return None


def _row(session_id: str, fact: Outcome) -> tuple[str, str]:
    return session_id, fact.model_dump_json(exclude_defaults=True)
