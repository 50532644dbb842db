"""Carries a plan out on a deployment of its own, in real time, and gathers what is left of it."""

from __future__ import annotations

import sys
import time
import urllib.error
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recorder_tasks.core.session import State
from recorder_tasks.store import StoreError
from tests.journeys.house import House, Process
from tests.journeys.own_redis import OwnRedis
from tests.soak.callbacks import Callbacks
from tests.soak.caller import Caller
from tests.soak.crew import Crew
from tests.soak.deployment import QPS, overrides, prefer
from tests.soak.evidence import Evidence, gather
from tests.soak.planning import WORKERS, Action, Plan
from tests.soak.probing import Lateness, read_stalls
from tests.soak.recorders import stop_bound

TICK = 0.05
LOOK = 1.0  # seconds between two looks for the table
LEDGER = 2.0


@dataclass
class Status:
    """What the table shows; ``errors`` are surprises so far."""

    seed: int
    seconds: float
    elapsed: float = 0.0
    phase: str = "begins"
    states: dict[str, int] = field(default_factory=dict)
    alive: int = 0
    takes: int = 0
    rate: float = 0.0
    requests: int = 0
    throttled: int = 0
    killed: dict[str, int] = field(default_factory=dict)
    frozen: int = 0
    outages: int = 0
    away: bool = False
    struck: int = 0
    harmed: int = 0
    overrun: float = 0.0
    errors: int = 0


Show = Callable[[Status], None]


