"""What was changed in the timetable becomes sessions here and now; no worker has to run for that.

Workers and beats would plan it too, a moment later: planning twice, or at once, makes the same sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recorder_tasks.core.errors import NoSuchSession
from recorder_tasks.flow.asking import session_id_of
from recorder_tasks.flow.bells import Bells
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.planning import Planned, Planner
from recorder_tasks.recording import Recording
from schedules.errors import ScheduleError
from schedules.schedules import Schedules

LEASE, EACH = 30.0, 0.5  # seconds, and more for each schedule, in which no worker plans what is planned here
KINDS = ("created", "moved", "withdrawn", "stopped", "extended")

Watch = Callable[[Sequence[str]], Iterable[str]]


@dataclass(frozen=True)
class Replanning:
    """Plans after a change. Raises StoreUnavailable and SchedulesUnavailable; the change stays due then."""

    timetable: Schedules
    planner: Planner
    bells: Bells
    desk: Desk

    def plan(self, names: Sequence[str], watch: Watch = iter) -> dict[str, Planned]:
        """What planning each of these came to. ``watch`` is given all that is planned, to show progress."""
        # what else is due at this moment comes along, and is planned as well
        due = self.timetable.store.take_due(2 * len(names), lease=LEASE + EACH * len(names)).names
        every = list(dict.fromkeys([*names, *due]))
        planned = {name: self.planner.plan(name) for name in watch(every)}
        self.bells.tick()
        return {name: planned[name] for name in names}

    def run_now(self, name: str, *, minutes: float | None = None) -> Recording:
        """Record it now, once, beside its own times, for ``minutes`` or as long as its occurrences last.

        Raises NoSuchSchedule, InvalidSchedule, and ScheduleError if it cannot be planned, which says why.
        """
        run = self.timetable.run_now(name, minutes=minutes)
        planned = self.plan([name])[name]
        key = f"schedule:{name}@{run.slot}"
        try:
            return self.desk.get(session_id_of(key, self.desk.settings.namespace))
        except NoSuchSession:
            why = planned.fault or "somebody else has changed it meanwhile; look again"
            raise ScheduleError(f"{name}: {why}") from None


def counted(planned: Mapping[str, Planned]) -> dict[str, Any]:
    """What planning came to, for machines: how many recordings, and the schedules that failed, with why."""
    counts = {kind: sum(len(getattr(one, kind)) for one in planned.values()) for kind in KINDS}
    return {**counts, "faults": {name: one.fault for name, one in planned.items() if one.fault}}
