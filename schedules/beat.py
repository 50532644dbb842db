"""Beat for any number of hosts: ``celery -A recorder_tasks beat -S schedules.beat:Scheduler``.

It announces schedules whose occurrences shall be planned, by task name, and runs Celery's own
``beat_schedule``. There is no lock and no leader: a schedule is leased to one beat for a while, an entry's
slot is taken by whoever saw its last run first. A beat that dies in between leaves the schedule due again;
what is announced twice is planned twice, which changes nothing.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

from celery import Celery, beat
from celery.utils.dispatch import Signal

from schedules.errors import SchedulesUnavailable
from schedules.store import ScheduleStore

log = logging.getLogger(__name__)

PLAN = "recorder.plan"
LOOK = 1.0  # seconds between two looks
LEASE = 30.0  # seconds until an announcement that came to nothing is made again
AT_ONCE = 200  # schedules announced in one look
IN_ONE = 10  # schedules in one message, so that several workers share them
STEPPED = 5.0  # seconds in the future, of a last run: Redis's clock has gone back since
UNSURE = 0.5  # seconds: what two hosts' clocks may differ by, as far as can be told from here

ticked = Signal(name="ticked", providing_args={"scheduler"})  # this beat is alive and reaches Redis


class Scheduler(beat.Scheduler):  # type: ignore[misc]
    """Celery's scheduler with its last runs in Redis, and the announcements.

    ``schedules_at`` of the app's configuration says where the schedules are: a callable that gives a Redis
    URL and a namespace, or a ScheduleStore with a connection of its own. Without it they are at the broker,
    in the namespace ``default``.
    """

    def __init__(self, app: Celery, *args: Any, **kwargs: Any) -> None:
        self._store: ScheduleStore | None = None
        self._own: dict[str, tuple[float, datetime]] = {}  # its runs, by Redis's clock and this host's
        super().__init__(app, *args, **kwargs)

    @property
    def store(self) -> ScheduleStore:
        """Connected when it is first needed: Celery builds one more scheduler, for its banner only."""
        if self._store is None:
            where = self.app.conf.get("schedules_at")
            found = where() if where is not None else (self.app.conf.broker_url, "default")
            self._store = found if isinstance(found, ScheduleStore) else ScheduleStore(*found)
        return self._store

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)
        self.install_default_entries(self.data)  # after merging, which takes out what the team has not named

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; the seconds until the next look. Nothing may escape: an exception ends beat."""
        try:
            self._announce()
            self._run_entries()
            ticked.send(sender=self, scheduler=self)
        except SchedulesUnavailable as trouble:
            log.warning("beat.waiting for Redis: %s", trouble)
        except Exception:
            log.exception("beat.trouble")
        return LOOK

    def _announce(self) -> None:
        names = self.store.take_due(AT_ONCE, lease=LEASE).names
        for at in range(0, len(names), IN_ONE):
            self.app.send_task(PLAN, kwargs={"names": list(names[at : at + IN_ONE])}, ignore_result=True)

    def _run_entries(self) -> None:
        known, ahead = self.store.last_runs(), self.store.ahead_of_host()
        for entry in self.schedule.values():
            last = known.get(entry.name)
            if last is None or last - ahead > time.time() + STEPPED:
                # As Celery does: a new entry is due an interval from now; so is one that Redis's clock, which
                # has gone back, will not reach for long.
                self.store.take_slot(entry.name, last)
                continue
            entry.last_run_at = self._last_run(entry.name, last, ahead)
            if self._due(entry):
                won, at = self.store.take_slot(entry.name, last)
                if won:
                    self._own[entry.name] = (at, datetime.now(UTC))
                    self.apply_entry(entry, producer=self.producer)

    def _last_run(self, name: str, last: float, ahead: float) -> datetime:
        """By this host's clock, as Celery compares it: exactly, or of another beat's run rather too late.

        A crontab entry whose last run seems to lie before its minute would run twice in it.
        """
        own = self._own.get(name)
        if own is not None and own[0] == last:
            return own[1]
        return datetime.fromtimestamp(last - ahead + UNSURE, UTC)

    def _due(self, entry: beat.ScheduleEntry) -> bool:
        """Whether to run it now; one whose schedule fails keeps no other from running."""
        try:
            due, _ = self.is_due(entry)  # a team's own schedule may answer with a plain pair
        except Exception:
            log.exception("beat.trouble entry=%s", entry.name)
            return False
        return bool(due)

    def close(self) -> None:
        super().close()
        if self._store is not None:
            self._store.close()
