"""A dispatcher that has nothing to do, with many recordings scheduled, against RedBeat with as many entries.

``scale_idle_cpu``: a second of idling, the CPU of client and server together, above what a server without
clients uses. Ours is a worker's dispatcher with its real loop; theirs is `celery beat` with RedBeat's scheduler and its
lock, which looks again each five seconds: what Celery advises for schedules that others may change. RedBeat
learns of a change by looking, our dispatcher is woken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import redis
from celery import Celery
from celery.beat import Service
from celery.schedules import crontab

from benchmarks.bench import Bench
from benchmarks.control_room import scheduled
from benchmarks.figure import Figure, alternately
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.dispatcher import GENERAL, Dispatcher, Hands
from recorder_tasks.wiring import Wiring

FEW, BATCH = 1000, 500
CALLS = 500
THEIR_LOOKS = 5.0  # seconds from one look of theirs to the next
THEIR_LONGEST = 300.0  # Celery's default, for schedules that change only with a restart


def run(bench: Bench) -> Iterator[Figure]:
    many = 1_000_000 if bench.full else 100_000
    few, ours = _filled(bench, FEW), _filled(bench, many)
    theirs = _redbeat(bench, 100_000)
    rounds, window = (3, 20.0) if bench.full else (1, 10.0)
    blocks = 5 * rounds
    claims = {"few": lambda: _each(few, CALLS // 5), "many": lambda: _each(ours, CALLS // 5)}
    took = alternately(blocks, claims)
    yield Figure(
        "scale_idle_flat",
        took["many"] * 1e6,
        took["few"] * 1e6,
        f"ours with {FEW}",
        "us a claim",
        "lower",
        blocks,
        f"{many} scheduled, nothing due",
        goal=1.2,
    )
    yield _tick(theirs, ours, many, blocks)
    yield _idling(bench, ours, theirs, rounds, window, many)
    few.close()
    ours.close()


def _tick(theirs: Celery, ours: Wiring, many: int, blocks: int) -> Figure:
    from redbeat import RedBeatScheduler

    scheduler = RedBeatScheduler(app=theirs, lazy=True)
    scheduler.lock_key = None  # else each tick would renew it, too: that is in scale_idle_cpu
    scheduler.setup_schedule()
    sides = {"ours": lambda: _each(ours, CALLS // 5), "peer": lambda: _timed(scheduler.tick, CALLS // 5)}
    took = alternately(blocks, sides)
    notes = f"one claim with {many}, one tick with 100000 entries"
    tick, claim = took["peer"] * 1e6, took["ours"] * 1e6
    return Figure("scale_idle_tick", claim, tick, "RedBeat tick", "us", "lower", blocks, notes)


def _idling(bench: Bench, ours: Wiring, theirs: Celery, rounds: int, window: float, many: int) -> Figure:
    idle = _server_cpu_of(bench, min(window, 5.0), lambda seconds: time.sleep(seconds))[1]
    sides = {
        "ours": lambda: _used(bench, window, idle, lambda seconds: _dispatch(ours, seconds)),
        "peer": lambda: _used(bench, window, idle, lambda seconds: _beat(theirs, seconds)),
    }
    used = alternately(rounds, sides)
    mine, peer = used["ours"] * 1e6, used["peer"] * 1e6
    often = peer * THEIR_LOOKS
    notes = (
        f"{many} of ours, 100000 of theirs; RedBeat by the second as prompt as ours is woken: {often:.0f} us/s; "
        f"each {THEIR_LONGEST:.0f} s (its default): {often / THEIR_LONGEST:.1f}; idle server {idle * 1e6:.0f}"
    )
    unit = "us CPU a second"
    return Figure(
        "scale_idle_cpu", mine, peer, "RedBeat, looks each 5 s", unit, "lower", rounds, notes, goal=0.1
    )


def _filled(bench: Bench, count: int) -> Wiring:
    """A namespace in which ``count`` recordings are scheduled, none of them soon."""
    parts = bench.parts()
    now, cadence = parts.store.clock.now(), Cadence()
    for at in range(0, count, BATCH):
        made = [scheduled(number, now + 86_400) for number in range(at, min(at + BATCH, count))]
        parts.store.sessions.create_many([(one, lanes(one, now, cadence), []) for one in made])
    return parts


def _redbeat(bench: Bench, count: int) -> Celery:
    """An app with ``count`` entries, none of them due soon: copies of one that RedBeat itself has saved."""
    from redbeat import RedBeatSchedulerEntry

    app = Celery("peer", broker=bench.url, set_as_current=False)
    app.conf.update(redbeat_redis_url=bench.url, beat_max_loop_interval=THEIR_LOOKS)
    month = time.gmtime().tm_mon % 12 + 1
    when = crontab(minute=0, hour=0, day_of_month=15, month_of_year=month)
    first = RedBeatSchedulerEntry("lesson-0", "peer.task", when, app=app).save()
    with redis.Redis.from_url(bench.url) as client:
        stored: Any = client.hgetall(first.key)
        for at in range(1, count, BATCH):
            pipe = client.pipeline(transaction=False)
            for number in range(at, min(at + BATCH, count)):
                name = f"lesson-{number}".encode()
                fields = {key: value.replace(b"lesson-0", name) for key, value in stored.items()}
                key = first.key.replace("lesson-0", name.decode())
                pipe.hset(key, mapping=fields)
                pipe.zadd(app.redbeat_conf.schedule_key, {key: first.score})
            pipe.execute()
    return app


def _dispatch(parts: Wiring, seconds: float) -> None:
    """A worker's dispatcher, for so long."""
    dispatcher = Dispatcher(parts.store, parts.settings, GENERAL, Hands(8), _unexpected, "bench")
    dispatcher.start()
    time.sleep(seconds)
    dispatcher.stop()


def _unexpected(claim: object) -> None:
    raise AssertionError("nothing is due")


def _beat(app: Celery, seconds: float) -> None:
    """What `celery beat` runs, for so long; it ends at its next look."""
    service = Service(app, max_interval=THEIR_LOOKS, scheduler_cls="redbeat.RedBeatScheduler")
    thread = Thread(target=service.start, daemon=True)
    thread.start()
    time.sleep(seconds)
    service.stop(wait=False)
    thread.join(2 * THEIR_LOOKS)


def _used(bench: Bench, seconds: float, idle: float, do: Callable[[float], None]) -> float:
    """CPU for a second of it: this process's and the server's, less what a server does without clients."""
    ours, server = _server_cpu_of(bench, seconds, do)
    return ours + max(0.0, server - idle)


def _server_cpu_of(bench: Bench, seconds: float, do: Callable[[float], None]) -> tuple[float, float]:
    """For a second: the CPU of this process, and of the server."""
    with redis.Redis.from_url(bench.url) as client:
        server, ours, began = _server_cpu(client), time.process_time(), time.perf_counter()
        do(seconds)
        took = time.perf_counter() - began
        return (time.process_time() - ours) / took, (_server_cpu(client) - server) / took


def _server_cpu(client: redis.Redis) -> float:
    info: Any = client.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def _each(parts: Wiring, count: int) -> float:
    return _timed(lambda: parts.store.leases.claim(tuple(Lane), free=8, lease=5.0), count)


def _timed(do: Callable[[], object], count: int) -> float:
    for _ in range(10):
        do()
    began = time.perf_counter()
    for _ in range(count):
        do()
    return (time.perf_counter() - began) / count
