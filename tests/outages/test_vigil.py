"""A worker's keeper watches its Redis, and a stop goes out whatever Redis takes; no processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.flow.turn import Turns
from recorder_tasks.flow.vigil import Vigil
from recorder_tasks.store import Store, StoreFull
from tests.flow.engine import Engine, some_settings

HOUR = 3600.0


@pytest.fixture
def engine(store: Store, namespace: str, tmp_path: Path) -> Iterator[Engine]:
    built = Engine(store, some_settings(namespace, tmp_path), tmp_path)
    yield built
    built.close()


class NoIntents(Turns):
    """Redis is full while an intent is to be saved, and has memory again afterwards."""

    def save(self, *given: Any, keep: bool = False, **more: Any) -> Session:
        if keep:
            raise StoreFull("Redis is full, and nothing was written: out of memory")
        return super().save(*given, keep=keep, **more)


def test_a_stop_whose_intent_cannot_be_saved_goes_out_all_the_same(engine: Engine) -> None:
    asked = engine.recording()
    engine.desk.stop(asked)
    engine.turns = NoIntents(engine.store, engine.turns.vendors, engine.journal, engine.settings)
    (claim,) = engine.claim(Lane.STOP)
    engine.work(claim)
    assert engine.vendor.running() == []
    assert engine.session(asked).state == "completed"


def test_a_start_whose_intent_cannot_be_saved_is_not_made(engine: Engine) -> None:
    asked = str(engine.desk.record("room", minutes=10).session_id)
    turns = engine.turns
    engine.turns = NoIntents(engine.store, turns.vendors, engine.journal, engine.settings)
    (claim,) = engine.claim(Lane.START)
    with pytest.raises(StoreFull):
        engine.work(claim)
    assert "start" not in engine.vendor.verbs()
    engine.turns = turns
    engine.later(30)
    assert len(engine.vendor.running()) == 1
    assert engine.session(asked).state in ("starting", "recording")


def test_a_step_back_of_the_clock_is_noticed_and_what_had_begun_waits_for_nothing(engine: Engine) -> None:
    asked = engine.recording()
    vigil = Vigil(engine.turns)
    before = engine.store.clock.now()
    vigil.look(before, before)
    engine.store.clock.jump(120)  # into facts of a time to come
    engine.run()
    ahead = engine.store.clock.now()
    engine.store.clock.jump(-120)
    vigil.look(engine.store.clock.now(), ahead)
    vigil.look(engine.store.clock.now(), engine.store.clock.now())
    told = [event.type for event in engine.store.events.of(asked)]
    assert told.count("session.rewound") == 1
    queries = engine.vendor.verbs().count("query")
    engine.later(engine.session(asked).health_every + 1)
    assert engine.vendor.verbs().count("query") == queries + 1


def test_a_step_back_that_the_scripts_clamp_is_none(engine: Engine) -> None:
    asked = engine.recording()
    vigil = Vigil(engine.turns)
    now = engine.store.clock.now()
    vigil.look(now, now + 1.9)
    assert "session.rewound" not in [event.type for event in engine.store.events.of(asked)]
