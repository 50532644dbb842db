"""``record()`` from app code against ``task.delay()``, on the same Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery

from benchmarks.bench import Bench
from benchmarks.figure import Figure, percentile

BLOCK = 100


def run(bench: Bench) -> Iterator[Figure]:
    count = 5000 if bench.full else 1000
    parts = bench.parts()
    celery = Celery("peer", broker=bench.url, set_as_current=False)

    @celery.task(name="peer.task", ignore_result=True)
    def task(**ask: object) -> None: ...

    start = datetime.now(UTC) + timedelta(days=1)
    ask: dict[str, Any] = {"channel": "math-7b", "start": start, "minutes": 50, "labels": {"room": "7b"}}
    plain = {**ask, "start": start.isoformat()}
    ours, peer = list[float](), list[float]()
    for _ in range(count // BLOCK):
        ours += _block(lambda: parts.desk.record(**ask))
        peer += _block(lambda: task.delay(**plain))
    parts.close()
    n = len(ours)
    yield Figure("api_record", n / sum(ours), n / sum(peer), "task.delay()", "calls/s", "higher", n, goal=0.5)
    late, theirs = percentile(ours, 0.99) * 1000, percentile(peer, 0.99) * 1000
    yield Figure("api_record_p99", late, theirs, "task.delay()", "ms", "lower", n)


def _block(call: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(BLOCK):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return found
