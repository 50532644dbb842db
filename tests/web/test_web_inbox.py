"""The inbox between the vendor's callbacks and Redis: it keeps, it gives up the oldest, it never stops."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from threading import Event as Flag

import pytest

from recorder_tasks.agora import InvalidRequest
from recorder_tasks.store import StoreUnavailable
from recorder_tasks.web.inbox import Inbox
from tests.journeys.house import until


class Desk:
    """Takes callbacks in while Redis is there; what it refuses begins with ``bad``."""

    def __init__(self) -> None:
        self.there = Flag()
        self.there.set()
        self.asked = Flag()
        self.taken: list[tuple[str, bytes]] = []
        self.dropped: list[tuple[str, int]] = []

    def take(self, app: str, body: bytes) -> None:
        self.asked.set()
        if not self.there.is_set():
            raise StoreUnavailable("Redis is away")
        if body == b"bad":
            raise InvalidRequest("no callback")
        if body == b"worse":
            raise RuntimeError("a bug")
        self.taken.append((app, body))

    def drop(self, app: str, count: int) -> None:
        if not self.there.is_set():
            raise StoreUnavailable("Redis is away")
        self.dropped.append((app, count))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def inbox(desk: Desk) -> Iterator[Inbox]:
    built = Inbox(desk.take, desk.drop, room=3, hands=1, again=0.01)
    yield built
    desk.there.set()
    built.close(10)


def test_what_comes_is_taken_in_by_app_in_its_order(desk: Desk, inbox: Inbox) -> None:
    for number in range(3):
        inbox.put("default", b"%d" % number)
    until(lambda: len(desk.taken) == 3)
    assert desk.taken == [("default", b"0"), ("default", b"1"), ("default", b"2")]
    assert inbox.counts == {"taken": 3}


def test_what_is_no_callback_ends_nothing(desk: Desk, inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    for body in (b"bad", b"worse", b"good"):
        inbox.put("default", body)
    until(lambda: desk.taken)
    assert inbox.counts == {"refused": 2, "taken": 1}
    assert "inbox.refused app=default: no callback" in caplog.text
    assert "inbox.failed app=default" in caplog.text


def test_while_redis_is_away_callbacks_wait_and_the_log_says_so_once(
    desk: Desk, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.there.clear()
    inbox.put("default", b"0")
    for _ in range(3):
        desk.asked.clear()
        assert desk.asked.wait(10), "it goes on asking"
    assert desk.taken == []
    desk.there.set()
    until(lambda: desk.taken == [("default", b"0")])
    until(lambda: "inbox.goes_on" in caplog.text)
    assert caplog.text.count("inbox.waits: Redis is away") == 1


def test_of_too_many_the_oldest_are_given_up_and_counted(desk: Desk, inbox: Inbox) -> None:
    desk.there.clear()
    for number in range(8):
        inbox.put("a" if number % 2 else "b", b"%d" % number)
    until(lambda: inbox.counts["dropped"] == 5 and len(inbox) == 3)
    desk.there.set()
    until(lambda: len(desk.taken) == 3)
    assert sorted(body for _, body in desk.taken) == [b"5", b"6", b"7"]
    until(lambda: sum(count for _, count in desk.dropped) == 5)
    assert sorted(desk.dropped) == [("a", 2), ("b", 3)]


def test_at_the_end_what_waits_is_taken_in(desk: Desk) -> None:
    inbox = Inbox(desk.take, desk.drop, hands=1, again=0.01)
    desk.there.clear()
    inbox.put("default", b"0")
    assert desk.asked.wait(10)
    desk.there.set()
    inbox.close(10)
    assert desk.taken == [("default", b"0")]


def test_without_redis_the_end_comes_after_the_grace(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    inbox = Inbox(desk.take, desk.drop, hands=2, again=0.01)
    desk.there.clear()
    inbox.put("default", b"0")
    assert desk.asked.wait(10)
    inbox.close(0.05)
    assert "1 callbacks were not taken in before the end" in caplog.text or inbox.counts == {}
    desk.asked.clear()
    assert not desk.asked.wait(0.1), "nobody asks any more"
    desk.there.set()


def test_an_inbox_that_never_got_anything_ends_at_once(desk: Desk) -> None:
    Inbox(desk.take).close(10)
