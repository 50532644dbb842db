"""Each row is a test, and those of a wave share its run. RECORDER_TEST_FAULTS=all: every row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.faults import matrix
from tests.faults.deployment import Runs
from tests.faults.matrix import Wave
from tests.faults.running import Ran


@cache
def wanted() -> tuple[Wave, ...]:
    everything = os.environ.get("RECORDER_TEST_FAULTS") == "all"
    return tuple(matrix.waves(matrix.every() if everything else matrix.chosen()))


def pytest_generate_tests(metafunc: Any) -> None:
    if "row" in metafunc.fixturenames:
        rows = [pytest.param(wave, row, id=row.id) for wave in wanted() for row in wave.rows]
        metafunc.parametrize(("wave", "row"), rows)
    elif "wave" in metafunc.fixturenames:
        metafunc.parametrize("wave", [pytest.param(wave, id=wave.name) for wave in wanted()])


@pytest.fixture(scope="session")
def runs(request: Any, redis_url: str, tmp_path_factory: Any) -> Iterator[Runs]:
    """All waves that any test of this session asks for, as they come."""
    asked = (item.callspec.params.get("wave") for item in request.session.items if hasattr(item, "callspec"))
    waves = [wave for wave in dict.fromkeys(asked) if isinstance(wave, Wave)]
    running = Runs(waves, redis_url, tmp_path_factory.mktemp("waves"))
    yield running
    running.close()


@pytest.fixture
def ran(wave: Wave, runs: Runs) -> Ran:
    return runs.of(wave)
