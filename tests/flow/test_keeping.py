from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Kind, Outcome, Step
from recorder_tasks.core.session import Lane, State
from recorder_tasks.flow.journal import Journal
from recorder_tasks.flow.keeper import Keeper
from recorder_tasks.simulator.interventions import kill
from recorder_tasks.store import LiveTake
from tests.flow.conftest import MakeEngine
from tests.flow.engine import Engine


def a_take(sid: str = "sid-1", **members: Any) -> LiveTake:
    known: dict[str, Any] = {
        "key": sid,
        "session": "r-1",
        "app": "default",
        "channel": "room",
        "uid": 900,
        "resource_id": "rid-1",
        "sid": sid,
        "mode": "mix",
        "deadline": 1000.0,
    }
    return LiveTake(**{**known, **members})


STARTED = Outcome(step=Step.START, kind=Kind.ACCEPTED, at=5.0, uid=900, resource_id="rid-1", sid="sid-1")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "deep" / "journal.sqlite")
    yield kept
    kept.close()


def test_what_the_journal_knows_survives_its_process(journal: Journal) -> None:
    journal.started(a_take(), STARTED)
    another = Journal(journal.path)
    assert another.live() == {"sid-1": a_take()}
    assert another.facts() == [("r-1", STARTED)]
    another.close()


def test_doubled_entries_are_one_and_a_saved_fact_leaves(journal: Journal) -> None:
    refused = Outcome(step=Step.ACQUIRE, kind=Kind.TRANSIENT, at=4.0)
    for _ in range(2):
        journal.started(a_take(), STARTED)
        journal.remember("r-1", STARTED)
        journal.remember("r-1", refused)
    assert len(journal.facts()) == 2
    for _ in range(2):
        journal.saved("r-1", STARTED)
        journal.saved("r-1", refused)
    assert journal.facts() == []
    assert list(journal.live()) == ["sid-1"]


def test_a_take_leaves_the_journal_when_its_session_shows_it_over(engine: Engine) -> None:
    session_id = engine.recording()
    assert len(engine.journal.live()) == 1
    engine.journal.follow(engine.session(session_id), Cadence())
    assert len(engine.journal.live()) == 1
    engine.later(600)
    assert engine.journal.live() == {}


def test_facts_that_waited_come_home_while_redis_answers(engine: Engine) -> None:
    session_id = engine.recording()
    take = engine.session(session_id).take
    assert take is not None
    ended = Outcome(
        step=Step.STOP,
        kind=Kind.ACCEPTED,
        at=engine.store.clock.now(),
        resource_id=take.resource_id,
        sid=take.sid,
    )
    keeper = Keeper(engine.turns)
    last_id = keeper.reconcile()
    engine.journal.remember(session_id, ended)
    engine.journal.remember("r-retired", ended)
    keeper.refresh(last_id)
    assert engine.session(session_id).take.end is not None  # type: ignore[union-attr]
    assert engine.journal.facts() == []


def test_what_others_record_is_copied_and_dropped_when_it_is_over(engine: Engine, tmp_path: Path) -> None:
    other = Journal(tmp_path / "other.sqlite")
    engine.turns.journal, mine = other, engine.journal
    keeper = Keeper(engine.turns)
    last_id = keeper.reconcile()
    engine.turns.journal = mine
    engine.recording()
    last_id = keeper.refresh(last_id)
    assert len(other.live()) == 1
    engine.later(600)
    keeper.refresh(last_id)
    assert other.live() == {}
    other.close()


def test_a_take_that_redis_forgot_is_adopted_and_stopped_in_time(engine: Engine, raw: Any) -> None:
    session_id = engine.recording(max_extension=0)
    raw.flushall()
    engine.store.clock.set_test(offset=6.0)
    Keeper(engine.turns).reconcile()
    (adopted,) = engine.desk.find(labels={"adopted_from": session_id}).recordings
    assert adopted.state is State.RECORDING
    Keeper(engine.turns).reconcile()
    assert len(engine.desk.find().recordings) == 1
    engine.later(700)
    assert engine.vendor.running() == []
    assert engine.desk.get(adopted.session_id).state is State.COMPLETED
    engine.journal.keep([a_take(adopted.takes[0].sid or "", session=session_id)])
    Keeper(engine.turns).reconcile()
    assert engine.journal.live() == {}


