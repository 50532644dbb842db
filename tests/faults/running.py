"""Runs a wave: a recording per row, all brought to their points, one blow, the end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recorder_tasks.store import StoreUnavailable
from tests.faults.cases import Case, cases_of
from tests.faults.dying_redis import DyingRedis
from tests.faults.leaks import leaks
from tests.faults.matrix import IN_FLIGHT, WORKERS, Wave
from tests.journeys.house import House, Process, until

QPS = 30
READ = 5.0  # seconds: longer than it takes to bring all rows to their points
CHANGES: dict[str, dict[str, Any]] = {
    "update": {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["1001"]}}},
    "update_layout": {"mixedVideoLayout": 1},
}
AHEAD = 4.0  # seconds from the wish to the moment at which the rows shall be at their points
# Seconds by which a row's recording begins before that moment.
BEGINS = {"acquire": 0.3, "start": 0.6, "query": 1.5, "update": 2.5, "update_layout": 2.5, "stop": 2.5}
LENGTH = 27.0  # seconds from that moment to the planned end: a lease, some time-outs, another recorder
SPARE = 6  # hands of a worker beside those that are held at a point
AWAY = 3.0  # seconds for which a connection stays cut


@dataclass
class Ran:
    """What is left of a wave for its judges."""

    wave: Wave
    cases: list[Case]
    bystander: str
    results: dict[str, Any]  # by session id
    events: dict[str, list[Any]]
    ledger: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    struck: dict[str, int]  # by fault id
    cut_at: float | None  # what Redis was told from here on until the blow is lost
    crashed_at: float
    leaks: list[str]
    deaths: list[str]  # processes that were brought back
    kills: int  # blows that hit: of processes, of Redis, of the connection
    crashes: list[str]  # what those said that ended by themselves
    unreached: list[str]
    seconds: float
    trouble: str | None = None


class Runner:
    """One wave in one deployment."""

    def __init__(self, wave: Wave, school: House, server: DyingRedis | None) -> None:
        self.wave = wave
        self.school = school
        self.server = server
        self.cut, self.release = school.base / "cut.word", school.base / "release.word"
        self.cases = cases_of(wave, school.base, school.settings.namespace)
        self.deaths: list[str] = []
        self.crashes: list[str] = []
        self.cut_at: float | None = None
        self.crashed_at = 0.0
        self._since = 0.0
        self._crew: dict[str, tuple[Callable[[], Process], Process]] = {}

    def run(self) -> Ran:
        self._since = time.monotonic()
        self._open()
        bystander = self.school.desk.record("bystander", minutes=3, max_extension=0).session_id
        self.school.reached(bystander, "recording")
        moment = time.time() + AHEAD
        for case in self.cases:
            self._ask(case, moment)
        unreached: list[str] = []
        if self.server is not None and self.server.loses:
            unreached += self._bring(lambda case: case.at_cut.exists(), moment)
            self.cut_at = time.time()
            self.server.cut()
            _say(self.cut, "go")
        unreached += self._bring(self._at_point, moment)
        self.crashed_at = time.time()
        self._strike()
        trouble = self._await_ends(moment + LENGTH + 45)
        self.school.desk.stop(bystander)
        self._tended(lambda: self._final(bystander), 40, "the bystander to end")
        return self._ran(bystander, unreached, trouble)

    def _open(self) -> None:
        call = self.school.simulator.call
        call("PUT", "/settings", {"qps": QPS, "pcw": 10 * QPS})
        for case in self.cases:
            for fault, times in case.vendor_faults():
                body = {"verb": case.verb, "channel": case.channel, "times": times, "fault": fault}
                case.faults.append(call("POST", "/faults", body)["id"])
        pool = "prefork" if self.wave.victim.startswith("prefork") else "threads"
        stops = sum(case.row.step == "stop" for case in self.cases)
        hands = len(self.cases) - (stops if self.wave.victim != "failover_sid" else 0) + SPARE
        self._crew_up("general", lambda: self.school.start("general", concurrency=hands, pool=pool))
        stop_worker = {"queues": "recorder.stop", "concurrency": stops + SPARE, "pool": pool}
        self._crew_up("stopper", lambda: self.school.start("stopper", **stop_worker))
        if self.wave.victim == "beat":
            self._crew_up("beat", self.school.beat)
        for name in ("general", "stopper"):
            self.school.await_worker(name)

    def _crew_up(self, name: str, start: Callable[[], Process]) -> None:
        self._crew[name] = (start, start())

    def _tend(self) -> None:
        """Bring back whatever died."""
        for name, (start, process) in self._crew.items():
            if not process.alive:
                self.deaths.append(name)
                if process.popen.returncode != -signal.SIGKILL:
                    said = process.output()[-2000:]
                    self.crashes.append(f"{name} ended with {process.popen.returncode}: {said}")
                self._crew_up(name, start)

    def _ask(self, case: Case, moment: float) -> None:
        start = moment + case.offset - BEGINS[case.row.step]
        stopped = case.early and case.row.step == "stop"
        recording = self.school.desk.record(
            case.channel,
            start=datetime.fromtimestamp(start, UTC),
            end=datetime.fromtimestamp(moment + (2.0 if stopped else LENGTH), UTC),
            max_extension=0,
            key=case.channel,
            labels={"row": case.row.id},
        )
        assert recording.session_id == case.session
        if case.early:
            self._wish_now(case)

    def _bring(self, there: Callable[[Case], bool], moment: float) -> list[str]:
        """Wait until all rows are there, with the wishes that it takes; the ids of those that are not."""
        end = time.time() + AHEAD + 8 + (READ if self.wave.slow else 0)
        while True:
            missing = [case for case in self.cases if not there(case)]
            if not missing or time.time() > end:
                return [case.row.id for case in missing]
            for case in missing:
                self._wish(case, moment)
            time.sleep(0.02)

    def _wish(self, case: Case, moment: float) -> None:
        step = case.row.step
        if case.wished or step not in ("update", "update_layout", "stop"):
            return
        if time.time() < moment + case.offset - 0.5:
            return
        if self.school.desk.get(case.session).state != "recording":
            return
        self._wish_now(case)

    def _wish_now(self, case: Case) -> None:
        case.wished = True
        step = case.row.step
        if step in CHANGES:
            getattr(self.school.desk, step)(case.session, CHANGES[step])
        elif step == "stop" and not case.early:
            self.school.desk.stop(case.session)

    def _at_point(self, case: Case) -> bool:
        if case.trapped and not case.at_point.exists():
            return False
        if case.row.point not in IN_FLIGHT:
            return True
        return any(entry["fault"] for entry in self.school.simulator.requests(case.channel, case.verb))

    def _strike(self) -> None:
        victim = self.wave.victim
        if victim in WORKERS:
            _say(self.release, "parent" if victim == "prefork_parent" else "die")
        elif victim == "beat":
            self._crew["beat"][1].kill()
            self._tend()
            _say(self.release, "go")
        elif victim == "connection":
            self.school.simulator.call("POST", "/outage", {"seconds": AWAY, "mode": "refuse"})
            _say(self.release, "go")
        else:
            assert self.server is not None
            self.server.die()
            if not self.server.loses:
                _say(self.release, "go")
                self._noticed()
            self.server.come_back()
            _say(self.release, "go")

    def _noticed(self) -> None:
        """Redis stays away until its absence has been felt."""
        general = self._crew["general"][1]
        until(lambda: "dispatcher.waiting" in general.output(), what="a worker to see that Redis is away")

    def _await_ends(self, end: float) -> str | None:
        while True:
            self._tend()
            open_ones = [case for case in self.cases if not self._final(case.session)]
            alive = [take for take in self._ledger() if take["alive"] and take["channel"] != "bystander"]
            if not open_ones and not alive:
                return None
            if time.time() > end:
                left = [case.row.id for case in open_ones] + [take["channel"] for take in alive]
                return f"not at an end: {', '.join(left)}"
            time.sleep(0.2)

    def _tended(self, check: Callable[[], bool], timeout: float, what: str) -> None:
        def look() -> bool:
            self._tend()
            return check()

        until(look, timeout, what)

    def _kills(self) -> int:
        """How many died: children by what their parents saw, others by having to be brought back."""
        if self.wave.victim == "prefork_child":
            logs = (self.school.base / f"{name}.log" for name in self._crew)
            return sum(log.read_text(errors="replace").count("exited with 'signal 9") for log in logs)
        return len(self.deaths) if self.wave.victim in (*WORKERS, "beat") else 1

    def _final(self, session: str) -> bool:
        try:
            return bool(self.school.desk.get(session).finished)
        except StoreUnavailable:
            return False

    def _ledger(self) -> list[dict[str, Any]]:
        return list(self.school.simulator.call("GET", "/ledger")["takes"])

    def _ran(self, bystander: str, unreached: list[str], trouble: str | None) -> Ran:
        sessions = [*(case.session for case in self.cases), bystander]
        faults = self.school.simulator.call("GET", "/faults")["faults"]
        desk = self.school.desk
        return Ran(
            wave=self.wave,
            cases=self.cases,
            bystander=bystander,
            results={session: desk.get(session) for session in sessions},
            events={session: list(desk.events(session)) for session in sessions},
            ledger=self._ledger(),
            requests=self.school.simulator.requests(),
            struck={fault["id"]: fault["struck"] for fault in faults},
            cut_at=self.cut_at,
            crashed_at=self.crashed_at,
            leaks=leaks(self.school),
            deaths=self.deaths,
            kills=self._kills(),
            crashes=self.crashes,
            unreached=unreached,
            seconds=time.monotonic() - self._since,
            trouble=trouble,
        )


def _say(path: Path, word: str) -> None:
    """A release that is read whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.write_text(word)
    draft.rename(path)
