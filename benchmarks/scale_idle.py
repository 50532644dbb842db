"""A dispatcher that has nothing to do, with many recordings scheduled, against RedBeat with as many entries.

``scale_idle_cpu`` is the CPU of a second of idling: of the client in its real loop, and of the server for
what the loop asks of it. Ours is a worker's dispatcher; theirs is what `celery beat` runs with RedBeat's
scheduler and lock, looking each five seconds, as Celery's documentation has it for schedules that others may
change. RedBeat learns of a change by looking; our dispatcher is woken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
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
from recorder_tasks.flow.dispatcher import GENERAL, HAND_OFF, LONGEST_SLEEP, Dispatcher, Hands
from recorder_tasks.wiring import Wiring

FEW, BATCH = 1000, 500
CALLS = 500
SETTLED = 1.0  # seconds after a start, by when it has looked once and waits
THEIR_LOOKS = 5.0  # seconds from one look of theirs to the next
THEIR_LONGEST = 300.0  # Celery's default, for schedules that change only with a restart


def run(bench: Bench) -> Iterator[Figure]:
    many = 1_000_000 if bench.full else 100_000
    few, ours = _filled(bench, FEW), _filled(bench, many)
    theirs = _redbeat(bench, 100_000)
    rounds, window = (3, 20.0) if bench.full else (1, 5.0)
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
    with _scheduler(theirs) as scheduler:
        sides = {"ours": lambda: _each(ours, CALLS // 5), "peer": lambda: _timed(scheduler.tick, CALLS // 5)}
        took = alternately(blocks, sides)
    notes = f"one claim with {many}, one tick with 100000 entries"
    tick, claim = took["peer"] * 1e6, took["ours"] * 1e6
    return Figure("scale_idle_tick", claim, tick, "RedBeat tick", "us", "lower", blocks, notes)


def _idling(bench: Bench, ours: Wiring, theirs: Celery, rounds: int, window: float, many: int) -> Figure:
    used = alternately(
        rounds,
        {
            "ours": lambda: _client(_dispatching(ours), window),
            "peer": lambda: _client(_beating(theirs), window),
        },
    )
    with _scheduler(theirs) as scheduler:
        served = alternately(
            5,
            {
                "ours": lambda: _served(bench, lambda: _look(ours)),
                "peer": lambda: _served(bench, scheduler.tick),
            },
        )
    mine = (used["ours"] + served["ours"] / LONGEST_SLEEP) * 1e6
    peer = (used["peer"] + served["peer"] / THEIR_LOOKS) * 1e6
    look = peer * THEIR_LOOKS
    notes = (
        f"{many} of ours, 100000 of theirs; of it the server {served['ours'] / LONGEST_SLEEP * 1e6:.0f} and "
        f"{served['peer'] / THEIR_LOOKS * 1e6:.0f}; RedBeat looking each second: {look:.0f}, "
        f"each 300 s, its default: {look / THEIR_LONGEST:.1f}"
    )
    unit = "us CPU a second"
    return Figure(
        "scale_idle_cpu", mine, peer, "RedBeat, looks each 5 s", unit, "lower", rounds, notes, goal=0.1
    )


def _look(parts: Wiring) -> None:
    """What a dispatcher asks each five seconds: is anything due, and it says that it is there."""
    parts.store.leases.claim(GENERAL, free=8, lease=HAND_OFF, overdue_stop=parts.settings.overdue_stop)
    parts.store.workers.beat("bench", {"lanes": [lane.value for lane in GENERAL], "hands": 8})


@contextmanager
def _scheduler(app: Celery) -> Iterator[Any]:
    """RedBeat's, with its lock, for ticks by hand."""
    redbeat: Any = import_module("redbeat.schedulers")  # only where peers are installed

    service = Service(app, max_interval=THEIR_LOOKS, scheduler_cls="redbeat.RedBeatScheduler")
    redbeat.acquire_distributed_beat_lock(sender=service)
    yield service.scheduler
    service.scheduler.close()


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
    redbeat: Any = import_module("redbeat")

    app = Celery("peer", broker=bench.url, set_as_current=False)
    app.conf.update(redbeat_redis_url=bench.url, beat_max_loop_interval=THEIR_LOOKS)
    month = time.gmtime().tm_mon % 12 + 1
    when = crontab(minute=0, hour=0, day_of_month=15, month_of_year=month)
    first = redbeat.RedBeatSchedulerEntry("lesson-0", "peer.task", when, app=app).save()
    with redis.Redis.from_url(bench.url) as client:
        stored: Any = client.hgetall(first.key)
        for at in range(1, count, BATCH):
            pipe, scores = client.pipeline(transaction=False), dict[str, float]()
            for number in range(at, min(at + BATCH, count)):
                name = f"lesson-{number}".encode()
                fields = {key: value.replace(b"lesson-0", name) for key, value in stored.items()}
                key = first.key.replace("lesson-0", name.decode())
                pipe.hset(key, mapping=fields)
                scores[key] = first.score
            pipe.zadd(app.redbeat_conf.schedule_key, scores)
            pipe.execute()
    return app


@contextmanager
def _dispatching(parts: Wiring) -> Iterator[None]:
    """A worker's dispatcher at work; it has looked once."""
    dispatcher = Dispatcher(parts.store, parts.settings, GENERAL, Hands(8), _unexpected, "bench")
    dispatcher.start()
    time.sleep(SETTLED)
    yield
    dispatcher.stop()


def _unexpected(claim: object) -> None:
    raise AssertionError("nothing is due")


@contextmanager
def _beating(app: Celery) -> Iterator[None]:
    """What `celery beat` runs; it has looked once. It ends at its next look."""
    service = Service(app, max_interval=THEIR_LOOKS, scheduler_cls="redbeat.RedBeatScheduler")
    thread = Thread(target=service.start, daemon=True)
    thread.start()
    time.sleep(SETTLED)
    yield
    service.stop(wait=False)
    thread.join(2 * THEIR_LOOKS)


def _client(at_work: AbstractContextManager[None], seconds: float) -> float:
    """The CPU of this process in a second of it."""
    with at_work:
        used, began = time.process_time(), time.perf_counter()
        time.sleep(seconds)
        return (time.process_time() - used) / (time.perf_counter() - began)


def _served(bench: Bench, do: Callable[[], object]) -> float:
    """The server's CPU for one, of many in a row: housekeeping would hide one each five seconds."""
    with redis.Redis.from_url(bench.url) as client:
        before = _server_cpu(client)
        for _ in range(CALLS):
            do()
        return (_server_cpu(client) - before) / CALLS


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
