"""The board: fresh by events, read once for all watchers, and honest when Redis is away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from recorder_tasks.core.session import State
from recorder_tasks.store import Store
from recorder_tasks.web.board import Board, Snapshot
from recorder_tasks.web.live import Shared
from recorder_tasks.wiring import Wiring
from tests.flow.engine import some_settings
from tests.journeys.house import until

NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
def parts(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Wiring]:
    built = Wiring(some_settings(namespace, tmp_path, redis_url=redis_url))
    yield built
    built.close()


@pytest.fixture
def board(parts: Wiring) -> Iterator[Board]:
    built = Board(parts.desk)
    yield built
    built.stop()


def shown(board: Board) -> set[str]:
    return set(board.snapshot().rows)


def test_it_shows_what_lives_what_begins_within_the_hour_and_nothing_else(
    parts: Wiring, board: Board
) -> None:
    now = parts.desk.now()
    soon = parts.desk.record("soon", start=now + timedelta(minutes=50), minutes=5)
    parts.desk.record("later", start=now + timedelta(minutes=70), minutes=5)
    assert shown(board) == {soon.session_id}


def test_news_come_by_themselves_and_stamp_only_what_has_changed(parts: Wiring, board: Board) -> None:
    start = parts.desk.now() + timedelta(minutes=10)
    one, other = (parts.desk.record(name, start=start, minutes=5) for name in ("one", "other"))
    before = board.snapshot()
    parts.desk.extend(one.session_id, minutes=1)
    after = until(lambda: _newer(board, before, one.session_id), what="the change")
    assert after.rows[other.session_id].stamp == before.rows[other.session_id].stamp
    assert board.touched(one.session_id) > board.touched(other.session_id)
    parts.desk.cancel(one.session_id)
    gone = until(lambda: _without(board, one.session_id), what="it to leave")
    assert gone.gone[one.session_id] > after.tick


def _newer(board: Board, before: Snapshot, session_id: str) -> Snapshot | None:
    found = board.snapshot()
    return found if found.rows[session_id].stamp > before.rows[session_id].stamp else None


def _without(board: Board, session_id: str) -> Snapshot | None:
    found = board.snapshot()
    return found if session_id not in found.rows else None


def test_a_listener_hears_each_tick_until_it_leaves(parts: Wiring, board: Board) -> None:
    heard: list[int] = []
    leave = board.listen(heard.append)
    until(lambda: heard, what="the first tick")
    parts.desk.record("news", start=parts.desk.now() + timedelta(minutes=10), minutes=5)
    until(lambda: shown(board), what="the recording")
    assert heard == sorted(set(heard))
    leave()
    count = len(heard)
    parts.desk.record("more", start=parts.desk.now() + timedelta(minutes=10), minutes=5)
    until(lambda: len(shown(board)) == 2, what="the other recording")
    assert len(heard) == count


def test_without_redis_it_says_so_and_keeps_what_it_knew(namespace: str, tmp_path: Path) -> None:
    away = Wiring(some_settings(namespace, tmp_path, redis_url=NOWHERE))
    board = Board(away.desk)
    found = board.snapshot()
    assert found.trouble is not None
    assert "out of reach" in found.trouble
    assert not found.rows
    board.stop()
    away.close()


def test_what_is_over_stays_a_while_and_what_was_cancelled_does_not(
    parts: Wiring, board: Board, store: Store
) -> None:
    from recorder_tasks.core.agenda import lanes

    now = store.clock.now()
    made = parts.desk.record("over", minutes=1)
    session = store.sessions.get(made.session_id)
    assert session is not None
    over = session.evolve(state=State.FAILED, final_at=now, settled_at=now, reason="a test")
    store.sessions.save(over, lanes(over, now, parts.settings.cadence))
    parts.desk.cancel(
        parts.desk.record("withdrawn", start=parts.desk.now() + timedelta(hours=1), minutes=5).session_id
    )
    assert shown(board) == {made.session_id}


def test_a_mark_of_another_process_means_everything_anew(parts: Wiring, board: Board) -> None:
    found, other = board.snapshot(), Board(parts.desk)
    try:
        assert found.since(found.mark) == found.tick
        assert found.since(other.snapshot().mark) == -1
        assert [found.since(text) for text in ("", "7", "x.y", f"{found.epoch}.-1")] == [-1] * 4
    finally:
        other.stop()


def test_many_watchers_share_what_is_made_once() -> None:
    shared, made, together = Shared(), [], Barrier(20)

    def watch(number: int) -> list[object]:
        together.wait()
        return [
            shared.once(("tick", tick), lambda tick=tick: made.append(tick) or tick) for tick in range(40)
        ]

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(watch, range(20)))
    assert answers == [list(range(40))] * 20
    assert sorted(made) == list(range(40))


def test_what_could_not_be_made_is_tried_again() -> None:
    shared = Shared()
    with pytest.raises(ZeroDivisionError):
        shared.once(("tick",), lambda: 1 / 0)
    assert shared.once(("tick",), lambda: "made") == "made"
