"""The processes of a soak: workers, beat and Redis, killed, frozen and brought back; who was up, and when."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import redis

from tests.journeys.house import House, Process
from tests.journeys.own_redis import OwnRedis, client_of
from tests.soak.planning import VICTIMS

APP = "recorder_tasks.celery_app"
QUEUES = {"stopper": "recorder.stop"}


@dataclass
class Outage:
    """Redis was away from ``since`` until it answered at ``until`` (epoch seconds).

    ``overdue``: how many steps were due then. ``alone``: some worker lived through it, so that nothing but
    the reconnect stood between it and the work.
    """

    since: float
    until: float | None = None
    overdue: int = 0
    alone: bool = True


class Crew:
    """Two general workers, a stop worker, a beat and their Redis. ``tend`` is called often."""

    def __init__(self, school: House, server: OwnRedis) -> None:
        self.school = school
        self.server = server
        self.killed: Counter[str] = Counter()
        self.frozen: Counter[str] = Counter()
        self.fell: list[str] = []  # who ended without having been killed
        self.outages: list[Outage] = []
        self._processes: dict[str, Process] = {}
        self._down: set[str] = set()
        self._asleep: set[str] = set()
        self._redis_up = True
        for name in VICTIMS:
            self._launch(name)

    def _launch(self, name: str) -> None:
        kind = ["beat", "-S", "schedules.beat:Scheduler", "--pidfile="]
        if name != "beat":
            queue = QUEUES.get(name, "recorder")
            kind = ["worker", "-P", "threads", "-c", "8", "-Q", queue, "-n", f"{name}@test"]
            kind += ["--without-gossip", "--without-mingle"]
        command = [sys.executable, "-m", "celery", "-A", APP, *kind, "-l", "INFO"]
        process = Process(command, self.school.env, self.school.base / f"{name}.log")
        self.school.processes.append(process)
        self._processes[name] = process

    def kill(self, name: str) -> None:
        if name in self._down:
            return
        self._processes[name].kill()
        self.killed[name] += 1
        self._down.add(name)
        self._asleep.discard(name)
        self._disturb(name)

    def rise(self, name: str) -> None:
        if name in self._down:
            self._down.discard(name)
            self._launch(name)

    def freeze(self, name: str) -> None:
        if name in self._down | self._asleep:
            return
        self._processes[name].freeze()
        self.frozen[name] += 1
        self._asleep.add(name)
        self._disturb(name)

    def thaw(self, name: str) -> None:
        if name in self._asleep:
            self._asleep.discard(name)
            self._processes[name].thaw()

    def kill_redis(self) -> None:
        if not self._redis_up:
            return
        self.server.kill()
        self.killed["redis"] += 1
        self._redis_up = False
        if self.redis_answers:  # else it is killed while it comes up: one outage
            self.outages.append(Outage(time.time()))
        for name in self._down | self._asleep:
            self._disturb(name)

    def start_redis(self) -> None:
        if not self._redis_up:
            self._redis_up = True
            self.server.launch()

    def blackout(self) -> None:
        self.kill_redis()
        for name in VICTIMS:
            self.kill(name)

    def daybreak(self) -> None:
        """Everything that is down or asleep is up again, in no order."""
        for name in VICTIMS:
            self.rise(name)
            self.thaw(name)
        self.start_redis()

    def tend(self) -> None:
        """See whether Redis answers again; bring back what fell by itself, as a supervisor would."""
        self._see_redis()
        for name, process in self._processes.items():
            if name not in self._down and not process.alive:
                self.fell.append(f"{name} with {process.popen.returncode} at {time.time():.2f}")
                self._asleep.discard(name)
                self._launch(name)

    @property
    def redis_answers(self) -> bool:
        return not self.outages or self.outages[-1].until is not None

    def _see_redis(self) -> None:
        if self.redis_answers or not self._redis_up:
            return
        with suppress(redis.exceptions.RedisError), client_of(self.server.url) as client:
            client.ping()
            outage = self.outages[-1]
            outage.until = time.time()
            due = self.school.wiring.store.keys("due", "")
            lanes = client.keys(f"{due}*")
            outage.overdue = sum(client.zcount(lane, "-inf", outage.until) for lane in lanes)

    def _disturb(self, name: str) -> None:
        """Of the outage that is under way: nobody is left who has lived through it."""
        living = [
            one for one in VICTIMS if one.startswith("general") and one not in self._down | self._asleep
        ]
        if not self.redis_answers and not living:
            self.outages[-1].alone = False
