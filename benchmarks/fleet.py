"""Whole systems to race: the simulated vendor, our workers, and a peer's; each process is a child.

All run on the bench's server: ours in a namespace of its own, a peer in another database. The simulator's own
account of what arrived, and when by its clock, is the one source of all figures.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

import benchmarks
from benchmarks.bench import APP, STORAGE, Bench
from recorder_tasks.local.environment import nothing_real
from recorder_tasks.local.processes import Child, Processes, Program
from recorder_tasks.local.system import await_heard
from recorder_tasks.pools import GENERAL_QUEUE
from recorder_tasks.wiring import Wiring

ROOT = Path(benchmarks.__file__).resolve().parent.parent
READY = 30.0  # seconds
LOOK = 0.05
BEHIND = 1.0  # seconds; an arrival is told once it is answered, perhaps behind later ones
PLENTY = 1_000_000
LEVEL = "WARNING"  # on all sides: nobody's log lines are measured
SIMULATOR_TIER, WORKER_TIER, DAEMON_TIER = 1, 2, 3
AT_ONCE = {
    "status_seconds": [0, 0, 0, 0],
    "upload_seconds": 0,
    "exit_seconds": 0,
    "qps": PLENTY,
    "pcw": PLENTY,
    "management_qps": PLENTY,
}


@dataclass(frozen=True)
class Arrival:
    """One request at the vendor. ``at``: epoch seconds of its clock; ``status``: of its answer."""

    at: float
    verb: str | None
    channel: str
    status: int
    code: int | None

    @property
    def accepted(self) -> bool:
        return self.status in (200, 201)


class Simulator:
    """The vendor that runs, and its account."""

    def __init__(self, base_url: str, admin_url: str, child: Child) -> None:
        self.base_url = base_url
        self.child = child
        self._admin = admin_url
        self._http = requests.Session()
        self._http.trust_env = False

    def change(self, **settings: Any) -> None:
        """Change its settings, as ``qps=10``."""
        self._http.put(f"{self._admin}/settings", json=settings, timeout=READY).raise_for_status()

    def forget(self) -> None:
        """As on the first day: no recorder runs, nothing has ever arrived."""
        self._http.delete(f"{self._admin}/reset", timeout=READY).raise_for_status()

    def account(self) -> Account:
        """What arrives from now on and what has since the last :meth:`forget`."""
        return Account(self._entries)

    def ledger(self) -> dict[str, Any]:
        """Resources and takes, as the admin API gives them."""
        found: dict[str, Any] = self._http.get(f"{self._admin}/ledger", timeout=READY).json()
        return found

    def _entries(self, since: float) -> list[dict[str, Any]]:
        answer = self._http.get(f"{self._admin}/requests", params={"since": f"{since:.6f}"}, timeout=READY)
        found: list[dict[str, Any]] = answer.json()["requests"]
        return found


@dataclass
class Account:
    """The vendor's request log, read bit by bit so that reading it costs the vendor little."""

    entries: Callable[[float], list[dict[str, Any]]]
    arrivals: list[Arrival] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _last: float = 0.0

    def read(self) -> list[Arrival]:
        """All that has arrived, in the order of the log."""
        for entry in self.entries(max(0.0, self._last - BEHIND)):
            if entry["request_id"] not in self._known:
                self._known.add(entry["request_id"])
                self._last = max(self._last, entry["at"])
                channel, status = entry["channel"] or "", entry["status"] or 0
                self.arrivals.append(Arrival(entry["at"], entry["verb"], channel, status, entry["code"]))
        return self.arrivals

    def await_calls(self, verb: str, count: int, timeout: float, *, look: float = LOOK) -> list[Arrival]:
        """The first accepted call of that verb of each channel, once there are ``count``; or TimeoutError.

        Look rarely while a crowd is served: each look takes the vendor some time.
        """
        until = time.monotonic() + timeout
        while len(found := self.firsts(verb)) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(found)} of {count} {verb} after {timeout:g} s")
            time.sleep(look)
        return found

    def firsts(self, verb: str) -> list[Arrival]:
        """The first accepted call of that verb, for each channel."""
        found: dict[str, Arrival] = {}
        for one in self.read():
            if one.verb == verb and one.accepted:
                found.setdefault(one.channel, one)
        return list(found.values())


@dataclass(frozen=True)
class Ours:
    """Our workers, and our parts in the same namespace. ``env``: with which other processes of ours join."""

    parts: Wiring
    children: list[Child]
    env: Mapping[str, str]
    processes: Processes

    def beat(self) -> Child:
        """Start our beat; it has been heard of. Raises NotReady."""
        argv = (sys.executable, "-m", "recorder_tasks.cli", "beat", "--loglevel", LEVEL)
        cwd = self.parts.settings.data_dir
        child = self.processes.start(Program("beat", argv, env=self.env, tier=DAEMON_TIER, cwd=cwd))
        name = f"beat@{socket.gethostname()}"
        await_heard(lambda: self.parts.store.workers.alive(READY), {name: child}, READY)
        return child


