"""The calendar of a worker: it places the starts before each bell, and plans what no beat has announced."""

from __future__ import annotations

import logging
from threading import Event as Flag
from threading import Thread

from recorder_tasks.flow.bells import Bells
from recorder_tasks.flow.planning import Planner
from recorder_tasks.store import StoreUnavailable
from schedules.errors import SchedulesUnavailable

log = logging.getLogger(__name__)

LOOK = 5.0  # seconds between two looks
PAUSE = 1.0


class Calendar(Thread):
    """Beside a worker's pool; every worker has one, and none needs another."""

    def __init__(self, planner: Planner, bells: Bells) -> None:
        super().__init__(name="recorder-calendar", daemon=True)
        self.planner = planner
        self.bells = bells
        self._ended = Flag()

    def stop(self) -> None:
        """Begin nothing more; returns when the thread has ended."""
        self._ended.set()
        self.join(timeout=10)

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self._ended.wait(self.look())
            except (StoreUnavailable, SchedulesUnavailable) as trouble:
                log.warning("calendar.waiting for Redis: %s", trouble)
                self._ended.wait(PAUSE)
            except Exception:
                log.exception("calendar.trouble")
                self._ended.wait(PAUSE)

    def look(self) -> float:
        """Plan and place what is due; the seconds until the next look."""
        overdue = self.planner.settings.overdue_plan
        waits = [self.planner.tick(overdue=overdue), self.bells.tick()]
        soonest = min((wait for wait in waits if wait is not None), default=LOOK)
        return min(LOOK, soonest / self.planner.store.clock.rate)
