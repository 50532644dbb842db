"""The healthy class next to a poisoned one: recorded once, stopped in time, by the simulator's ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.house import House

LATE = 4.0  # seconds: the stop worker's other calls, a slot, this machine; an idle time-out would take 30


def begin(house: House, channel: str, *, seconds: float = 5.0, after: float = 0.5, **ask: Any) -> Any:
    """A class that starts soon and lasts some seconds; its deadline is its end."""
    start = datetime.now(UTC) + timedelta(seconds=after)
    return house.desk.record(channel, start=start, minutes=seconds / 60, max_extension=0, **ask)


def assert_healthy(house: House, asked: Any) -> None:
    """One recorder ran for it, from its start to its end, and our stop ended it."""
    done = house.final(asked.session_id)
    (take,) = house.simulator.takes(asked.channel)
    assert take["ended_by"] == "stop"
    late = take["started_at"] - asked.start.timestamp(), take["ended_at"] - asked.end.timestamp()
    assert all(0 <= seconds < LATE for seconds in late), (late, house.simulator.requests(asked.channel))
    assert done.state == "completed"


@contextmanager
def next_to_a_healthy_class(house: House, channel: str, *, seconds: float = 5.0) -> Iterator[Any]:
    """What the block does happens while a healthy class is waited for, recorded and stopped."""
    asked = begin(house, channel, seconds=seconds)
    yield asked
    assert_healthy(house, asked)
