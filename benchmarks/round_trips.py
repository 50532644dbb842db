"""What a lifecycle asks of Redis and of Celery: round trips, commands, messages, by the server's own count.

A round trip is a read of the server from a client. Commands and messages are seen by MONITOR, which tells
what a script asks from what clients send. Steps are counted alone, in this process. Lifecycles are counted in
whole systems, asked for one after the other, so that hardly anything is shared; what the workers ask in as
much time while they have nothing to do is taken off.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import redis

from benchmarks import peer_app
from benchmarks.bench import APP, Bench
from benchmarks.figure import Figure
from benchmarks.fleet import Fleet, Ours, fleet
from recorder_tasks.core.outcome import Step
from recorder_tasks.core.session import Lane
from recorder_tasks.store import Claim
from recorder_tasks.wiring import Wiring

STEPS_AT_MOST = 3
LENGTH, PACE, IDLE = 1.0, 0.03, 2.0  # seconds: of a recording, from one to the next, and of idling
THREADS = 8
PATIENCE, LOOK = 30.0, 0.25
END = "all-seen"
PUBLISH = "LPUSH"
NAIVE = "naive Celery chain"
AT_ONCE: dict[str, Any] = {"cadence": {"first_query": 0.001}}


@dataclass(frozen=True)
class Cost:
    """Of some work. ``commands``: sent by clients; ``scripted``: made by scripts; ``messages``: of Celery."""

    trips: float
    commands: float
    scripted: float
    messages: float

    def less(self, idle: Cost, share: float) -> Cost:
        """Without what would have been asked anyway; ``share``: how many times as long this took."""
        pairs = zip(self._parts(), idle._parts(), strict=True)
        return Cost(*(mine - theirs * share for mine, theirs in pairs))

    def each(self, count: int) -> Cost:
        return Cost(*(part / count for part in self._parts()))

    def _parts(self) -> tuple[float, ...]:
        return self.trips, self.commands, self.scripted, self.messages


class Server:
    """The server's own account of what it is asked; watching costs no round trip that it counts."""

    def __init__(self, url: str) -> None:
        self._client: Any = redis.Redis.from_url(url)
        self._watcher: Any = redis.Redis.from_url(url)
        self._client.ping()  # connected before anything is counted

    def trips(self, do: Callable[[], object]) -> int:
        """Round trips of it, with nobody else there."""
        before = self._reads()
        do()
        return self._reads() - before - 1  # its own

    def cost(self, do: Callable[[], object]) -> Cost:
        """Of it, and of whatever the systems on the server do meanwhile."""
        with self._watcher.monitor() as watched:
            trips = self.trips(do)
            self._client.echo(END)
            return Cost(trips, **_seen(watched.listen()))

    def close(self) -> None:
        self._client.close()
        self._watcher.close()

    def _reads(self) -> int:
        return int(self._client.info("stats")["total_reads_processed"])


def _seen(lines: Iterator[Any]) -> dict[str, int]:
    found: Counter[str] = Counter(commands=0, scripted=0, messages=0)
    for line in lines:
        command = line["command"]
        verb = command.split(" ", 1)[0].upper()
        if command.endswith(END):
            break
        found["scripted" if line["client_type"] == "lua" else "commands"] += 1
        found["messages"] += verb == PUBLISH and '"task"' in command.replace("\\", "")
    found["commands"] -= 2  # looks at the reads
    return dict(found)


def run(bench: Bench) -> Iterator[Figure]:
    count = 200 if bench.full else 30
    with fleet(bench) as systems, closing(Server(bench.url)) as server:
        steps = _steps(bench, systems, server)
        ours = _of_ours(systems, server, count)
        bench.empty()
        naive = _of_peer(systems, server, count)
    most = max(steps[name] for name in ("acquire", "start", "confirm", "stop"))
    each = ", ".join(f"{name} {trips}" for name, trips in steps.items())
    limit, unit = f"the limit of {STEPS_AT_MOST}", "round trips"
    yield Figure("round_trips_step", most, STEPS_AT_MOST, limit, unit, "lower", 1, each, goal=1.0)
    yield from _of_a_lifecycle(ours, naive, count)


