"""The board: the recordings that matter now, in memory, kept fresh by the fleet's events while anybody looks.

One thread per web process reads them for all watchers, so that fifty open pages cost Redis what one does.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Condition, Thread
from typing import Any

from recorder_tasks.core.session import State
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.orphans import Orphan
from recorder_tasks.recording import Recording
from recorder_tasks.store import StoreUnavailable

log = logging.getLogger(__name__)

SOON = timedelta(hours=1)  # what starts within it is shown
LATELY = timedelta(hours=3)  # what started within it and is over is shown
MOST_ENDED = 20
LIVING = (State.STARTING, State.RECORDING, State.STOPPING)
RELOAD = 15.0  # seconds; what no event tells: the hour that moves on, processes that fell silent
LISTEN_MS = 400  # for the first event
GATHER = 0.2  # seconds in which others join it: fewer and larger ticks cost less
IDLE = 30.0  # seconds after the last look at the board, from which on it is not kept fresh
PAGE = 1000
PAUSE = 1.0
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
KEPT_TOUCHES = 5000
RATE_OVER = 10.0  # seconds over which requests are counted


@dataclass(frozen=True)
class Row:
    """A recording on the board; ``stamp`` is the tick at which it last changed."""

    recording: Recording
    stamp: int


@dataclass(frozen=True)
class Snapshot:
    """The board at one tick. ``trouble``: why it may be old, None while Redis answers.

    ``gone``: recordings that have left it, with the tick at which they did.
    """

    epoch: str = ""  # of the process: ticks of another count from another beginning
    tick: int = 0
    at: datetime = LONG_AGO
    rows: Mapping[str, Row] = field(default_factory=dict)
    gone: Mapping[str, int] = field(default_factory=dict)
    overview: Mapping[str, Any] = field(default_factory=dict)
    orphans: tuple[Orphan, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)  # requests a second by app, of late
    trouble: str | None = None

    @property
    def mark(self) -> str:
        """Names this tick among those of every web process."""
        return f"{self.epoch}.{self.tick}"

    def since(self, mark: str) -> int:
        """The tick that a mark names; -1 for one of another process, or none."""
        epoch, _, tick = mark.partition(".")
        return int(tick) if epoch == self.epoch and tick.isascii() and tick.isdecimal() else -1

    def of(self, *states: State) -> list[Recording]:
        """Its recordings in these states, by their planned end."""
        found = [row.recording for row in self.rows.values() if row.recording.state in states]
        return sorted(found, key=lambda one: (one.end, one.session_id))


class Board:
    """Thread-safe. ``listen`` is told of each new tick, in the board's thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._state = Snapshot(epoch=secrets.token_hex(4))
        self._news = Condition()
        self._listeners: set[Callable[[int], None]] = set()
        self._touched: dict[str, int] = {}
        self._asked_at = 0.0
        self._loaded_at = 0.0
        self._last_event = "0"
        self._rates = _Rates()
        self._ended = False
        self._thread: Thread | None = None

    def snapshot(self) -> Snapshot:
        """The board as it is; loaded first where nobody has looked at it for a while."""
        with self._news:
            self._asked_at = time.monotonic()
            fresh = self._loaded_at > self._asked_at - RELOAD - PAUSE
            self._run()
            if not fresh:
                try:
                    self._load()
                except StoreUnavailable as trouble:
                    self._tell_trouble(str(trouble))
            return self._state

    def touched(self, session_id: str) -> int:
        """The tick at which something was last heard of that recording, whatever its age."""
        with self._news:
            return self._touched.get(session_id, 0)

    def listen(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Call ``listener`` at every tick, until the returned function is called."""
        with self._news:
            self._listeners.add(listener)
            self._asked_at = time.monotonic()
            self._run()

        def leave() -> None:
            with self._news:
                self._listeners.discard(listener)

        return leave

    @property
    def ended(self) -> bool:
        return self._ended

    def stop(self) -> None:
        """No more ticks but a last one, so that whoever waits for one goes home."""
        with self._news:
            self._ended = True
            self._news.notify_all()
            for listener in list(self._listeners):
                listener(self._state.tick)
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        if self._thread is None and not self._ended:
            self._thread = Thread(target=self._follow, name="recorder-board", daemon=True)
            self._thread.start()
        self._news.notify_all()

    def _watched(self) -> bool:
        return bool(self._listeners) or time.monotonic() - self._asked_at < IDLE

    def _follow(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._ended or self._watched())
                if self._ended:
                    return
            try:
                self._look()
            except StoreUnavailable as trouble:
                self._tell_trouble(str(trouble))
                self._pause()
            except Exception as trouble:
                log.exception("board.trouble")
                self._tell_trouble(type(trouble).__name__)
                self._pause()

    def _pause(self, seconds: float = PAUSE) -> None:
        with self._news:
            self._news.wait_for(lambda: self._ended, seconds)

    def _look(self) -> None:
        """One round: what has happened since the last, and from time to time everything anew."""
        with self._news:
            if time.monotonic() - self._loaded_at > RELOAD:
                self._load()
        events = self._desk.news(self._last_event, wait_ms=LISTEN_MS)
        if not events:
            return
        self._pause(GATHER)
        events += self._desk.news(events[-1].id, wait_ms=0)
        self._last_event = events[-1].id
        self._take({event.session_id for event in events if event.session_id})

    def _tell_trouble(self, trouble: str) -> None:
        with self._news:
            self._loaded_at = 0.0
            if trouble != self._state.trouble:
                self._put(self._state.rows, trouble=trouble)

    def _load(self) -> None:
        """Everything anew. Called under the lock: others wait rather than load the same."""
        last = self._desk.last_event_id()
        now = self._desk.now()
        found = {one.session_id: one for one in self._wanted(now)}
        self._last_event = last
        self._put(self._with(found, now), gone=self._state.rows.keys() - found.keys(), now=now)
        self._loaded_at = time.monotonic()

    def _wanted(self, now: datetime) -> Iterable[Recording]:
        for state in LIVING:
            yield from self._all(state=state)
        yield from self._all(state=State.SCHEDULED, until=now + SOON)
        for state in (State.COMPLETED, State.FAILED, State.MISSED):
            found = self._desk.find(state=state, since=now - LATELY, until=now, limit=MOST_ENDED)
            yield from found.recordings

    def _all(self, **filters: Any) -> Iterable[Recording]:
        cursor = None
        while True:
            page = self._desk.find(limit=PAGE, cursor=cursor, **filters)
            yield from page.recordings
            cursor = page.cursor
            if cursor is None:
                return

    def _take(self, ids: set[str]) -> None:
        """These have changed: look at them, and at nothing else."""
        found = self._desk.some(ids)
        with self._news:
            now = self._desk.now()
            kept = {one.session_id: one for one in found.values() if _matters(one, now)}
            gone = (ids - kept.keys()) & self._state.rows.keys()
            rows = {**self._state.rows, **self._with(kept, now)}
            for session_id in gone:
                rows.pop(session_id, None)
            for session_id in ids:
                self._touched.pop(session_id, None)
                self._touched[session_id] = self._state.tick + 1
            while len(self._touched) > KEPT_TOUCHES:
                del self._touched[next(iter(self._touched))]
            self._put(rows, gone=gone, now=now)

    def _with(self, found: Mapping[str, Recording], now: datetime) -> dict[str, Row]:
        """Rows for these; one that has not changed keeps its stamp."""
        known, tick = self._state.rows, self._state.tick + 1
        return {
            each: known[each] if each in known and known[each].recording == one else Row(one, tick)
            for each, one in found.items()
        }

    def _put(
        self,
        rows: Mapping[str, Row],
        *,
        gone: Iterable[str] = (),
        now: datetime | None = None,
        trouble: str | None = None,
    ) -> None:
        """The next tick, told to everybody who listens."""
        before, tick = self._state, self._state.tick + 1
        left = {each: at for each, at in before.gone.items() if at > tick - 1000}
        self._state = Snapshot(
            epoch=before.epoch,
            tick=tick,
            at=now or before.at,
            rows=rows,
            gone={**left, **dict.fromkeys(gone, tick)},
            overview=before.overview if trouble else self._desk.overview(),
            orphans=before.orphans if trouble else self._desk.orphans(),
            rates=before.rates,
            trouble=trouble,
        )
        if not trouble:
            self._state = replace(self._state, rates=self._rates.measured(self._state.overview))
        for listener in list(self._listeners):
            listener(tick)


def _matters(recording: Recording, now: datetime) -> bool:
    if recording.state is State.SCHEDULED:
        return recording.start < now + SOON
    if recording.state.final:
        return recording.state is not State.CANCELLED and recording.start > now - LATELY
    return True


class _Rates:
    """Requests a second by app, from the budget's counters as they are seen at different times."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, dict[str, float]]] = deque()

    def measured(self, overview: Mapping[str, Any]) -> dict[str, float]:
        now = time.monotonic()
        granted = {app: state.get("granted", 0.0) for app, state in overview.get("budget", {}).items()}
        while len(self._seen) > 1 and self._seen[1][0] <= now - RATE_OVER:
            self._seen.popleft()
        self._seen.append((now, granted))
        first, before = self._seen[0]
        over = now - first
        if over < 1.0:
            return dict.fromkeys(granted, 0.0)
        return {app: max(0.0, count - before.get(app, count)) / over for app, count in granted.items()}
