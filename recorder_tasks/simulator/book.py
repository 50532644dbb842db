"""Everything that the vendor knows at an instant, and the order in which things will happen by themselves."""

from __future__ import annotations

import base64
import heapq
import random
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from recorder_tasks.simulator.apps import App
from recorder_tasks.simulator.channels import Channel, unconfigured
from recorder_tasks.simulator.faults import Fault
from recorder_tasks.simulator.limits import Windows
from recorder_tasks.simulator.notices import Notices
from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.tasks import Resource, Task
from recorder_tasks.simulator.uploads import Parcels

Entry = dict[str, Any]


@dataclass
class Ban:
    """A kicking rule (facts 14). ``until``: epoch seconds. None members match everything."""

    rule_id: int
    app_id: str
    cname: str | None
    uid: int | None
    until: float
    created_at: float

    def hits(self, app_id: str, cname: str, uid: int, now: float) -> bool:
        mine = self.app_id == app_id and self.cname in (None, cname) and self.uid in (None, uid)
        return mine and now < self.until


class Book:
    """The records, with the indexes that keep every look-up at one step.

    ``touched`` collects, in order, (table, key) of what has changed since the state was last saved.
    """

    def __init__(self, settings: SimulatorSettings, apps: list[App]) -> None:
        self.settings = settings
        self.rng = random.Random(settings.seed)
        self.apps = {app.app_id: app for app in apps}
        self.resources: dict[str, Resource] = {}
        self.tasks: dict[str, Task] = {}
        self.holders: dict[tuple[str, str, str], str] = {}
        self.running: dict[str, set[str]] = defaultdict(set)
        self.in_channel: dict[str, set[str]] = defaultdict(set)
        self.by_cname: dict[str, list[str]] = defaultdict(list)
        self.channels: dict[str, Channel] = {}
        self.bans: dict[int, Ban] = {}
        self.faults: dict[str, Fault] = {}
        self.log: deque[Entry] = deque(maxlen=settings.log_capacity)
        self.unsaved: deque[Entry] = deque(maxlen=settings.log_capacity)
        self.notices = Notices(self.rng)
        self.parcels = Parcels()
        self.windows = Windows()
        self.outage_until = 0.0
        self.outage_mode = settings.outage_mode
        self.touched: dict[tuple[str, str], None] = {}
        self._agenda: list[tuple[float, int, str, str]] = []
        self._entries = 0

    def hex_id(self) -> str:
        return f"{self.rng.getrandbits(128):032x}"

    def opaque_id(self) -> str:
        """A resourceId: long, opaque, fit for a path (facts 3)."""
        return base64.urlsafe_b64encode(self.rng.randbytes(165)).decode()

    def channel(self, name: str) -> Channel:
        return self.channels.get(name) or unconfigured(name)

    def record(self, entry: Entry) -> None:
        """A request has arrived."""
        self.log.append(entry)
        self.unsaved.append(entry)

    def touch(self, record: Resource | Task) -> None:
        if isinstance(record, Task):
            self.touched["tasks", record.sid] = None
        else:
            self.touched["resources", record.resource_id] = None

    def reserve(self, resource: Resource) -> None:
        self.resources[resource.resource_id] = resource
        self.touch(resource)

    def enter(self, task: Task) -> None:
        """A task begins to exist."""
        self.tasks[task.sid] = task
        self.by_cname[task.cname].append(task.sid)
        self._index(task)
        self.touch(task)

    def _index(self, task: Task) -> None:
        if task.gone_at is None or "gone" in task.timers:
            self.holders[task.triple] = task.sid
        if task.alive:
            self.running[task.app_id].add(task.sid)
            if task.mode != "web":
                self.in_channel[task.cname].add(task.sid)

    def leave(self, task: Task) -> None:
        """The recorder is out of the channel; the task still answers until it is gone."""
        self.running[task.app_id].discard(task.sid)
        self.in_channel[task.cname].discard(task.sid)
        self.touch(task)

    def release(self, task: Task) -> None:
        """Its cname and uid are free for another task."""
        if self.holders.get(task.triple) == task.sid:
            del self.holders[task.triple]
        self.touch(task)

    def restore(self, task: Task) -> None:
        """A task from a saved state, with what it still has ahead of it."""
        self.tasks[task.sid] = task
        self.by_cname[task.cname].append(task.sid)
        self._index(task)
        for kind, at in task.timers.items():
            self._plan(at, task.sid, kind)

    def remind(self, task: Task, kind: str, at: float) -> None:
        """Something will happen to the task at ``at``; replaces an earlier plan of the same kind."""
        task.timers[kind] = at
        self._plan(at, task.sid, kind)
        self.touch(task)

    def _plan(self, at: float, sid: str, kind: str) -> None:
        self._entries += 1
        heapq.heappush(self._agenda, (at, self._entries, sid, kind))

    def next_reminder(self, now: float) -> tuple[Task, str, float] | None:
        """The earliest thing due by ``now``, taken out."""
        while self._agenda and self._agenda[0][0] <= now:
            at, _, sid, kind = heapq.heappop(self._agenda)
            task = self.tasks.get(sid)
            if task is not None and task.timers.get(kind) == at:
                del task.timers[kind]
                self.touch(task)
                return task, kind, at
        return None

    def next_instant(self) -> float | None:
        """When something may happen by itself; None if nothing is planned."""
        instants = [self._agenda[0][0]] if self._agenda else []
        due = self.notices.next_due()
        return min([*instants, due] if due is not None else instants, default=None)