def _of_a_lifecycle(ours: Cost, naive: Cost, count: int) -> Iterator[Figure]:
    def figure(name: str, part: str, unit: str, notes: str, goal: float | None = None) -> Figure:
        mine, theirs = getattr(ours, part), getattr(naive, part)
        return Figure(f"round_trips_{name}", mine, theirs, NAIVE, unit, "lower", count, notes, goal)

    whole = "of all processes: asking, claims, steps, journals, metrics"
    yield figure("lifecycle", "trips", "round trips", whole)
    scripted = f"sent by clients; scripts make {ours.scripted:.0f} more of ours, none of theirs"
    yield figure("commands", "commands", "commands", scripted)
    yield figure("messages", "messages", "messages", "of Celery, through the broker", 1.0)


def _steps(bench: Bench, systems: Fleet, server: Server) -> dict[str, int]:
    """Round trips of the steps of a second lifecycle: the first has sent the scripts and connected."""
    app = {**APP, "base_url": systems.simulator.base_url}
    with closing(bench.parts(apps={"default": app}, **AT_ONCE)) as parts:
        _lifecycle(parts, server, "first")
        return _lifecycle(parts, server, "room")


def _lifecycle(parts: Wiring, server: Server, channel: str) -> dict[str, int]:
    desk, turns, trips = parts.desk, parts.turns, dict[str, int]()

    def turn(name: str, step: Step, claim: Claim) -> None:
        trips[name] = server.trips(lambda: turns.take(step, claim.session_id, claim.token))

    made = []
    trips["record()"] = server.trips(lambda: made.append(desk.record(channel, minutes=50)))
    claims: list[Claim] = []
    trips["claim"] = server.trips(lambda: claims.append(_claim(parts, Lane.START)))
    turn("acquire", Step.ACQUIRE, claims[0])
    turn("start", Step.START, claims[0])
    turn("confirm", Step.QUERY, _claim(parts, Lane.CONFIRM))
    desk.stop(made[0].session_id)
    turn("stop", Step.STOP, _claim(parts, Lane.STOP))
    return trips


def _claim(parts: Wiring, lane: Lane) -> Claim:
    """The one that is due. Raises TimeoutError."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = parts.store.leases.claim((lane,), free=1, lease=PATIENCE).claims
        if found:
            return found[0]
    raise TimeoutError(f"nothing is due in {lane.value}")


def _of_ours(systems: Fleet, server: Server, count: int) -> Cost:
    with systems.ours(stoppers=1, concurrency=THREADS, **AT_ONCE) as ours:
        return _measured(systems, server, count, lambda name: _ask_ours(ours, name))


def _of_peer(systems: Fleet, server: Server, count: int) -> Cost:
    with systems.peer(workers=2, concurrency=THREADS) as peer:
        client = peer_app.client(peer.url)
        with client.connection_for_write() as connection, client.amqp.Producer(connection) as producer:

            def ask(name: str) -> None:
                step = {"channel": name, "uid": 1}
                peer_app.lifecycle(step, client).apply_async(producer=producer)

            return _measured(systems, server, count, ask)


def _ask_ours(ours: Ours, name: str) -> None:
    ours.parts.desk.record(name, minutes=LENGTH / 60)


def _measured(systems: Fleet, server: Server, count: int, ask: Callable[[str], None]) -> Cost:
    """Of one lifecycle; several before it have opened the connections of all threads."""
    systems.simulator.forget()
    account, warm = systems.simulator.account(), 2 * THREADS
    for number in range(warm):
        ask(f"warm-{number}")
    account.await_calls("stop", warm, PATIENCE, look=LOOK)

    def carry() -> None:
        for number in range(count):
            ask(f"room-{number}")
            time.sleep(PACE)  # the load's own
        account.await_calls("stop", warm + count, PATIENCE, look=LOOK)

    idle = server.cost(lambda: time.sleep(IDLE))
    began = time.monotonic()
    busy = server.cost(carry)
    return busy.less(idle, (time.monotonic() - began) / IDLE).each(count)
