"""The demo's verdict is the ledger's, not ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recorder_tasks.core.session import Ending, Session, State
from recorder_tasks.local.summary import Summary
from recorder_tasks.recording import Recording, view

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LENGTH = timedelta(seconds=20)

KEYS = [
    *("session_id", "state", "outcome", "takes", "files", "scheduled_start", "scheduled_stop"),
    *("start_lag_s", "stop_lag_s", "recorders_run", "recorders_alive", "worker_killed", "api_calls"),
]


def recording(state: State = State.COMPLETED) -> Recording:
    session = Session(
        id="r-1",
        channel="demo-class",
        uids=(900, 901),
        created_at=START.timestamp() - 3,
        start=START.timestamp(),
        end=(START + LENGTH).timestamp(),
        deadline=(START + LENGTH).timestamp() + 15,
        state=state,
        ending=Ending.UPLOADED,
        final_at=(START + LENGTH).timestamp() + 1,
    )
    return view(session)


def take(start_lag: float = 0.1, stop_lag: float | None = 0.2) -> dict[str, Any]:
    ended = None if stop_lag is None else (START + LENGTH).timestamp() + stop_lag
    return {"started_at": START.timestamp() + start_lag, "ended_at": ended, "alive": ended is None}


def test_one_recorder_that_ended_in_time_though_the_workers_died_is_proof() -> None:
    summary = Summary.of(recording(), [take()], [{"verb": "stop"}, {"verb": "query"}], worker_killed=True)
    assert summary.proved
    assert (summary.start_lag_s, summary.stop_lag_s) == (0.1, 0.2)
    assert summary.api_calls == {"stop": 1, "query": 1}


@pytest.mark.parametrize(
    ("state", "takes", "killed"),
    [
        (State.COMPLETED, [], True),
        (State.COMPLETED, [take(), take()], True),
        (State.COMPLETED, [take(stop_lag=None)], True),
        (State.COMPLETED, [take(stop_lag=15.1)], True),
        (State.COMPLETED, [take()], False),
        (State.RECORDING, [take()], True),
    ],
)
def test_anything_else_is_not(state: State, takes: list[dict[str, Any]], killed: bool) -> None:
    assert not Summary.of(recording(state), takes, [], worker_killed=killed).proved


def test_the_document_has_exactly_the_keys_that_scripts_rely_on() -> None:
    document = Summary.of(recording(), [take()], [], worker_killed=True).model_dump(mode="json")
    assert list(document) == KEYS
