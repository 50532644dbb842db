"""Simulator processes that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.simulator.server import Simulator


@pytest.fixture
def serve() -> Iterator[Callable[..., Simulator]]:
    running: list[Simulator] = []

    def start(*arguments: str, port: int = 0) -> Simulator:
        running.append(Simulator(*arguments, port=port))
        return running[-1]

    yield start
    for simulator in running:
        if simulator.process.poll() is None:
            simulator.end()


@pytest.fixture(scope="session")
def shared() -> Iterator[Simulator]:
    running = Simulator()
    yield running
    running.end()


@pytest.fixture
def simulator(shared: Simulator) -> Simulator:
    """One process for all who do not end it, as on its first day."""
    shared.admin("DELETE", "/reset")
    return shared
