from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Kind, Outcome, Step
from recorder_tasks.core.session import Lane, State
from recorder_tasks.flow.journal import Journal
from recorder_tasks.flow.keeper import Keeper
from recorder_tasks.flow.orphans import Orphan
from recorder_tasks.simulator.interventions import kill
from recorder_tasks.store import LiveTake, Nameless
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


def emptied(engine: Engine, raw: Any) -> None:
    """Redis has lost everything, and this worker has seen to it."""
    now = engine.store.clock.now()
    raw.flushall()
    engine.store.clock.set_test(offset=0.0)
    engine.store.clock.jump(now - engine.store.clock.now())
    Keeper(engine.turns).reconcile()


def test_an_adopted_recorder_has_the_times_that_were_wanted_and_is_stopped_at_its_planned_end(
    engine: Engine, raw: Any
) -> None:
    session_id = engine.recording(max_extension=3600)
    before = engine.session(session_id)
    engine.desk.extend(session_id, minutes=5)
    keeper = Keeper(engine.turns)
    keeper.reconcile()
    emptied(engine, raw)
    (adopted,) = engine.desk.find(labels={"adopted_from": session_id}).recordings
    after = engine.session(adopted.session_id)
    assert (after.start, after.end, after.deadline) == (before.start, before.end + 300, before.deadline)
    assert before.take is not None
    assert after.take is not None
    assert (after.take.accepted_at, after.take.expires_at) == (
        before.take.accepted_at,
        before.take.expires_at,
    )
    engine.later(before.end + 299 - engine.store.clock.now())
    assert len(engine.vendor.running()) == 1
    engine.later(2)
    assert engine.vendor.running() == []
    assert engine.desk.get(adopted.session_id).state is State.COMPLETED


@pytest.mark.parametrize("wish", ["stop", "end"])
def test_a_recorder_that_was_to_be_stopped_before_redis_forgot_it_is_stopped_at_once(
    engine: Engine, raw: Any, wish: str
) -> None:
    session_id = engine.recording(max_extension=3600)
    keeper = Keeper(engine.turns)
    last_id = keeper.reconcile()
    if wish == "stop":
        engine.desk.stop(session_id)
        keeper.refresh(last_id)
    else:
        engine.store.clock.jump(600)
    ends_at = engine.session(session_id).ends_at
    emptied(engine, raw)
    (adopted,) = engine.desk.find(labels={"adopted_from": session_id}).recordings
    assert adopted.state is State.STOPPING
    assert adopted.end.timestamp() == pytest.approx(ends_at)
    engine.run()
    assert engine.vendor.running() == []
    assert engine.desk.get(adopted.session_id).state is State.COMPLETED


def test_a_take_that_an_older_version_kept_is_adopted_until_its_deadline(engine: Engine) -> None:
    now = engine.store.clock.now()
    engine.journal.keep([a_take(deadline=now + 100, of_a_newer_version=1)])
    Keeper(engine.turns).reconcile()
    (adopted,) = engine.desk.find(labels={"adopted_from": "r-1"}).recordings
    assert adopted.end == adopted.start == adopted.deadline
    assert adopted.deadline.timestamp() == pytest.approx(now + 100)


def an_orphan(engine: Engine) -> Orphan:
    """A recorder that was accepted and banned, and whose sid nobody has heard."""
    engine.vendor.lost.add("start")
    engine.desk.record("room", minutes=10)
    engine.run()
    engine.vendor.lost.clear()
    engine.later(15)
    (orphan,) = engine.desk.orphans()
    return orphan


def test_orphans_outlive_an_emptied_redis_with_all_that_is_known_of_them(engine: Engine, raw: Any) -> None:
    orphan = an_orphan(engine)
    keeper = Keeper(engine.turns)
    keeper.reconcile()
    emptied(engine, raw)
    (listed,) = engine.desk.orphans()
    assert listed.model_dump(exclude={"minutes"}) == orphan.model_dump(exclude={"minutes"})
    assert engine.store.sessions.get(orphan.session_id) is None
    emptied(engine, raw)
    assert engine.desk.orphans()


def test_an_orphan_that_somebody_has_seen_to_does_not_come_back(engine: Engine, raw: Any) -> None:
    orphan = an_orphan(engine)
    Keeper(engine.turns).reconcile()
    engine.desk.forget_orphan(orphan.name)
    Keeper(engine.turns).reconcile()
    assert engine.desk.orphans() == ()
    assert engine.journal.orphans() == {}
    emptied(engine, raw)
    assert engine.desk.orphans() == ()


def test_an_orphan_that_is_over_by_then_does_not_come_back(engine: Engine, raw: Any) -> None:
    now = engine.store.clock.now()
    known = Nameless(
        name="r-1/rid-1",
        session="r-1",
        app="default",
        channel="room",
        uid=900,
        since=now,
        until=now + 60,
        banned=False,
        max_idle=300.0,
    )
    engine.store.orphans.put_back([known], now)
    Keeper(engine.turns).reconcile()
    assert engine.journal.orphans() == {"r-1/rid-1": known}
    engine.store.clock.jump(61)
    emptied(engine, raw)
    assert engine.desk.orphans() == ()
    assert raw.keys("*orphan*") == []


def test_a_copy_of_orphans_is_never_taken_of_a_namespace_that_was_emptied_meanwhile(
    engine: Engine, raw: Any
) -> None:
    orphan = an_orphan(engine)
    keeper = Keeper(engine.turns)
    keeper.reconcile()
    raw.flushall()
    vigil = keeper._vigil
    vigil._orphans_at = 0.0
    vigil._note_orphans(engine.store.clock.now())
    assert list(engine.journal.orphans()) == [orphan.name]


def test_an_orphan_that_an_older_version_listed_is_told_by_its_session(engine: Engine, raw: Any) -> None:
    orphan = an_orphan(engine)
    raw.delete(engine.store.keys("orphan"))
    assert engine.desk.orphans() == (orphan,)


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


def test_a_round_without_redis_ends_when_redis_is_back(engine: Engine) -> None:
    now = engine.store.clock.now()
    engine.journal.keep([a_take(f"sid-{n}", deadline=now - 100) for n in range(4)])
    keeper, back = Keeper(engine.turns), Event()
    keeper.anchor()
    back.set()
    keeper.without_redis(back=back)
    assert engine.vendor.verbs() == []  # the rest is the fleet's, by its budget


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
