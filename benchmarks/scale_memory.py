"""Bytes in Redis for what is scheduled and for what is over, against RedBeat's entry and Celery's message.

Ours are as ``record()`` plans them and as a confirmed and stopped recording leaves them, each in all the
indexes by which it is found (channel, label, state, name) and, if it is to come, in two lanes of the due set.
Events are not among it: they are streams that are capped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab

from benchmarks.bench import Bench
from benchmarks.control_room import recorded
from benchmarks.figure import Figure
from benchmarks.peer_app import acquire, client
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.session import Session
from recorder_tasks.flow.asking import Ask, plan
from recorder_tasks.wiring import Wiring

TEN_THOUSAND = 10_000
BATCH = 500
LESSON = 50  # minutes


def run(bench: Bench) -> Iterator[Figure]:
    sizes = (TEN_THOUSAND, 100_000, 1_000_000) if bench.full else (TEN_THOUSAND,)
    entry, message = _each(bench, _redbeat, TEN_THOUSAND), _each(bench, _eta, TEN_THOUSAND)
    peers = f"Celery eta message {message:.0f}"
    for name, make in (("scheduled", lesson), ("finished", finished)):
        used = {count: _ours(bench, make, count) for count in sizes}
        said = ", ".join(f"{each:.0f} with {count}" for count, each in used.items())
        ours, notes = used[max(sizes)], f"{said}; {peers}"
        peer = "RedBeat entry"
        yield Figure(f"scale_memory_{name}", ours, entry, peer, "bytes", "lower", max(sizes), notes, goal=1.0)


def lesson(parts: Wiring, number: int) -> Session:
    """One of tomorrow, of fifty minutes, that a school asked for by a key."""
    start = datetime.now(UTC) + timedelta(days=1)
    ask = Ask.read(
        channel=f"room-{number % 500:03}",
        start=start,
        minutes=LESSON,
        key=f"lesson-{number}",
        labels={"room": str(number % 500)},
    )
    uids = (900_000_001 + 8 * number, 900_000_008 + 8 * number)
    return plan(ask, parts.settings, f"r-{number:020x}", uids, time.time())


def finished(parts: Wiring, number: int) -> Session:
    """The same, recorded and over."""
    return recorded(lesson(parts, number), time.time())


def _ours(bench: Bench, make: Callable[[Wiring, int], Session], count: int) -> float:
    def fill(parts: Wiring) -> None:
        now, cadence = parts.store.clock.now(), Cadence()
        for at in range(0, count, BATCH):
            made = [make(parts, number) for number in range(at, min(at + BATCH, count))]
            parts.store.sessions.create_many([(one, lanes(one, now, cadence), []) for one in made])

    bench.empty()
    parts = bench.parts()
    before = bench.used()
    fill(parts)
    used = bench.used() - before
    parts.close()
    return used / count


def _each(bench: Bench, fill: Callable[[Bench, int], None], count: int) -> float:
    bench.empty()
    before = bench.used()
    fill(bench, count)
    return (bench.used() - before) / count


def _asked(number: int) -> dict[str, Any]:
    return {"channel": f"room-{number % 500:03}", "minutes": LESSON, "labels": {"room": str(number % 500)}}


def _redbeat(bench: Bench, count: int) -> None:
    from redbeat import RedBeatSchedulerEntry

    app = Celery("peer", broker=bench.url, set_as_current=False)
    app.conf.redbeat_redis_url = bench.url
    for number in range(count):
        when = crontab(minute=number % 60, hour=number // 60 % 24)
        named = {"kwargs": _asked(number), "app": app}
        RedBeatSchedulerEntry(f"lesson-{number}", "recorder.record", when, **named).save()


def _eta(bench: Bench, count: int) -> None:
    """Messages as they lie in their queue; in workers' memory, where they wait, each is there once more."""
    app = client(bench.url)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(count):
            ask = {"args": (_asked(number),), "eta": tomorrow, "producer": producer}
            app.send_task(acquire.name, **ask)
    app.close()
