from __future__ import annotations

from typing import Any

import pytest

from recorder_tasks.core.errors import RecorderError
from recorder_tasks.core.outcome import Step
from recorder_tasks.core.session import Lane, State
from recorder_tasks.store import Conflict, StoreUnavailable
from tests.flow.engine import HIDDEN, Engine


class Crash(BaseException):
    """The process dies here."""


def dying(*_: Any, **__: Any) -> Any:
    raise Crash


def test_a_recording_starts_is_confirmed_and_is_stopped_at_its_end(engine: Engine) -> None:
    session_id = engine.recording()
    assert len(engine.vendor.running()) == 1
    engine.later(600)
    engine.later(30)
    session = engine.session(session_id)
    assert session.state is State.COMPLETED
    assert engine.vendor.running() == []
    assert session.files
    assert engine.vendor.verbs()[:3] == ["acquire", "start", "query"]


def test_what_goes_to_redis_names_no_key(engine: Engine, redis_url: str) -> None:
    session_id = engine.recording()
    kept = engine.session(session_id).to_json().decode()
    told = repr(engine.store.events.of(session_id)) + repr(engine.store.takes.all())
    assert not [secret for secret in HIDDEN if secret in kept + told]


def test_every_message_may_come_twice_and_the_vendor_is_called_once(engine: Engine) -> None:
    engine.desk.record("room", minutes=10)
    for passes in (0, 6, 600):
        engine.store.clock.jump(passes)
        for claim in engine.claim():
            engine.work(claim)
            engine.work(claim)
    assert engine.vendor.verbs() == ["acquire", "start", "query", "stop"]


def test_a_token_that_was_never_given_ends_quietly(engine: Engine) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    assert engine.turns.take(Step.ACQUIRE, session_id, "made-up").session is None
    assert engine.turns.take(Step.ACQUIRE, "r-unknown", "made-up").session is None
    assert engine.vendor.seen == []


def test_a_task_of_another_step_puts_the_session_back_where_it_is_due(engine: Engine) -> None:
    engine.desk.record("room", minutes=10)
    (claim,) = engine.claim()
    engine.turns.take(Step.STOP, claim.session_id, claim.token)
    assert engine.vendor.seen == []
    assert [again.lane for again in engine.claim()] == [Lane.START]


@pytest.mark.parametrize(
    "point", ["before the intent", "after the intent", "after the call", "before the save"]
)
def test_a_crash_on_the_way_to_a_recorder_leaves_exactly_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    (claim,) = engine.claim()
    assert engine.turns.take(Step.ACQUIRE, session_id, claim.token).go_on
    owner, name = {
        "before the intent": (engine.store.sessions, "save"),
        "after the intent": (engine.vendor, "send"),
        "after the call": (engine.journal, "started"),
        "before the save": (engine.turns, "conclude"),
    }[point]
    with monkeypatch.context() as dies:
        dies.setattr(owner, name, dying)
        with pytest.raises(Crash):
            engine.turns.take(Step.START, session_id, claim.token)
    for _ in range(10):
        engine.later(10)
    assert engine.session(session_id).state is State.RECORDING
    assert len(engine.vendor.running()) == 1
    assert engine.session(session_id).take.sid == engine.vendor.running()[0]["sid"]  # type: ignore[union-attr]
    engine.later(600)
    assert engine.vendor.running() == []


