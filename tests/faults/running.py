"""Runs a wave: one deployment, a recording per row, all brought to their points, one blow, the end."""

from __future__ import annotations

import json
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recorder_tasks.flow.asking import session_id_of
from recorder_tasks.settings import Settings
from recorder_tasks.store import StoreUnavailable
from tests.faults.dying_redis import ENVIRONMENT, DyingRedis
from tests.faults.matrix import IN_FLIGHT, VENDOR, WORKERS, Row, Wave
from tests.journeys.house import House, Process, until

QPS = 30
READ = 5.0  # seconds: longer than it takes to bring all rows to their points
OVERRIDES: dict[str, Any] = {
    "APPS__DEFAULT__QPS": QPS,
    "APPS__DEFAULT__CONCURRENT_TASKS": 10 * QPS,
    "SEND_BY": 0.3,  # a vendor that shares two busy cores with all the rest reads late, and several at once
    "PROFILES__DEFAULT__HEALTH_EVERY": 2.0,
    "READ_TIMEOUT": READ,
    "STOP_TIMEOUT": READ,
    "CADENCE__ANSWER": READ + 1.5,
    "CADENCE__GONE_AFTER": 20.0,  # two 404s, however far a crash puts them apart, are no death
    "CADENCE__TOKEN_GRACE": 6.0,
}
VERB = {"update_layout": "updateLayout"}
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
class Case:
    """A row as it runs."""

    row: Row
    number: int
    session: str
    base: Path
    wished: bool = False
    faults: list[str] = field(default_factory=list)  # ids of the vendor's faults

    @property
    def channel(self) -> str:
        return f"class-{self.number}"

    @property
    def verb(self) -> str:
        return VERB.get(self.row.step, self.row.step)

    @property
    def at_cut(self) -> Path:
        return self.base / f"{self.number}.cut"

    @property
    def at_point(self) -> Path:
        return self.base / f"{self.number}.point"

    @property
    def trapped(self) -> bool:
        """Whether a trap in our own process brings it to its point, and not the vendor."""
        return not (self.row.victim == "connection" and self.row.point in IN_FLIGHT)

    def traps(self, cut: Path, release: Path) -> Iterator[dict[str, str]]:
        common = {"session": self.session}
        if self.row.cut is not None:
            step, point = self.row.cut
            yield {
                "step": step,
                "point": point,
                "once": str(self.at_cut),
                "release": str(cut),
                **common,
            }
        if self.trapped:
            own = {"step": self.row.step, "point": self.row.point}
            yield {**own, "once": str(self.at_point), "release": str(release), **common}

    def vendor_faults(self) -> Iterator[tuple[dict[str, Any], int]]:
        """What goes wrong at the vendor, in order: the call that is in flight, then the row's own fault."""
        if self.row.point in IN_FLIGHT:
            committed = self.row.point == "after_committed"
            if self.trapped:
                yield {"hang": 60, "commit": committed}, 1
            else:
                yield {"lose": "after" if committed else "before", "reset": True}, 1
        fault, times, _ = VENDOR[self.row.fault]
        if fault is not None:
            yield fault, times

    @property
    def early(self) -> bool:
        """Whether its wish must be known before Redis loses what comes after its start."""
        return self.row.victim == "failover_sid"

    @property
    def offset(self) -> float:
        """When it shall be at its point, after the others: what may not wait for long comes last."""
        if self.row.point == "after_dispatch":
            return 1.5
        if self.row.point in IN_FLIGHT:
            return 1.0
        return 0.0


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


def cases_of(wave: Wave, base: Path, namespace: str) -> list[Case]:
    return [
        Case(row, number, session_id_of(f"class-{number}", namespace), base)
        for number, row in enumerate(wave.rows)
    ]


def _say(path: Path, word: str) -> None:
    """A release that is read whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.write_text(word)
    draft.rename(path)


def leaks(school: House) -> list[str]:
    """Where a secret of the deployment, or a token made of one, stands in what it keeps or says."""
    app = school.simulator.app
    words = [app["key"], app["secret"], app["certificate"]]
    words += ["access-key-of-the-test", "secret-key-of-the-test", "007eJx"]
    found = []
    texts = {f"Redis {key}": text for key, text in _everything_in(school)}
    for path in school.base.rglob("*"):
        if path.is_file():
            texts[path.name] = path.read_bytes()
    for where, text in texts.items():
        found += [f"{where} holds {word[:4]}..." for word in words if word.encode() in text]
    return found


def _everything_in(school: House) -> Iterator[tuple[str, bytes]]:
    client: Any = school.wiring.store.client
    for key in client.scan_iter(f"recorder:{{{school.settings.namespace}}}:*", count=1000):
        kind = client.type(key).decode()
        read: dict[str, Callable[[], Any]] = {
            "string": lambda key=key: client.get(key),
            "hash": lambda key=key: client.hgetall(key),
            "list": lambda key=key: client.lrange(key, 0, -1),
            "set": lambda key=key: client.smembers(key),
            "zset": lambda key=key: client.zrange(key, 0, -1),
            "stream": lambda key=key: client.xrange(key),
            "none": lambda: None,  # it has run out since
        }
        yield key.decode(), key + repr(read[kind]()).encode()


class CarefulHouse(House):
    """Reads its settings while no other thread begins a process: they go through this one's environment."""

    def _settings(self) -> Settings:
        with ENVIRONMENT:
            return super()._settings()


@contextmanager
def deployment(wave: Wave, redis_url: str, base: Path) -> Iterator[Runner]:
    """A school for one wave, with a Redis of its own where that is the one to die."""
    namespace = f"f{secrets.token_hex(4)}"
    server = None
    if wave.victim.startswith(("redis", "failover")):
        server = DyingRedis(base / "redis", wave.victim)
    inside = base / "school"
    inside.mkdir()
    traps = [
        trap
        for case in cases_of(wave, inside, namespace)
        for trap in case.traps(inside / "cut.word", inside / "release.word")
    ]
    crash = json.dumps(traps)
    url = redis_url if server is None else server.url
    with ExitStack() as stack:
        if server is not None:
            stack.callback(server.close)
        school = CarefulHouse(url, inside, {"NAMESPACE": namespace, "CRASH": crash, **OVERRIDES})
        stack.callback(school.close)
        yield Runner(wave, school, server)


AT_A_TIME = 2


class Runs:
    """Runs waves, two at a time and in their order; for the most part they wait."""

    def __init__(self, waves: Sequence[Wave], redis_url: str, base: Path) -> None:
        self._redis_url, self._base = redis_url, base
        self._pool = ThreadPoolExecutor(AT_A_TIME)
        self._ran = {wave.name: self._pool.submit(self._run, wave) for wave in waves}

    def of(self, wave: Wave) -> Ran:
        """What became of a wave; raises what its run raised."""
        return self._ran[wave.name].result()

    def close(self) -> None:
        """Begins no more, and waits for those that run."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, wave: Wave) -> Ran:
        base = self._base / wave.name
        base.mkdir()
        with deployment(wave, self._redis_url, base) as runner:
            return runner.run()
