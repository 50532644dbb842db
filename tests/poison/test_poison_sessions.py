"""Sessions that are broken in Redis: told once, seen by the doctor, retried coolly, in nobody's way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recorder_tasks.cli import deployment
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.session import Lane
from recorder_tasks.store import SetAside, Store, Unreadable
from tests.journeys.house import House, until
from tests.poison.healthy import begin, next_to_a_healthy_class

MB = 1024 * 1024
SECRET = "a-value-that-no-log-repeats"


def truncated(head: bytes, body: bytes) -> bytes:
    return head + b"\n" + body[: len(body) // 2]


def changed(**members: Any) -> Callable[[bytes, bytes], bytes]:
    def spoil(head: bytes, body: bytes) -> bytes:
        return head + b"\n" + json.dumps({**json.loads(body), **members}).encode()

    return spoil


def replaced(value: bytes) -> Callable[[bytes, bytes], bytes]:
    return lambda head, body: value


SPOILT: dict[str, Callable[[bytes, bytes], bytes]] = {
    "truncated": truncated,
    "wrong types": changed(takes=7, end={"when": SECRET}),
    "wrong types deep inside": changed(takes=[{"uid": "one", "resource_id": [SECRET]}]),
    "no number for a start": lambda head, body: (
        head + b"\n" + body.replace(b'"start":', b'"start":NaN,"was":')
    ),
    "another's id": changed(id="r-somebody-else"),
    "no JSON": lambda head, body: head + b"\n<html>" + SECRET.encode() + b"</html>",
    "JSON, but no object": lambda head, body: head + b"\n5",
    "nothing after the first line": lambda head, body: head + b"\n",
    "empty": replaced(b""),
    "no first line": lambda head, body: body,
    "binary": replaced(bytes(range(256)) * 8),
    "nested without end": lambda head, body: head + b"\n" + b"[" * 200_000,
    "five megabytes": lambda head, body: head + b'\n{"id":"' + b"x" * (5 * MB),
}


def spoil(house: House, session_id: str, how: Callable[[bytes, bytes], bytes]) -> None:
    key = house.wiring.store.keys.session(session_id)
    head, _, body = house.wiring.store.client.get(key).partition(b"\n")  # type: ignore[union-attr]
    house.wiring.store.client.set(key, how(head, body))


def told(house: House, kind: str) -> list[str]:
    return [event.session for event in house.wiring.store.events.recent(1000) if event.type == kind]


@pytest.mark.integration
def test_broken_sessions_that_are_due_are_told_once_and_hold_nobody_up(school: House) -> None:
    spoilt = {name: begin(school, f"broken-{n}", after=1.5) for n, name in enumerate(SPOILT)}
    for name, asked in spoilt.items():
        spoil(school, asked.session_id, SPOILT[name])
    ids = {asked.session_id for asked in spoilt.values()}
    with next_to_a_healthy_class(school, "healthy-1"):
        until(lambda: ids <= set(told(school, "session.unreadable")), what="all broken sessions to be told")
        told_at = time.monotonic()
    with next_to_a_healthy_class(school, "healthy-2"):
        until(lambda: time.monotonic() > told_at + 6, what="some dispatches more")
    assert sorted(told(school, "session.unreadable")) == sorted(ids)  # each once
    logs = school.logs()
    for one in ids:
        assert logs.count(f"store.set_aside session {one} cannot be read") == 1
        assert school.wiring.store.client.hget(school.wiring.store.keys.lease(one), "rests") == b"1"
    assert SECRET not in logs
    assert "Traceback" not in logs
    found = {finding.says.split()[0]: finding for finding in deployment.poison(school.wiring)}
    assert {found[one].level for one in ids} == {"error"}
    listed = {recording.session_id for recording in school.desk.find(limit=1000).recordings}
    assert not ids & listed  # and the list is there, with the others
    with pytest.raises(Unreadable, match="cannot be read"):
        school.desk.get(spoilt["empty"].session_id)
    assert [event.type for event in school.desk.events(spoilt["truncated"].session_id)][-1] == (
        "session.unreadable"
    )


@pytest.mark.integration
def test_members_that_nobody_knows_are_no_poison(school: House) -> None:
    asked = begin(school, "from-the-future", after=1.5)
    spoil(school, asked.session_id, changed(favourite_colour="green", mood={"of": ["the", "day"]}))
    with next_to_a_healthy_class(school, "healthy-3"):
        assert school.final(asked.session_id).state == "completed"
    (take,) = school.simulator.takes("from-the-future")
    assert take["ended_by"] == "stop"
    stored = school.wiring.store.client.get(school.wiring.store.keys.session(asked.session_id))
    kept = json.loads(stored.partition(b"\n")[2])  # type: ignore[union-attr]
    assert (kept["favourite_colour"], kept["mood"]) == ("green", {"of": ["the", "day"]})


@pytest.mark.integration
def test_a_session_that_is_due_and_gone_leaves_the_lanes_and_is_told(school: House) -> None:
    store = school.wiring.store
    asked = begin(school, "gone", after=1.5)
    store.client.delete(store.keys.session(asked.session_id))
    store.client.zadd(store.keys("due", "stop"), {"never-was": 1.0})
    with next_to_a_healthy_class(school, "healthy-4"):
        until(lambda: {asked.session_id, "never-was"} <= set(told(school, "session.lost")))
    assert told(school, "session.lost").count("never-was") == 1
    for lane in Lane:
        assert store.client.zscore(store.keys("due", lane.value), asked.session_id) is None
    assert f"dispatcher.lost session={asked.session_id}" in school.logs()
    assert not school.simulator.takes("gone")


@pytest.mark.integration
@pytest.mark.parametrize("how", ["truncated", "deleted"])
def test_what_a_broken_session_records_is_stopped_at_its_deadline_all_the_same(
    school: House, how: str
) -> None:
    store = school.wiring.store
    asked = begin(school, f"{how}-while-recording", seconds=6)
    school.reached(asked.session_id, "recording")
    if how == "deleted":
        store.client.delete(store.keys.session(asked.session_id))
    else:
        spoil(school, asked.session_id, truncated)
    with next_to_a_healthy_class(school, f"healthy-{how}"):
        until(lambda: not school.simulator.alive(asked.channel), 30, "the recorder to be stopped")
    (take,) = school.simulator.takes(asked.channel)
    assert take["ended_by"] == "stop"
    # deadline, the journal's grace of a second here, a look every five; then the call
    assert 0 <= take["ended_at"] - asked.deadline.timestamp() < 12


@pytest.fixture
def house_without_workers(make_house: Callable[..., House]) -> House:
    return make_house()


def soon(house: House, channel: str, **ask: Any) -> Any:
    start = datetime.now(UTC) + timedelta(hours=1)
    return house.desk.record(channel, start=start, minutes=1, **ask)


def test_the_checker_tells_of_a_broken_session_long_before_it_is_due(house_without_workers: House) -> None:
    house, store = house_without_workers, house_without_workers.wiring.store
    broken, well = soon(house, "broken"), soon(house, "well")
    spoil(house, broken.session_id, truncated)
    for lane in Lane:
        store.client.zrem(store.keys("due", lane.value), well.session_id)
    for _ in range(20):  # every state, twice
        house.wiring.check()
    assert told(house, "session.unreadable") == [broken.session_id]
    assert told(house, "session.repaired") == [well.session_id] * len(
        lanes(store.sessions.get(well.session_id), 0.0, house.settings.cadence)  # type: ignore[arg-type]
    )


def test_a_broken_session_under_a_key_refuses_the_key_in_a_sentence(house_without_workers: House) -> None:
    house = house_without_workers
    asked = soon(house, "keyed", key="lesson-1")
    spoil(house, asked.session_id, truncated)
    with pytest.raises(Unreadable, match=f"session {asked.session_id} cannot be read: Invalid JSON"):
        soon(house, "keyed", key="lesson-1")


def test_broken_sessions_are_retired_like_others(house_without_workers: House) -> None:
    house, store = house_without_workers, house_without_workers.wiring.store
    asked = soon(house, "old")
    house.desk.cancel(asked.session_id)
    store.client.zadd(store.keys("index", "final"), {asked.session_id: 1.0})
    spoil(house, asked.session_id, truncated)
    assert house.wiring.retire() == 1
    assert not store.client.exists(store.keys.session(asked.session_id))


def test_a_mended_session_is_forgiven_with_its_next_save(store: Store, make_session: Any) -> None:
    session = make_session("mended")
    store.sessions.create(session, {Lane.START: 0.0})
    key = store.keys.session("mended")
    sound = store.client.get(key)
    store.client.set(key, b"broken")
    (claim,) = store.leases.claim(list(Lane), free=1, lease=5.0).claims
    begun = store.leases.begin("mended", claim.token, lease=5.0, app="default", slots=None)
    assert isinstance(begun, SetAside)
    assert [(blame.session_id, blame.kind) for blame in store.poison.all()] == [("mended", "unreadable")]
    assert not store.leases.claim(list(Lane), free=1, lease=5.0).claims  # it rests
    store.client.set(key, sound)  # type: ignore[arg-type]
    lease = store.keys.lease("mended")
    store.client.hset(lease, "token", "mine")
    mended = store.sessions.get("mended")
    assert mended is not None
    store.sessions.save(mended, {Lane.START: 0.0}, token="mine")
    assert store.poison.all() == []


def test_waiting_for_room_is_no_place_to_break_down(store: Store, make_session: Any) -> None:
    """The script that ranks who waits reads sessions too, and must not fail on one."""
    store.sessions.create(make_session("waits"), {Lane.START: 0.0})
    store.leases.full("default", "waits", seconds=30)
    head = b"0123456789abcdef scheduled\n"
    for number, body in enumerate([b"broken", head + b"5", head + b'{"start":NaN}', head + b"{}"]):
        store.sessions.create(make_session(f"b{number}"), {Lane.START: 0.0})
        store.client.set(store.keys.session(f"b{number}"), body)
    claims = store.leases.claim(list(Lane), free=9, lease=5.0).claims
    for claim in claims:
        begun = store.leases.begin(
            claim.session_id, claim.token, lease=5.0, app="default", slots=None, room=True
        )
        assert isinstance(begun, SetAside) == claim.session_id.startswith("b")