@dataclass(frozen=True)
class Peer:
    """A peer's workers. ``url``: their broker; ``env``: with which their processes find it and the vendor."""

    url: str
    env: Mapping[str, str]
    children: list[Child]
    processes: Processes

    def daemon(self, name: str, *argv: str, ready: str | None = None) -> Child:
        """Start another process of theirs, as ``-m celery ... beat``; await a line that begins so."""
        program = Program(name, (sys.executable, *argv), env=self.env, tier=DAEMON_TIER, cwd=ROOT)
        child = self.processes.start(program)
        if ready is not None:
            child.await_line(ready, READY)
        return child

    def end(self, child: Child) -> None:
        """End a daemon."""
        self.processes.kill(child.program.name)


@dataclass(frozen=True)
class Fleet:
    """Starts systems beside one simulator; what it starts has ended when its block has."""

    bench: Bench
    simulator: Simulator

    @contextmanager
    def ours(
        self,
        *,
        workers: int = 1,
        stoppers: int = 0,
        concurrency: int = 8,
        pool: str = "threads",
        **settings: Any,
    ) -> Iterator[Ours]:
        """Our workers, ready, in a new namespace. ``concurrency``: threads of each; ``settings``: more.

        ``pool``: another one of Celery's, of workers that stop nothing. Raises NotReady.
        """
        app = {**APP, "base_url": self.simulator.base_url}
        named = {"apps": {"default": app}, "storages": {"default": STORAGE}, **settings}
        parts = self.bench.parts(**named)
        with nothing_real(), Processes(self.bench.home / "log") as processes:
            env = _our_env(parts, named)
            children = []
            for kind, count in (("worker", workers), ("stopper", stoppers)):
                more = ("--stop",) if kind == "stopper" else ()
                for number in range(count):
                    name = f"{kind}{number}@bench"
                    argv = (*_our_worker(name, concurrency, pool), *more)
                    program = Program(name, argv, env=env, tier=WORKER_TIER, cwd=self.bench.home)
                    children.append(processes.start(program))
            named = {child.program.name: child for child in children}
            await_heard(lambda: parts.store.workers.alive(READY), named, READY)
            yield Ours(parts, children, env, processes)
        parts.close()

    @contextmanager
    def peer(
        self,
        *,
        workers: int = 1,
        concurrency: int = 8,
        database: int = 1,
        app: Mapping[str, Any] = APP,
        env: Mapping[str, str] | None = None,
    ) -> Iterator[Peer]:
        """A peer's workers, ready. ``env``: more, as PEER_RETRY and PEER_RATE. Raises NotReady."""
        url = f"{self.bench.url.rpartition('/')[0]}/{database}"
        known = {
            "PEER_BROKER": url,
            "PEER_URL": self.simulator.base_url,
            **{f"PEER_{name.upper()}": str(app[name]) for name in ("app_id", "key", "secret")},
            **(env or {}),
        }
        with nothing_real(), Processes(self.bench.home / "log") as processes:
            children = []
            for number in range(workers):
                name = f"peer{database}-{number}@bench"
                program = Program(
                    name, _peer_worker(name, concurrency), env=known, tier=WORKER_TIER, cwd=ROOT
                )
                children.append(processes.start(program))
            for child in children:
                child.await_line("peer ready", READY)
            yield Peer(url, known, children, processes)


@contextmanager
def fleet(bench: Bench, **settings: Any) -> Iterator[Fleet]:
    """A simulator that answers at once and takes any rate, unless ``settings`` say otherwise.

    It knows the app of :data:`benchmarks.bench.APP`; ``apps`` are more, each with a rate of its own.
    """
    apps = [{"app_id": APP["app_id"], "key": APP["key"], "secret": APP["secret"]}, *settings.pop("apps", ())]
    path = bench.home / "simulator.json"
    path.write_text(json.dumps({**AT_ONCE, **settings, "apps": apps}))
    command = ("-m", "recorder_tasks.cli", "simulator", "--port", "0", "--settings", str(path))
    program = Program("simulator", (sys.executable, *command), tier=SIMULATOR_TIER, cwd=bench.home)
    with Processes(bench.home / "log") as processes:
        child = processes.start(program)
        said = json.loads(child.await_line("simulator ready", READY))
        yield Fleet(bench, Simulator(said["base_url"], said["admin_url"], child))


def _our_worker(name: str, concurrency: int, pool: str) -> tuple[str, ...]:
    size = ("--concurrency", str(concurrency), "--loglevel", LEVEL)
    if pool == "threads":  # as our own command has it
        return (sys.executable, "-m", "recorder_tasks.cli", "worker", "--name", name, *size)
    command = (sys.executable, "-m", "celery", "-A", "recorder_tasks.celery_app", "worker", "-n", name)
    return (*command, "-Q", GENERAL_QUEUE, "-P", pool, "--without-gossip", "--without-mingle", *size)


def _our_env(parts: Wiring, named: Mapping[str, Any]) -> dict[str, str]:
    plain = {"redis_url": parts.settings.redis_url, "namespace": parts.settings.namespace}
    plain["data_dir"] = str(parts.settings.data_dir)
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in named.items()}
    return {f"RECORDER_{name.upper()}": value for name, value in {**plain, **told}.items()}


def _peer_worker(name: str, concurrency: int) -> tuple[str, ...]:
    queues = "celery,starts"
    command = (sys.executable, "-m", "celery", "-q", "-A", "benchmarks.peer_app", "worker", "-Q", queues)
    pool = ("-P", "threads", "-c", str(concurrency), "--without-gossip", "--without-mingle")
    return (*command, "-n", name, "-l", LEVEL, *pool)
