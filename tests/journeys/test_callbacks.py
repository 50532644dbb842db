"""The vendor's callbacks reach `recorder web` over HTTP, with all that goes wrong on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from recorder_tasks.web.notifications import CALLBACKS
from tests.journeys.house import House, until
from tests.journeys.own_redis import OwnRedis

pytestmark = pytest.mark.integration

SECRET = "notification-secret-of-the-test"
TROUBLE = {"loss": 0.3, "duplicate": 0.5, "reorder": True, "delay": 1.0, "seed": 7}
CALLED_BACK = {"APPS__DEFAULT__NOTIFICATION_SECRET": SECRET}
PATIENT = {
    "PROFILES__DEFAULT__HEALTH_EVERY": 120,
    "PROFILES__DEFAULT__MAX_IDLE": 200,
    "CADENCE__GONE_AFTER": 12,
}

MakeHouse = Callable[..., House]


def call_back(school: House, address: str, **trouble: Any) -> None:
    target = {"url": f"{address}{CALLBACKS}/default", "secret": SECRET, **trouble}
    school.simulator.call("PUT", "/callbacks", target)


def delivered(school: House) -> list[dict[str, Any]]:
    return list(school.simulator.call("GET", "/callbacks")["deliveries"])


def came(school: House) -> dict[str, float]:
    return dict(school.desk.overview()["callbacks"]["default"])


def story(school: House, session_id: str) -> list[str]:
    return [event.type for event in school.desk.events(session_id)]


def results(school: House, *channels: str) -> list[Any]:
    """What became of a class in each channel, without what is another each time."""
    asked = [school.desk.record(channel, minutes=3 / 60).session_id for channel in channels]
    done = [school.final(session_id) for session_id in asked]
    found = []
    for channel, session_id in zip(channels, asked, strict=True):
        until(lambda one=session_id: school.wiring.store.sessions.get(one).settled_at is not None)
        recording = school.desk.get(session_id)
        (take,) = recording.takes
        names = sorted(re.sub(f"{take.sid}_{channel}", "sid_channel", file.name) for file in recording.files)
        ledger = [(entry["alive"], entry["ended_by"]) for entry in school.simulator.takes(channel)]
        found.append(
            (recording.state, recording.outcome, [re.sub(r"\d{8,}", "N", one) for one in names], ledger)
        )
    assert len(done) == len(channels)
    return found


def test_lost_doubled_late_and_unordered_callbacks_change_no_result(make_house: MakeHouse) -> None:
    school = make_house(**CALLED_BACK)
    school.crew()
    plain = results(school, "plain-1", "plain-2", "plain-3")
    call_back(school, school.web(), **TROUBLE)
    assert results(school, "noisy-1", "noisy-2", "noisy-3") == plain
    until(lambda: school.simulator.call("GET", "/callbacks")["waiting"] == 0, what="the last callbacks")
    until(lambda: tally(school), what="every callback that was sent to be taken in or known")
    sent = delivered(school)
    assert {entry["error"] for entry in sent} == {"lost on purpose", None}
    assert {entry["attempt"] for entry in sent} == {0}, "each was answered well and in time"


def tally(school: House) -> bool:
    """Whether as many were taken in, and as many known again, as the vendor had answered with 200."""
    ids = [entry["notice_id"] for entry in delivered(school) if entry["status"] == 200]
    told = came(school)
    return (told.get("taken"), told.get("doubled")) == (len(set(ids)), len(ids) - len(set(ids)))


def test_a_dead_recorder_is_noticed_by_its_callback_long_before_the_next_look(make_house: MakeHouse) -> None:
    school = make_house(**CALLED_BACK, **PATIENT, PROFILES__DEFAULT__HEALTH_WITH_CALLBACKS=150)
    school.crew()
    call_back(school, school.web(), duplicate=1.0)
    session_id = school.desk.record("class", minutes=5).session_id
    school.reached(session_id, "recording")
    until(lambda: school.wiring.store.sessions.get(session_id).takes[0].told_at)
    looked = len(school.simulator.requests("class", "query"))
    school.simulator.call("POST", "/takes/channel:class/kill")
    until(lambda: story(school, session_id).count("session.confirmed") == 2, what="another recorder")
    told = story(school, session_id)
    for earlier, later in (("take.signal", "session.degraded"), ("session.degraded", "take.lost")):
        assert told.index(earlier) < told.index(later)
    assert told.index("take.lost") < len(told) - 1 - told[::-1].index("session.started")
    sids = [take["sid"] for take in school.simulator.takes("class")]
    asked = school.simulator.requests("class", "query")[looked:]
    assert 1 <= sum(1 for call in asked if call["sid"] == sids[0]) <= 3, "the callbacks' looks, and no others"
    assert school.simulator.alive("class") == 1
    school.desk.stop(session_id)
    assert school.final(session_id).outcome == "partial"


def test_a_sid_that_nobody_heard_comes_home_and_the_recorder_is_stopped_by_it(make_house: MakeHouse) -> None:
    school = make_house(**CALLED_BACK)
    school.crew()
    call_back(school, school.web(), delay=2.0)
    school.simulator.fault("start", {"lose": "after"}, times=1)
    session_id = school.desk.record("class", minutes=0.5).session_id
    school.reached(session_id, "recording")
    (take,) = school.simulator.takes("class")
    assert school.desk.get(session_id).takes[0].sid == take["sid"]
    school.desk.stop(session_id)
    assert school.final(session_id).outcome == "uploaded"
    assert school.simulator.requests(verb="ban") == []


def test_callbacks_that_come_while_redis_is_away_are_taken_in_later(
    make_house: MakeHouse, own_redis: OwnRedis
) -> None:
    school = make_house(own_redis.url, **CALLED_BACK, **PATIENT)
    school.crew()
    call_back(school, school.web())
    session_id = school.desk.record("class", minutes=5).session_id
    school.reached(session_id, "recording")
    own_redis.kill()
    school.simulator.call("POST", "/takes/channel:class/kill")
    until(lambda: any(entry["event_type"] == 11 for entry in delivered(school)), what="the exit")
    assert {entry["status"] for entry in delivered(school)} == {200}
    own_redis.start()
    until(lambda: story(school, session_id).count("session.confirmed") == 2, 60, "another recorder")
    school.desk.stop(session_id)
    assert school.final(session_id).outcome == "partial"


def test_the_check_of_the_console_is_answered_well(make_house: MakeHouse) -> None:
    school = make_house(**CALLED_BACK)
    call_back(school, school.web())
    asked = school.simulator.call("POST", "/callbacks/test")["notice_ids"]
    until(lambda: len(delivered(school)) == len(asked))
    assert {entry["status"] for entry in delivered(school)} == {200}
    until(lambda: came(school).get("test") == len(asked))
