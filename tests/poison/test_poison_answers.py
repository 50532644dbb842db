"""A vendor whose answers are none: each call ends in time with a meaning, and keeps no healthy class."""

from __future__ import annotations

import gzip
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from recorder_tasks.agora import Client, Mode, StartRequest, Timeouts
from recorder_tasks.agora.answers import read_answer
from recorder_tasks.core.outcome import Kind, Step
from tests.agora.conftest import Vendor
from tests.journeys.house import House, Simulator, until
from tests.poison.healthy import LATE, assert_healthy, begin
from tests.poison.spoiler import SPOILT, Spoiler, trickles, trickles_headers, whole

QUICK = Timeouts(connect=1, read=0.5, stop_read=0.5)


@pytest.fixture
def client() -> Iterator[Callable[[str], Client]]:
    made: list[Client] = []

    def make(url: str, **more: Any) -> Client:
        given = {"attempts": 1, "backoff": (0.0,), "timeouts": QUICK, **more}
        made.append(Client("a" * 32, "the-key", "the-secret", base_url=url, **given))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def spoiler(tmp_path: Any) -> Iterator[Spoiler]:
    simulator = Simulator(tmp_path)
    made = Spoiler(simulator.base_url)
    yield made
    made.close()
    simulator.process.kill()


CALLS: dict[str, Callable[[Client], Any]] = {
    "acquire": lambda client: client.acquire("room", 5),
    "start": lambda client: client.start(Mode.MIX, "r", "room", 5, StartRequest.of(BODY)),
    "query": lambda client: client.query(Mode.MIX, "r", "s"),
    "stop": lambda client: client.stop(Mode.MIX, "r", "s", "room", 5),
    "ban": lambda client: client.ban("room", 5, seconds=10),
}
BODY = {
    "recordingConfig": {"channelType": 1},
    "storageConfig": {"vendor": 1, "region": 0, "bucket": "b", "accessKey": "a", "secretKey": "s"},
}
SURE = {Kind.ACCEPTED, Kind.ALREADY_RUNNING, Kind.NOT_FOUND, Kind.EMPTY, Kind.RESOURCE_DEAD, Kind.CONFLICT}


@pytest.mark.parametrize("name", SPOILT)
def test_no_spoilt_answer_is_taken_for_a_sound_one(
    name: str, client: Callable[[str], Client], over: Any
) -> None:
    vendor = Vendor()
    vendor.then(lambda peer: bool(SPOILT[name](peer, b'{"sid": "s", "resourceId": "r"}', over)))
    asking = client(vendor.url)
    for verb, call in CALLS.items():
        began = time.monotonic()
        answer = call(asking)
        assert time.monotonic() - began < 5  # half a second is allowed; what more there is, is this machine
        assert answer.kind not in SURE, (verb, answer)
        assert (answer.sid, answer.resource_id) == (None, None)
    vendor.close()


@pytest.fixture
def over() -> Iterator[Any]:
    import threading

    flag = threading.Event()
    yield flag
    flag.set()


@pytest.mark.parametrize("slow", [trickles, trickles_headers])
def test_a_trickling_answer_is_cut_off_at_the_time_for_the_whole(
    slow: Any, client: Callable[[str], Client], over: Any
) -> None:
    vendor = Vendor()
    vendor.then(lambda peer: bool(slow(peer, b"{}", over)))
    began = time.monotonic()
    answer = client(vendor.url).query(Mode.MIX, "r", "s")
    assert (answer.kind, answer.reason) == (Kind.UNKNOWN, "no answer in time")
    assert 0.5 <= time.monotonic() - began < 3
    vendor.close()


def test_an_answer_after_a_trickle_is_read_on_a_line_of_its_own(
    client: Callable[..., Client], over: Any
) -> None:
    vendor = Vendor()
    sound = Vendor.answers(200, {"resourceId": "r"})
    vendor.then(lambda peer: bool(trickles(peer, b"{}", over)), sound)
    assert client(vendor.url, attempts=2).acquire("room", 5).resource_id == "r"
    vendor.close()


def test_the_time_for_the_whole_answer_is_new_for_each_call_of_a_kept_connection(
    client: Callable[..., Client],
) -> None:
    vendor = Vendor()

    def thinks(peer: socket.socket) -> bool:
        time.sleep(0.3)
        return Vendor.answers(200, {"resourceId": "r"})(peer)

    vendor.then(thinks)
    asking = client(vendor.url)
    for _ in range(4):
        assert asking.acquire("room", 5).resource_id == "r"
    assert vendor.connections == 1
    vendor.close()


