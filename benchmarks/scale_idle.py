"""A dispatcher that has nothing to do: one claim with many scheduled, against a tick of RedBeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from celery import Celery
from celery.schedules import crontab

from benchmarks.bench import Bench
from benchmarks.control_room import scheduled
from benchmarks.figure import Figure
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.session import Lane

FEW = 1000


def run(bench: Bench) -> Iterator[Figure]:
    many = 1_000_000 if bench.full else 100_000
    few, full = _claim(bench, FEW), _claim(bench, many)
    yield Figure(
        "scale_idle_flat",
        full * 1e6,
        few * 1e6,
        f"ours with {FEW}",
        "us a claim",
        "lower",
        500,
        f"{many} scheduled, nothing due",
        goal=1.2,
    )
    tick = _redbeat(bench, 10_000)
    yield Figure(
        "scale_idle_tick",
        full * 1e6,
        tick * 1e6,
        "RedBeat tick",
        "us",
        "lower",
        500,
        f"{many} of ours against 10000 entries of theirs",
        goal=0.1,
    )


def _claim(bench: Bench, count: int) -> float:
    bench.empty()
    parts = bench.parts()
    now, cadence = parts.store.clock.now(), Cadence()
    for at in range(0, count, 500):
        made = [scheduled(number, now + 86_400) for number in range(at, min(at + 500, count))]
        parts.store.sessions.create_many([(one, lanes(one, now, cadence), []) for one in made])
    took = _each(lambda: parts.store.leases.claim(tuple(Lane), free=8, lease=5.0))
    parts.close()
    return took


def _redbeat(bench: Bench, count: int) -> float:
    from redbeat import RedBeatScheduler, RedBeatSchedulerEntry

    bench.empty()
    app = Celery("peer", broker=bench.url, set_as_current=False)
    app.conf.update(redbeat_redis_url=bench.url, redbeat_lock_key=None, beat_max_loop_interval=60)
    when = crontab(minute=0, hour=0, day_of_month=1, month_of_year=1)
    for number in range(count):
        RedBeatSchedulerEntry(f"lesson-{number}", "peer.task", when, app=app).save()
    scheduler = RedBeatScheduler(app=app, lazy=True)
    scheduler.setup_schedule()
    return _each(scheduler.tick)


def _each(do: Callable[[], object], count: int = 500) -> float:
    for _ in range(20):
        do()
    began = time.perf_counter()
    for _ in range(count):
        do()
    return (time.perf_counter() - began) / count
