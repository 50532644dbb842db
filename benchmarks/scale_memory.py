"""Bytes in Redis for what is scheduled and for what is over, against an entry of RedBeat."""

from __future__ import annotations

import time
from collections.abc import Iterator

from celery import Celery
from celery.schedules import crontab

from benchmarks.bench import Bench
from benchmarks.control_room import finished, scheduled
from benchmarks.figure import Figure
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.session import Session


def run(bench: Bench) -> Iterator[Figure]:
    count = 100_000 if bench.full else 10_000
    theirs = _redbeat(bench, min(count, 10_000))
    for name, make in (("scheduled", scheduled), ("finished", finished)):
        ours = _ours(bench, [make(number, time.time() + 86_400) for number in range(count)])
        yield Figure(
            f"scale_memory_{name}",
            ours,
            theirs,
            "RedBeat entry",
            "bytes",
            "lower",
            count,
            "indexes of channel, label, state and names among it",
            goal=1.0,
        )


def _ours(bench: Bench, made: list[Session]) -> float:
    bench.empty()
    parts = bench.parts()
    now, cadence = parts.store.clock.now(), Cadence()
    before = bench.used()
    for at in range(0, len(made), 500):
        parts.store.sessions.create_many([(one, lanes(one, now, cadence), []) for one in made[at : at + 500]])
    used = bench.used() - before
    parts.close()
    return used / len(made)


def _redbeat(bench: Bench, count: int) -> float:
    from redbeat import RedBeatSchedulerEntry

    bench.empty()
    app = Celery("peer", broker=bench.url, set_as_current=False)
    app.conf.redbeat_redis_url = bench.url
    before = bench.used()
    for number in range(count):
        when = crontab(minute=number % 60, hour=number // 60 % 24)
        ask = {"channel": f"room-{number % 500:03}", "minutes": 50, "labels": {"room": str(number % 500)}}
        entry = RedBeatSchedulerEntry(f"lesson-{number}", "recorder.record", when, kwargs=ask, app=app)
        entry.save()
    return (bench.used() - before) / count