def test_a_crash_between_the_journal_and_redis_keeps_the_sid(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    (claim,) = engine.claim()
    engine.turns.take(Step.ACQUIRE, session_id, claim.token)
    with monkeypatch.context() as dies:
        dies.setattr(engine.turns, "conclude", dying)
        with pytest.raises(Crash):
            engine.turns.take(Step.START, session_id, claim.token)
    ((kept_for, fact),) = engine.journal.facts()
    assert (kept_for, fact.sid) == (session_id, engine.vendor.running()[0]["sid"])
    assert list(engine.journal.live()) == [fact.sid]


def test_a_start_without_an_answer_is_asked_again_on_the_same_resource_and_never_runs_twice(
    engine: Engine,
) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    engine.vendor.lost = {"start"}
    engine.run()
    engine.vendor.lost = set()
    for _ in range(4):
        engine.later(5)
    first, second, *_ = [seen.path for seen in engine.vendor.seen if seen.verb == "start"]
    assert first == second
    assert len(engine.vendor.running()) == 1
    engine.later(600)
    assert engine.session(session_id).state.final
    assert engine.vendor.running() == []


def test_a_start_answer_that_comes_after_the_end_is_stopped(engine: Engine) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    (claim,) = engine.claim()
    engine.turns.take(Step.ACQUIRE, session_id, claim.token)

    def ended_meanwhile(seen: Any) -> None:
        if seen.verb == "start":
            engine.desk.stop(session_id)

    engine.vendor.scripted = ended_meanwhile
    engine.turns.take(Step.START, session_id, claim.token)
    assert len(engine.vendor.running()) == 1
    engine.later(5)
    assert engine.vendor.running() == []
    assert engine.session(session_id).state.final


def test_a_wish_that_is_saved_during_a_call_is_kept_and_so_is_the_answer(engine: Engine) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    (claim,) = engine.claim()
    engine.turns.take(Step.ACQUIRE, session_id, claim.token)

    def extended_meanwhile(seen: Any) -> None:
        if seen.verb == "start":
            engine.desk.extend(session_id, minutes=5)

    engine.vendor.scripted = extended_meanwhile
    engine.turns.take(Step.START, session_id, claim.token)
    session = engine.session(session_id)
    assert session.end - session.start == pytest.approx(900)
    assert session.take is not None
    assert session.take.sid is not None


def test_an_answer_that_redis_does_not_take_waits_in_the_journal(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = engine.recording()
    engine.store.clock.jump(600)
    (claim,) = engine.claim(Lane.STOP)

    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as outage:
        engine.vendor.scripted = lambda seen: outage.setattr(engine.store.sessions, "save", away)
        with pytest.raises(StoreUnavailable):
            engine.work(claim)
    ((kept_for, fact),) = engine.journal.facts()
    assert (kept_for, fact.step) == (session_id, Step.STOP)
    assert fact.files


def test_a_session_that_is_gone_when_the_answer_comes_is_left_to_the_journal(
    engine: Engine, raw: Any
) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    (claim,) = engine.claim()
    engine.turns.take(Step.ACQUIRE, session_id, claim.token)

    def forgotten_meanwhile(seen: Any) -> None:
        if seen.verb == "start":
            raw.flushall()
            engine.store.clock.set_test(offset=0.0)

    engine.vendor.scripted = forgotten_meanwhile
    assert engine.turns.take(Step.START, session_id, claim.token).session is None
    assert len(engine.journal.live()) == 1


def test_a_full_disk_does_not_keep_a_sid_from_redis(engine: Engine) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    engine.journal.close()
    engine.run()
    session = engine.session(session_id)
    assert session.take is not None
    assert session.take.sid == engine.vendor.running()[0]["sid"]


def test_a_storage_that_this_worker_does_not_know_is_told_and_tried_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    elsewhere = engine.settings.model_copy(update={"storages": {}})
    with monkeypatch.context() as forgotten:
        forgotten.setattr(engine.turns.vendors, "settings", elsewhere)
        engine.run()
    told = [event for event in engine.store.events.of(session_id) if event.type == "call.start"]
    assert [event.data["kind"] for event in told] == ["misconfigured"]
    assert "RECORDER_STORAGES__DEFAULT__BUCKET" in told[0].data["reason"]
    for _ in range(4):
        engine.later(10)
    assert engine.session(session_id).state is State.RECORDING


def test_the_events_of_a_recording_tell_its_story_once(engine: Engine) -> None:
    session_id = engine.recording()
    engine.later(600)
    engine.later(30)
    types = [event.type for event in engine.store.events.of(session_id)]
    for once in (
        "session.started",
        "session.confirmed",
        "session.stopping",
        "take.ended",
        "session.completed",
    ):
        assert types.count(once) == 1, (once, types)


def test_conflicts_of_two_desks_both_get_in(engine: Engine) -> None:
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    loaded = engine.session(session_id)
    engine.desk.extend(session_id, minutes=5)
    with pytest.raises(Conflict):
        engine.store.sessions.save(loaded, {Lane.START: loaded.start})
    engine.desk.cancel(session_id)
    with pytest.raises(RecorderError):
        engine.desk.extend(session_id, minutes=5)


def test_the_checker_finds_nothing_while_a_class_is_recording(engine: Engine) -> None:
    engine.recording()
    engine.desk.record("later", minutes=10)
    assert engine.store.checker.compare().agrees