class Soak:
    """One run of a plan."""

    def __init__(self, plan: Plan, school: House, server: OwnRedis, show: Show) -> None:
        self.plan = plan
        self.school = school
        self.crew = Crew(school, server)
        self.caller = Caller(school)
        self.callbacks = Callbacks(school, plan.seed) if plan.callbacks else None
        self.show = show
        self.status = Status(plan.seed, plan.seconds)
        self.struck: Counter[str] = Counter()
        self.harmed: Counter[str] = Counter()
        self.chronicle: list[str] = []
        self._faults: dict[str, tuple[str, str]] = {}  # by name: id at the simulator, what it is
        self._began = 0.0
        self._looked = 0.0
        self._ledgered = 0.0
        self._since: float | None = None

    def run(self) -> Evidence:
        """Returns the evidence; whether all has come to its end in time is for the judges to say."""
        self.school.simulator.call("PUT", "/settings", {"qps": QPS, "pcw": 10 * QPS})
        for name in WORKERS:
            self.school.await_worker(name)
        probed = self._start_probe()
        self._began, begun_at = time.monotonic(), time.time()
        self.status.phase = "under fire"
        for action in self.plan.actions:
            if action.at < self.plan.seconds:
                self._await(action.at)
                self._carry_out(action)
        self._await(self.plan.seconds)
        self.status.phase = "comes to rest"
        self._make_peace()
        self._come_to_rest()
        struck, harmed = self.struck, self.harmed
        seconds = time.monotonic() - self._began
        self.caller.close()
        if self.callbacks is not None:
            self.callbacks.close()
        return gather(
            self.plan,
            self.caller,
            self.crew,
            qps=QPS,
            begun_at=begun_at,
            seconds=seconds,
            struck=struck,
            harmed=harmed,
            callbacks=Counter() if self.callbacks is None else self.callbacks.taken,
            chronicle=self.chronicle,
            late=Lateness(read_stalls(probed)),
        )

    def _start_probe(self) -> Path:
        """The file in which it writes when the vendor reads late."""
        path = self.school.base / "stalls.txt"
        path.touch()
        command = [sys.executable, "-m", "tests.soak.probing", self.school.simulator.admin_url, str(path)]
        probe = Process(command, self.school.env, self.school.base / "probe.log")
        self.school.processes.append(probe)
        prefer(probe.popen.pid)
        return path

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def _await(self, at: float) -> None:
        while self.elapsed < at:
            self._tick()
            time.sleep(max(0.0, min(TICK, at - self.elapsed)))
        self._tick()

    def _tick(self) -> None:
        self.crew.tend()
        if self.elapsed >= self._looked + LOOK:
            self._look()
            self._looked = self.elapsed

    def _carry_out(self, action: Action) -> None:
        if action.do not in ("record", "wish"):
            self.chronicle.append(f"{time.time():.3f} {action.do} {action.data}")
        data, crew = action.data, self.crew
        steps: dict[str, Callable[[], object]] = {
            "record": lambda: self.caller.record(data["ask"], data["ahead"], data["seconds"]),
            "wish": lambda: self.caller.wish(data["channel"], data["verb"], data["with"]),
            "schedule": lambda: self.caller.rule(
                data["name"], data["seconds"], time.time() + self.plan.seconds
            ),
            "kill": lambda: crew.kill(data["victim"]),
            "rise": lambda: crew.rise(data["victim"]),
            "freeze": lambda: crew.freeze(data["victim"]),
            "thaw": lambda: crew.thaw(data["victim"]),
            "redis_kill": crew.kill_redis,
            "redis_start": crew.start_redis,
            "blackout": crew.blackout,
            "daybreak": crew.daybreak,
            "fault": lambda: self._fault(data["name"], data["body"]),
            "heal": lambda: self._heal(data["name"]),
            "harm": lambda: self._harm(**data),
            "calm": lambda: self._vendor("DELETE", f"/channels/{data['channel']}"),
            "outage": lambda: self._vendor("POST", "/outage", data),
        }
        steps[action.do]()

    def _vendor(self, method: str, path: str, body: Any = None) -> Any:
        """The simulator's answer; None where there is nothing (any more) to be done it to."""
        try:
            return self.school.simulator.call(method, path, body)
        except urllib.error.HTTPError as refusal:
            if refusal.code in (400, 404, 409):
                return None
            raise

    def _fault(self, name: str, body: dict[str, Any]) -> None:
        kind = next(iter(body["fault"]))
        what = f"{body['verb']} {kind} {body['fault'][kind]}"
        self._faults[name] = (self._vendor("POST", "/faults", body)["id"], what)

    def _heal(self, name: str) -> None:
        fault_id, what = self._faults.pop(name, ("", ""))
        for fault in self._vendor("GET", "/faults")["faults"]:
            if fault["id"] == fault_id:
                self.struck[what] += fault["struck"]
                self._vendor("DELETE", f"/faults/{fault_id}")

    def _harm(self, channel: str, harm: str, seconds: float) -> None:
        if harm == "empty":
            done = self._vendor("PUT", f"/channels/{channel}", {"publishers": []})
        elif harm == "collide":
            done = self._collide(channel)
        else:
            body = {"seconds": seconds} if harm == "migrate" else {}
            done = self._vendor("POST", f"/takes/channel:{channel}/{harm}", body)
        self.harmed[harm] += done is not None

    def _collide(self, channel: str) -> Any:
        """Somebody with the recorder's uid comes into its channel."""
        uids = [take["uid"] for take in self.school.simulator.takes(channel) if take["alive"]]
        if not uids:
            return None
        people = [{"uid": int(uid)} for uid in (uids[-1], 1001)]
        return self._vendor("PUT", f"/channels/{channel}", {"publishers": people})

    def _make_peace(self) -> None:
        """No more faults, no more harm, everybody up."""
        for name in list(self._faults):
            self._heal(name)
        for action in self.plan.actions:
            if action.do == "calm":
                self._vendor("DELETE", f"/channels/{action.data['channel']}")
        self._vendor("POST", "/outage", {"seconds": 0})
        self.crew.daybreak()
        self.chronicle.append(f"{time.time():.3f} peace")

    def _come_to_rest(self) -> None:
        """Until all is final, settled and ended; at the latest when the last bound has passed."""
        last = [one.end.timestamp() for one in self.caller.promised.values()]
        window = self.school.settings.cadence.settle_window
        end = max([time.time(), *last]) + stop_bound(self.school.settings) + window
        while time.time() < end and not self._at_rest():
            self._await(self.elapsed + LOOK)

    def _at_rest(self) -> bool:
        if not self.caller.finish(0.0):
            return False
        try:
            if self.school.wiring.store.checker.compare().open:
                return False
            told = {(one.channel, str(one.uid)) for one in self.school.desk.orphans()}
        except StoreError:
            return False
        alive = {(take["channel"], str(take["uid"])) for take in self._ledger() if take["alive"]}
        return alive <= told

    def _ledger(self) -> list[dict[str, Any]]:
        return list(self.school.simulator.call("GET", "/ledger")["takes"])

    def _look(self) -> None:
        """Bring the table up to date."""
        status, crew = self.status, self.crew
        status.elapsed = self.elapsed
        if crew.redis_answers:
            with suppress(StoreError):
                counts = self.school.wiring.store.sessions.counts()
                status.states = {state.value: counts.get(state, 0) for state in State}
        self._look_at_vendor()
        status.killed = dict(crew.killed)
        status.frozen = sum(crew.frozen.values())
        status.outages, status.away = len(crew.outages), not crew.redis_answers
        status.harmed = sum(self.harmed.values())
        status.errors = len(self.caller.surprises) + len(crew.fell)
        self.show(status)

    def _look_at_vendor(self) -> None:
        status, now = self.status, time.time()
        since = now - LOOK if self._since is None else self._since
        new = self.school.simulator.call("GET", f"/requests?since={since:.6f}")["requests"]
        new = [entry for entry in new if entry["at"] < now]
        self._since = now
        status.requests += len(new)
        status.rate = len(new) / max(now - since, 0.1)
        status.throttled += sum(entry["status"] == 429 for entry in new)
        if now < self._ledgered + LEDGER:
            return
        self._ledgered = now
        standing = self._vendor("GET", "/faults")["faults"]
        status.struck = sum(self.struck.values()) + sum(fault["struck"] for fault in standing)
        takes = self._ledger()
        status.takes, status.alive = len(takes), sum(take["alive"] for take in takes)
        for take in takes:
            known = self.caller.promised.get(take["channel"])
            if known is not None:
                ends = min(at for at in (known.end, known.deadline, known.stop_asked_at) if at is not None)
                status.overrun = max(status.overrun, (take["ended_at"] or now) - ends.timestamp())


def run(plan: Plan, base: Path, show: Show) -> Evidence:
    """A deployment below ``base``, a soak in it, and its end whatever happens."""
    server = OwnRedis(base / "redis")
    try:
        school = House(server.url, base, overrides(plan))
        try:
            _ = school.desk, school.wiring.timetable  # built before threads ask for them
            prefer(school.simulator.process.popen.pid)
            return Soak(plan, school, server, show).run()
        finally:
            school.close()
    finally:
        server.kill()
