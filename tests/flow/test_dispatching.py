from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recorder_tasks.core.session import Lane
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.dispatcher import GENERAL, Dispatcher, Hands
from recorder_tasks.settings import Settings
from recorder_tasks.store import Claim, Store

MakeDispatcher = Callable[..., Dispatcher]


def until(check: Callable[[], bool], timeout: float = 20.0) -> None:
    end = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def sent() -> list[Claim]:
    return []


@pytest.fixture
def dispatch(store: Store, settings: Settings, sent: list[Claim]) -> Iterator[MakeDispatcher]:
    running: list[Dispatcher] = []

    def make(
        hands: int = 8, lanes: tuple[Lane, ...] = GENERAL, send: Callable[[Claim], None] | None = None
    ) -> Dispatcher:
        running.append(Dispatcher(store, settings, lanes, Hands(hands), send or sent.append, "one@test"))
        running[-1].start()
        return running[-1]

    yield make
    for dispatcher in running:
        dispatcher.stop()
        assert not dispatcher.is_alive()


def test_a_sleeping_dispatcher_wakes_for_a_new_recording(
    dispatch: MakeDispatcher, store: Store, settings: Settings, sent: list[Claim]
) -> None:
    dispatch()
    until(lambda: "one@test" in store.workers.alive(60))
    recording = Desk(store, settings).record("room", minutes=10)
    until(lambda: bool(sent))
    assert (sent[0].session_id, sent[0].lane) == (recording.session_id, Lane.START)


def test_no_more_is_claimed_than_there_are_hands(
    dispatch: MakeDispatcher, store: Store, settings: Settings, sent: list[Claim]
) -> None:
    desk = Desk(store, settings)
    for n in range(5):
        desk.record(f"room{n}", minutes=10)
    dispatcher = dispatch(hands=2)
    until(lambda: len(sent) == 2)
    assert dispatcher.hands.free(30) == 0
    dispatcher.freed(sent[0].token)
    until(lambda: len(sent) == 3)


def test_nobody_is_woken_by_what_changes_nothing_for_him(
    dispatch: MakeDispatcher,
    store: Store,
    settings: Settings,
    sent: list[Claim],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[int] = []
    claim = store.leases.claim

    def counted(*args: Any, **options: Any) -> Any:
        looks.append(1)
        return claim(*args, **options)

    monkeypatch.setattr(store.leases, "claim", counted)
    desk = Desk(store, settings)
    desk.record("now", minutes=10)
    dispatcher = dispatch()
    until(lambda: len(sent) == 1 and not dispatcher._full)
    before = len(looks)
    dispatcher.freed(sent[0].token)  # there was another
    desk.record("later", start=datetime.now(UTC) + timedelta(hours=1), minutes=10)  # he looks sooner anyway
    desk.record("at once", minutes=10)
    until(lambda: len(sent) == 2)
    assert len(looks) - before <= 2  # for the last one, and perhaps since five seconds were over


def test_a_message_that_could_not_be_sent_frees_its_hand(
    dispatch: MakeDispatcher, store: Store, settings: Settings
) -> None:
    tried: list[Claim] = []

    def broken(claim: Claim) -> None:
        tried.append(claim)
        raise ConnectionError("no broker")

    Desk(store, settings).record("room", minutes=10)
    dispatcher = dispatch(hands=1, send=broken)
    until(lambda: bool(tried))
    until(lambda: dispatcher.hands.free(30) == 1)
    assert dispatcher.is_alive()


def test_a_general_worker_takes_a_stop_that_its_own_worker_leaves_lying(
    dispatch: MakeDispatcher, store: Store, settings: Settings, sent: list[Claim]
) -> None:
    desk = Desk(store, settings)
    session = store.sessions.get(desk.record("room", minutes=10).session_id)
    assert session is not None
    now = store.clock.now()
    store.sessions.save(session, {Lane.STOP: now - settings.overdue_stop - 0.1})
    dispatch()
    until(lambda: bool(sent))
    assert sent[0].lane is Lane.STOP


def test_a_lost_message_frees_its_hand_when_its_lease_is_over() -> None:
    hands = Hands(1)
    hands.took("token")
    assert hands.free(60.0) == 0
    until(lambda: hands.free(0.05) == 1)


def test_where_a_pool_is_in_other_processes_its_requests_count() -> None:
    in_pool = 3
    hands = Hands(4, lambda: in_pool)
    hands.took("token")
    assert hands.free(60.0) == 1