def test_an_adopted_recorder_that_dies_is_not_replaced_by_one_that_nobody_asked_for(
    engine: Engine, raw: Any
) -> None:
    engine.recording()
    raw.flushall()
    engine.store.clock.set_test(offset=6.0)
    Keeper(engine.turns).reconcile()
    kill(engine.vendor.world, "channel:room", engine.store.clock.now())
    started = engine.vendor.verbs().count("acquire")
    for _ in range(30):
        engine.later(30)
    assert engine.vendor.verbs().count("acquire") == started
    assert engine.vendor.running() == []


def test_a_sid_that_redis_lost_goes_back_to_the_take_that_it_belongs_to(engine: Engine) -> None:
    session_id = engine.recording()
    before = engine.session(session_id)
    assert before.take is not None
    older = before.evolve(takes=(before.take.model_copy(update={"sid": None, "accepted_at": None}),))
    engine.store.sessions.save(older, {Lane.STOP: older.end}, over=[before.take.sid or ""])
    Keeper(engine.turns).reconcile()
    after = engine.session(session_id)
    assert [take.sid for take in after.takes] == [before.take.sid]
    assert list(engine.store.takes.all()) == [before.take.sid]


def test_a_take_that_an_older_redis_never_knew_goes_back_to_its_session(engine: Engine) -> None:
    session_id = engine.recording()
    before = engine.session(session_id)
    assert before.take is not None
    older = before.evolve(takes=(), state=State.SCHEDULED)
    engine.store.sessions.save(older, {Lane.START: older.start}, over=[before.take.sid or ""])
    Keeper(engine.turns).reconcile()
    after = engine.session(session_id)
    assert [take.sid for take in after.takes] == [before.take.sid]
    engine.run()
    assert len(engine.vendor.running()) == 1
    engine.later(600)
    assert engine.vendor.running() == []


def test_without_redis_a_take_is_stopped_after_its_deadline_and_grace_only(engine: Engine) -> None:
    engine.recording(max_extension=0)
    keeper = Keeper(engine.turns)
    keeper.reconcile()
    engine.store.clock.jump(600 - 6 + 20)
    keeper.anchor()
    keeper.without_redis()
    assert len(engine.vendor.running()) == 1
    engine.store.clock.jump(20)
    keeper.anchor()
    keeper.without_redis()
    keeper.without_redis()
    assert engine.vendor.running() == []
    assert engine.vendor.verbs().count("stop") == 1
    assert engine.vendor.seen[-1].body["clientRequest"] == {"async_stop": True}


def test_what_was_stopped_without_redis_is_known_when_it_is_back(engine: Engine) -> None:
    session_id = engine.recording(max_extension=0)
    keeper = Keeper(engine.turns)
    engine.store.clock.jump(700)
    keeper.anchor()
    keeper.without_redis()
    keeper.reconcile()
    session = engine.session(session_id)
    assert session.take is not None
    assert session.take.end is not None
    engine.run()
    assert engine.vendor.verbs().count("stop") == 1


def test_a_take_that_cannot_be_stopped_does_not_keep_the_others_recording(engine: Engine) -> None:
    engine.recording(max_extension=0)
    engine.journal.keep([a_take("0-unknown-app", app="elsewhere")])
    keeper = Keeper(engine.turns)
    engine.store.clock.jump(700)
    keeper.anchor()
    keeper.without_redis()
    assert engine.vendor.running() == []


def test_a_take_that_is_gone_is_not_asked_for_over_and_over(engine: Engine) -> None:
    now = engine.store.clock.now()
    engine.journal.keep([a_take(deadline=now - 100)])
    keeper = Keeper(engine.turns)
    keeper.anchor()
    for _ in range(5):
        keeper.without_redis()
    assert engine.vendor.verbs() == ["stop"]


def test_stops_without_redis_keep_to_this_workers_share_of_the_rate(make_engine: MakeEngine) -> None:
    app = {"app_id": "a" * 32, "key": "k", "secret": "s", "base_url": "http://vendor.test", "qps": 10}
    engine = make_engine(apps={"default": app})
    now = engine.store.clock.now()
    engine.store.workers.beat("one@host", {"lanes": ["stop"]})
    engine.store.workers.beat("two@host", {"lanes": ["query"]})
    engine.store.workers.beat("beat@host", {"lanes": []})
    engine.journal.keep([a_take(f"sid-{n}", deadline=now - 100) for n in range(4)])
    keeper = Keeper(engine.turns)
    keeper.anchor()
    began = engine.store.clock.now()
    keeper.without_redis()
    assert engine.vendor.verbs() == ["stop"] * 4
    assert engine.store.clock.now() - began >= 3 * 0.2
