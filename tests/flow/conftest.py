"""A worker's parts on a namespace of its own, with the simulated vendor behind its client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from recorder_tasks.settings import Settings
from recorder_tasks.store import Store
from tests.flow.engine import Engine, some_settings

MakeEngine = Callable[..., Engine]


@pytest.fixture
def settings(namespace: str, tmp_path: Path) -> Settings:
    return some_settings(namespace, tmp_path)


@pytest.fixture
def make_engine(store: Store, namespace: str, tmp_path: Path) -> Iterator[MakeEngine]:
    """Engines with settings of the test's own."""
    built: list[Engine] = []

    def make(**more: Any) -> Engine:
        built.append(Engine(store, some_settings(namespace, tmp_path, **more), tmp_path))
        return built[-1]

    yield make
    for engine in built:
        engine.close()


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    return make_engine()


@pytest.fixture
def raw(redis_url: str) -> Iterator[redis.Redis]:
    """The server behind the store's back; emptying it is safe, each test process has one of its own."""
    client = redis.Redis.from_url(redis_url)
    yield client
    client.close()
