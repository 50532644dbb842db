"""Workers of two versions share a namespace: what the newer one wrote is kept, and nothing is done twice.

The "older" workers are this version; the newer one is made of it, with members and words that it lacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.house import House, until
from tests.poison.healthy import LATE, assert_healthy, begin

pytestmark = pytest.mark.integration

NEWER = "tests.upgrade.newer_app"


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house(APPS__DEFAULT__QPS=30)


def stored(house: House, session_id: str) -> dict[str, Any]:
    text = house.wiring.store.client.get(house.wiring.store.keys.session(session_id))
    found: dict[str, Any] = json.loads(text.partition(b"\n")[2])  # type: ignore[union-attr]
    return found


def test_two_versions_of_workers_record_together(house: House) -> None:
    house.simulator.call("PUT", "/settings", {"qps": 30, "pcw": 1000})
    house.worker("old", concurrency=4)
    house.worker("old-stopper", "recorder.stop")
    house.worker("new", "recorder,recorder.stop", concurrency=4, app=NEWER)
    plain = [begin(house, f"plain-{number}", seconds=8, after=1 + number / 2) for number in range(8)]
    kinds = [begin(house, f"novel-{number}", seconds=8, after=1 + number / 2) for number in range(4)]
    needs = [begin(house, f"paired-{number}", seconds=8, after=1.2 + number / 2) for number in range(4)]
    for asked in plain:
        assert_healthy(house, asked)
    for asked in (*kinds, *needs):
        assert_recorded(house, asked)
    both = [asked for asked in plain if "last_reader" in stored(house, asked.session_id)]
    assert both  # the newer one had a hand in some
    for asked in both:
        (take,) = stored(house, asked.session_id)["takes"]
        answers = [event for event in house.desk.events(asked.session_id) if event.type.startswith("call.")]
        assert 0 < take["facts_seen"] <= len(answers)
    assert any(mixed(house, asked.session_id) for asked in both)
    logs = house.processes[0].output() + house.processes[1].output()
    for asked in (*kinds, *needs):
        told = [event.type for event in house.desk.events(asked.session_id)].count("session.newer")
        assert logs.count(f"session {asked.session_id} was written by a newer version") == told <= 1
    assert "Traceback" not in house.logs()
    assert not [blame for blame in house.wiring.store.poison.all() if blame.kind != "newer"]


def assert_recorded(house: House, asked: Any) -> None:
    """The ledger's word alone: the desk of this version cannot read the session."""
    until(lambda: house.simulator.takes(asked.channel), what=f"a recorder in {asked.channel}")
    until(lambda: not house.simulator.alive(asked.channel), what=f"the end of {asked.channel}")
    (take,) = house.simulator.takes(asked.channel)
    assert take["ended_by"] == "stop"
    assert 0 <= take["started_at"] - asked.start.timestamp() < LATE
    assert 0 <= take["ended_at"] - asked.end.timestamp() < LATE


def mixed(house: House, session_id: str) -> bool:
    """Whether an older worker has saved the session after a newer one: it has facts that nobody counted."""
    (take,) = stored(house, session_id)["takes"]
    answers = [event for event in house.desk.events(session_id) if event.type.startswith("call.")]
    return bool(take["facts_seen"] < len(answers) - 1)


def test_what_older_workers_cannot_read_waits_for_a_newer_one(house: House) -> None:
    """The newer workers are gone for a while; what they wrote is neither lost nor tried hotly."""
    house.worker("old", "recorder,recorder.stop", concurrency=4)
    newer = house.worker("new", "recorder,recorder.stop", concurrency=4, app=NEWER)
    left = begin(house, "novel-left", seconds=12)
    until(lambda: house.wiring.store.takes.all(), what="its recorder to be known")
    newer.kill()
    healthy = begin(house, "plain-meanwhile", seconds=5)
    assert_healthy(house, healthy)
    house.worker("new-again", "recorder,recorder.stop", concurrency=4, app=NEWER)
    assert_recorded(house, left)
    assert house.processes[0].output().count(f"session {left.session_id} was written by a newer") <= 1


def test_what_nobody_can_read_any_more_is_stopped_at_its_deadline(house: House) -> None:
    """Rolled back for good: the recorder of a session that only the newer version knows is not left alone."""
    house.worker("old", "recorder,recorder.stop", concurrency=4)
    newer = house.worker("new", "recorder,recorder.stop", concurrency=4, app=NEWER)
    left = begin(house, "novel-rolled-back", seconds=8)
    until(lambda: stored(house, left.session_id).get("last_reader"), what="the newer worker to take part")
    until(lambda: house.simulator.alive(left.channel), what="the recorder")
    until(lambda: house.wiring.store.takes.all(), what="its sid to be known")
    newer.kill()
    until(lambda: not house.simulator.alive(left.channel), 40, "the recorder to be stopped")
    (take,) = house.simulator.takes(left.channel)
    assert take["ended_by"] == "stop"
    assert 0 <= take["ended_at"] - left.deadline.timestamp() < 12
    assert [blame.kind for blame in house.wiring.store.poison.all()] == ["newer"]
