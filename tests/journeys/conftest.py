from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, house
from tests.journeys.own_redis import OwnRedis


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
