"""An engine with schedules: rules on a real store, planned as workers plan them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from recorder_tasks.core.session import Session
from recorder_tasks.flow.bells import Bells
from recorder_tasks.flow.planned import faults
from recorder_tasks.flow.planning import Planned, Planner
from schedules.schedules import Schedules
from schedules.store import ScheduleStore
from tests.flow.engine import Engine


class School:
    """One namespace's schedules beside an engine; time is the engine's."""

    def __init__(self, engine: Engine, namespace: str) -> None:
        self.engine = engine
        self.store = engine.store
        rules = ScheduleStore("", namespace, client=engine.store.client)
        self.schedules = Schedules(rules, check=lambda rule: faults(rule, engine.settings, self.now))
        self.planner = Planner(engine.store, rules, engine.settings)
        self.bells = Bells(engine.store, engine.settings)

    @property
    def now(self) -> float:
        return self.store.clock.now()

    def at(self, text: str) -> float:
        """Jump to a wall time of UTC; the vendor's clock goes along."""
        wanted = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
        assert wanted > self.now, f"{text} has passed"
        self.store.clock.jump(wanted - self.now)
        return wanted

    def add(self, name: str = "math", **members: Any) -> None:
        self.schedules.add(name, **{"timezone": "UTC", "slots": "daily 09:00-09:50", **members})

    def plan(self, name: str = "math") -> Planned:
        return self.planner.plan(name)

    def sessions(self, name: str = "math") -> list[Session]:
        return self.store.occurrences.of(name)

    def wanted(self, name: str = "math", state: str = "scheduled") -> list[str]:
        """The slots that will be recorded, by their sessions."""
        return [
            session.origin.slot
            for session in self.sessions(name)
            if session.origin is not None and session.state == state
        ]

    def tomorrow(self, days: int = 1) -> str:
        return f"{datetime.fromtimestamp(self.now, UTC) + timedelta(days=days):%Y-%m-%d}"