def test_a_small_answer_that_unpacks_to_a_flood_is_none(client: Callable[[str], Client]) -> None:
    packed = gzip.compress(b'{"resourceId": "' + b"x" * 50_000_000 + b'"}')
    assert len(packed) < 100_000
    vendor = Vendor()
    vendor.then(Vendor.answers(200, packed, headers="Content-Encoding: gzip\r\n"))
    assert client(vendor.url).acquire("room", 5).kind is Kind.TRANSIENT
    vendor.close()


def test_what_the_vendor_says_can_be_shown_and_kept_whatever_it_is() -> None:
    answer = read_answer(
        Step.STOP,
        200,
        json.loads(
            r'{"reason": "a\r\nb\u001b[31m\u2028\ud800\u202e", "sid": "s\n", "resourceId": "\ud800", '
            r'"serverResponse": {"status": 1e999, "uploadingStatus": "x\ny", "fileList": '
            r'[{"fileName": "f\u0000.mp4", "uid": "\u001b", "sliceStartTime": 1e300}, {"fileName": 5}, null]'
            r"}}"
        ),
    )
    assert (answer.sid, answer.resource_id, answer.status) == (None, None, None)
    assert answer.reason is not None
    assert answer.reason.isprintable()
    assert [file.name for file in answer.files] == ["f\N{REPLACEMENT CHARACTER}.mp4", "5"]
    assert [file.started_at for file in answer.files] == [None, None]
    assert answer.model_dump_json(exclude={"raw"})


def test_long_words_are_cut_and_long_ids_are_none() -> None:
    answer = read_answer(
        Step.START, 400, {"code": 2, "reason": "no " * 10_000, "sid": "s" * 10_000, "resourceId": "r" * 2_000}
    )
    assert len(answer.reason or "") <= 1024
    assert (answer.sid, len(answer.resource_id or "")) == (None, 2_000)


@pytest.mark.integration
def test_recordings_with_spoilt_answers_end_and_keep_no_healthy_one(make_house: Callable[..., House]) -> None:
    """Of each kind one class, whose every verb is answered so once or twice; a healthy one among them."""
    house = make_house(READ_TIMEOUT=1.0, STOP_TIMEOUT=2.0, APPS__DEFAULT__QPS=40)
    house.simulator.call("PUT", "/settings", {"qps": 40, "pcw": 1000})
    spoiler = Spoiler(house.simulator.base_url)
    house.env["RECORDER_APPS__DEFAULT__BASE_URL"] = spoiler.url
    house.worker(concurrency=16)
    house.worker("stopper", "recorder.stop")
    try:
        classes = {}
        for number, (name, act) in enumerate(SPOILT.items()):
            spoiler.spoil(f"spoilt-{number}", act, times=1 + number % 2)
            classes[name] = begin(house, f"spoilt-{number}", seconds=15, after=1.5 + number / 2)
        healthy = [begin(house, f"healthy-{number}", seconds=6, after=2 + 3 * number) for number in range(4)]
        for asked in healthy:
            assert_healthy(house, asked)
        for asked in classes.values():
            until(lambda asked=asked: not house.simulator.alive(asked.channel), 40, f"{asked.channel} to end")
            house.final(asked.session_id, timeout=60)
    finally:
        spoiler.close()
    for name, asked in classes.items():
        assert spoiler.spoilt(asked.channel) >= 3, name  # acquire, start, and what came after it
        for take in house.simulator.takes(asked.channel):
            assert take["ended_at"] - asked.end.timestamp() < 5 * LATE, (name, take)
    logs = "\n".join(process.output() for process in house.processes)
    assert "Traceback" not in logs
    assert "\x1b" not in logs
    assert not re.search(r"^\[2026-01-01\]", logs, re.MULTILINE)
    assert {blame.session_id for blame in house.wiring.store.poison.all()} == set()


def test_a_sound_answer_is_read_through_the_spoiler(spoiler: Spoiler, client: Callable[..., Client]) -> None:
    """The oracle's own line: what is not to be spoilt passes unharmed, whatever its status."""
    answer = client(spoiler.url, timeouts=Timeouts()).acquire("room", 5)
    assert answer.http_status == 401
    assert whole(b"{}").endswith(b"\r\n\r\n{}")
