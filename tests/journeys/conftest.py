from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, house
from tests.journeys.own_redis import OwnRedis


@pytest.fixture(scope="module")
def school(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A deployment with its crew for all tests of a file that keep to channels of their own."""
    with house(redis_url, tmp_path_factory.mktemp("school")) as built:
        built.crew()
        yield built


@pytest.fixture
def make_house(redis_url: str, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Builds a deployment with its own vendor and namespace; settings are given without their prefix."""
    with ExitStack() as stack:

        def make(url: str = redis_url, **overrides: Any) -> House:
            base = tmp_path / f"house{len(list(tmp_path.iterdir()))}"
            base.mkdir()
            return stack.enter_context(house(url, base, **overrides))

        yield make


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path / "own-redis")
    yield server
    server.kill()
