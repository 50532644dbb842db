"""Counts of many processes become one: added once each, whatever happens to Redis or to a process."""

from __future__ import annotations

import math
import os
import subprocess
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store import Counter, Histogram, Store, StoreUnavailable
from tests.conftest import start_server
from tests.journeys.house import until

Add = Callable[..., Session]
LESSONS = Counter("lessons", "Lessons.", ("room",))
LATE = Histogram("late_seconds", "Lateness.", ("room",), (0.1, 1.0))


def test_what_several_processes_count_is_added_up(redis_url: str, namespace: str, store: Store) -> None:
    others = [Store(redis_url, namespace) for _ in range(3)]
    for other in (store, *others):
        other.meters.count(LESSONS, "7b")
        other.meters.count(LESSONS, "7b", n=2)
        other.meters.flush()
        other.meters.count(LESSONS, "8a")
        other.meters.flush()
    assert store.meters.read() == {("lessons", "7b"): 12, ("lessons", "8a"): 4}
    for other in others:
        other.close()


def test_counts_reach_redis_by_themselves(store: Store) -> None:
    store.meters.count(LESSONS, "7b")
    until(lambda: store.meters.read() == {("lessons", "7b"): 1}, what="the count")
    store.meters.count(LESSONS, "7b")
    until(lambda: store.meters.read() == {("lessons", "7b"): 2}, what="the next one")


def test_nothing_is_lost_between_threads(store: Store) -> None:
    def work(_: int) -> None:
        for number in range(500):
            store.meters.count(LESSONS, "7b")
            if number % 100 == 0:
                store.meters.flush()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    store.meters.flush()
    assert store.meters.read() == {("lessons", "7b"): 4000}


def test_a_duration_counts_in_the_first_bucket_that_holds_it(store: Store) -> None:
    for seconds in (-5.0, 0.1, 0.11, 1.0, 7.0, math.nan, math.inf):
        store.meters.observe(LATE, "7b", seconds=seconds)
    store.meters.flush()
    assert store.meters.read() == {
        ("late_seconds", "7b", "0.1"): 2,
        ("late_seconds", "7b", "1.0"): 2,
        ("late_seconds", "7b", "inf"): 1,
        ("late_seconds", "7b", "sum"): pytest.approx(8.21),
    }


def test_a_batch_whose_answer_was_lost_counts_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script runs, its answer does not come: nobody knows, so the same batch is sent again."""
    scripts = store.meters._scripts
    run = type(scripts).__call__
    lost = iter((True, True, False))

    def lossy(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = run(self, *args, **kwargs)
        if self is scripts and args[0] == "tally" and next(lost):
            raise StoreUnavailable("the answer was lost")
        return answer

    monkeypatch.setattr(type(scripts), "__call__", lossy)
    store.meters.count(LESSONS, "7b")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            store.meters.flush()
        store.meters.count(LESSONS, "7b")
    assert store.meters.flush()
    monkeypatch.undo()
    assert store.meters.flush()
    assert not store.meters.flush()
    assert store.meters.read() == {("lessons", "7b"): 3}


def test_a_forked_child_counts_its_own_and_nothing_of_its_parent(store: Store) -> None:
    store.meters.count(LESSONS, "7b")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that there are threads is the point
        child = os.fork()
    if child == 0:
        try:
            store.client.connection_pool.reset()
            store.meters.count(LESSONS, "8a")
            store.meters.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    store.meters.flush()
    assert store.meters.read() == {("lessons", "7b"): 1, ("lessons", "8a"): 1}


def test_closing_the_store_adds_the_last_counts(redis_url: str, namespace: str, store: Store) -> None:
    other = Store(redis_url, namespace)
    other.meters.count(LESSONS, "7b")
    other.close()
    assert store.meters.read() == {("lessons", "7b"): 1}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Callable[[int], tuple[subprocess.Popen[bytes], str]]]:
    started = []

    def start(port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
        options = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")
        started.append(start_server(tmp_path / "data", *options, port=port))
        return started[-1]

    yield start
    for process, _ in started:
        process.kill()
        process.wait()


def test_what_is_counted_while_redis_is_away_is_added_when_it_is_back(
    servers: Callable[..., tuple[subprocess.Popen[bytes], str]],
) -> None:
    process, url = servers()
    store = Store(url, "outage")
    store.meters.count(LESSONS, "7b")
    store.meters.flush()
    process.kill()
    process.wait()
    for _ in range(3):
        store.meters.count(LESSONS, "7b")
        with pytest.raises(StoreUnavailable):
            store.meters.flush()
    servers(urlsplit(url).port)
    until(lambda: store.meters.read() == {("lessons", "7b"): 4}, what="the counts")
    store.close()


def test_how_things_stand_is_read_without_a_walk_over_sessions_and_writes_nothing(
    redis_url: str, store: Store, raw: redis.Redis, add: Add
) -> None:
    for number in range(30):
        add(f"r-{number}")
    now = store.clock.now()
    store.sessions.save(add("late"), {Lane.STOP: now - 40.0, Lane.SETTLE: now + 60.0})
    store.workers.beat("one@host", {"lanes": ["stop"]})
    store.meters.flush()
    before = raw.info("commandstats")
    reading = store.gauges.read(("default",), ("office",), heard=15.0)
    after = raw.info("commandstats")
    assert reading.states[State.SCHEDULED] == 31
    stops = reading.lanes[Lane.STOP]
    assert stops.overdue == 1
    assert stops.since == pytest.approx(now - 40.0)
    assert [info["lanes"] for info in reading.workers] == [["stop"]]
    assert reading.subscriptions["office"].waiting == 0
    calls = {
        name.removeprefix("cmdstat_"): stats["calls"] - before.get(name, {"calls": 0})["calls"]
        for name, stats in after.items()
    }
    assert sum(calls.values()) < 60
    assert not {"set", "hset", "zadd", "hincrbyfloat", "scan", "keys", "get", "mget"} & {
        name for name, count in calls.items() if count
    }
