"""What benchmarks/round_trips.py counts, against what is known to be asked of a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from benchmarks import peer_app
from benchmarks.bench import Bench, bench
from benchmarks.round_trips import Cost, Server


@pytest.fixture(scope="module")
def alone() -> Iterator[Bench]:
    with bench(full=False) as made:
        yield made


@pytest.fixture
def server(alone: Bench) -> Iterator[Server]:
    with closing(Server(alone.url)) as made:
        yield made


@pytest.fixture
def client(alone: Bench) -> Iterator[redis.Redis]:
    """Connected, as a system that has run for a while."""
    with redis.Redis.from_url(alone.url) as made:
        made.ping()
        yield made


def test_a_pipeline_is_one_round_trip_of_several_commands(server: Server, client: redis.Redis) -> None:
    pipe = client.pipeline(transaction=False)
    for _ in range(3):
        pipe.get("a")
    assert server.cost(pipe.execute) == Cost(trips=1, commands=3, scripted=0, messages=0)


def test_what_a_script_asks_is_told_from_the_script(server: Server, client: redis.Redis) -> None:
    text = "redis.call('SET', KEYS[1], 1) return redis.call('GET', KEYS[1])"
    assert server.cost(lambda: client.eval(text, 1, "a")) == Cost(trips=1, commands=1, scripted=2, messages=0)


def test_a_chain_is_sent_as_one_message(alone: Bench, server: Server) -> None:
    celery = peer_app.client(alone.url)
    chain = peer_app.lifecycle({"channel": "room", "uid": 1}, celery)
    assert server.cost(chain.apply_async).messages == 1


def test_what_would_have_been_asked_anyway_is_taken_off() -> None:
    idle, busy = Cost(10, 12, 4, 0), Cost(45, 50, 30, 8)
    assert busy.less(idle, 0.5).each(4) == Cost(10, 11, 7, 2)
