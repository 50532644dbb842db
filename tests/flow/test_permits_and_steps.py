from __future__ import annotations

import math
import time
from typing import Any

import pytest

from recorder_tasks.core.outcome import FileSource, Kind, Step, Upload
from recorder_tasks.core.session import End, Lane, Session, State, Take
from recorder_tasks.flow.manifest import with_predicted_files
from recorder_tasks.flow.permit import TRIES, Permits, RedisTime
from recorder_tasks.local.inprocess_vendor import Seen
from recorder_tasks.recording import view
from tests.flow.conftest import MakeEngine
from tests.flow.engine import Engine


def clock(now: float = 100.0) -> RedisTime:
    mono = time.monotonic()
    return RedisTime(now, mono, mono)


def test_a_slot_ahead_is_waited_for() -> None:
    began = time.monotonic()
    until = Permits(clock(), 100.2, 0.1, lambda: None, clock)(0)
    assert until is not None
    assert until - began == pytest.approx(0.3, abs=0.05)
    assert time.monotonic() - began >= 0.19


def test_a_slot_that_was_missed_is_exchanged_for_another() -> None:
    granted = iter([100.05])
    until = Permits(clock(), 99.0, 0.1, lambda: next(granted), clock)(0)
    assert until is not None
    assert until > time.monotonic()


def test_without_a_slot_in_time_nothing_is_sent() -> None:
    assert Permits(clock(), None, 0.1, lambda: None, clock)(0) is None
    asked: list[float] = []

    def always_late() -> float:
        asked.append(1)
        return 90.0

    assert Permits(clock(), 90.0, 0.1, always_late, clock)(0) is None
    assert len(asked) == TRIES - 1


def test_without_a_limit_nobody_waits() -> None:
    assert Permits(clock(), math.inf, 0.0, lambda: None, clock)(0) == math.inf


def test_a_second_attempt_takes_a_slot_of_its_own() -> None:
    granted = iter([100.0])
    permits = Permits(clock(), 100.0, 0.1, lambda: next(granted), clock)
    assert permits(0) is not None
    assert permits(1) is not None
    with pytest.raises(StopIteration):
        permits(2)


def limited(make_engine: MakeEngine, qps: float) -> Engine:
    app = {"app_id": "a" * 32, "key": "rest-key-of-the-app", "secret": "rest-secret-of-the-app"}
    return make_engine(apps={"default": {**app, "base_url": "http://vendor.test", "qps": qps}})


def test_a_session_without_a_slot_is_put_back_and_its_turn_ends(make_engine: MakeEngine) -> None:
    engine = limited(make_engine, 1)
    for n in range(3):
        engine.desk.record(f"room{n}", minutes=10)
    claims = engine.claim(Lane.START)
    ended = [engine.turns.take(Step.ACQUIRE, claim.session_id, claim.token).go_on for claim in claims]
    assert ended == [True, False, False]
    assert engine.vendor.verbs() == ["acquire"]


def stops(engine: Engine) -> list[bool]:
    return [seen.body["clientRequest"]["async_stop"] for seen in engine.vendor.seen if seen.verb == "stop"]


def test_the_first_stop_waits_for_the_upload_and_its_repeats_do_not(engine: Engine) -> None:
    engine.recording()
    engine.vendor.scripted = lambda seen: (503, {}) if seen.verb == "stop" else None
    engine.later(600)
    engine.later(2)
    assert stops(engine) == [False, True]


def test_a_profile_may_never_wait_for_uploads(make_engine: MakeEngine) -> None:
    engine = make_engine(profiles={"default": {"async_stop": True}})
    engine.recording()
    engine.later(600)
    assert stops(engine) == [True]


def test_a_busy_stop_worker_does_not_wait_for_uploads(make_engine: MakeEngine) -> None:
    engine = make_engine(stop_concurrency=2)
    engine.recording()
    assert engine.turns.busy_stops(+1) is False
    engine.later(600)
    assert stops(engine) == [True]


def test_a_recorder_whose_sid_was_never_learnt_is_banned(engine: Engine) -> None:
    engine.desk.record("room", minutes=10)
    engine.vendor.lost = {"start"}
    engine.run()
    engine.vendor.lost = set()
    engine.later(13)
    engine.later(1)
    (ban,) = [seen for seen in engine.vendor.seen if seen.verb == "kicking-rule"]
    assert ban.body["cname"] == "room"
    assert 10 <= ban.body["time_in_seconds"] <= 86_430


def test_a_channel_that_everybody_has_left_gets_no_second_recorder(engine: Engine) -> None:
    engine.recording()

    def empty(seen: Seen) -> Any:
        if seen.verb == "query":
            return 404, {"code": 404, "reason": "not found"}
        if "/channel/user/" in seen.path:
            return 200, {"success": True, "data": {"channel_exist": False}}
        return None

    engine.vendor.scripted = empty
    for _ in range(30):
        engine.later(15)
    assert any("/channel/user/" in seen.path for seen in engine.vendor.seen)
    assert engine.vendor.verbs().count("acquire") == 1


def a_session(**members: Any) -> Session:
    take = Take(
        uid=1, resource_id="rid", acquired_at=1.0, sent_at=1.0, sid="f" * 32, accepted_at=2.0, **members
    )
    plan = {"created_at": 0.0, "start": 1.0, "end": 9.0, "deadline": 9.0}
    recipe = {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}
    return Session(
        id="r-1", channel="room", uids=(1, 2), takes=(take,), state=State.COMPLETED, recipe=recipe, **plan
    )


def test_files_that_nobody_named_are_predicted_and_say_so() -> None:
    (take,) = with_predicted_files(a_session(), ("school", "7a")).takes
    assert {file.name for file in take.files} >= {f"school/7a/{'f' * 32}_room.m3u8"}
    assert {file.source for file in take.files} == {FileSource.NAMING_RULE}


def test_an_empty_recording_and_one_that_goes_on_promise_no_files() -> None:
    empty = a_session(end=(End.EMPTY, 5.0))
    assert with_predicted_files(empty, ()) is empty
    going = a_session().evolve(state=State.RECORDING)
    assert with_predicted_files(going, ()) is going


def test_a_recording_is_shown_with_aware_instants() -> None:
    shown = view(a_session(end=(End.STOPPED, 5.0), upload=Upload.UPLOADED))
    assert shown.finished
    assert shown.start.utcoffset() is not None
    assert shown.takes[0].ended_at is not None
    assert shown.takes[0].upload is Upload.UPLOADED
    assert shown.files == ()


def test_a_request_that_is_wrong_in_itself_is_a_refusal_with_its_reason(engine: Engine) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    session = engine.session(session_id)
    wrong = session.evolve(recipe={"recordingConfig": {"channelType": 9}})
    engine.store.sessions.save(wrong, {Lane.START: session.start})
    engine.run()
    ended = engine.session(session_id)
    assert ended.state is State.FAILED
    assert "channelType" in (ended.reason or "")
    told = [event for event in engine.store.events.of(session_id) if event.type == "call.start"]
    assert told[0].data["kind"] == Kind.PERMANENT
