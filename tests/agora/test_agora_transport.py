"""Real sockets: what is repeated, what is known to have been sent, and when nothing may be written."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from recorder_tasks.agora import Client, Mode, Timeouts
from recorder_tasks.core.outcome import Kind

RESERVED = {"resourceId": "Jyv"}
Make = Callable[..., Client]


def test_a_reset_connection_is_tried_again_on_the_same_host(vendor: Any, client: Make) -> None:
    vendor.then(vendor.resets, vendor.answers(200, RESERVED, keep=False))
    answer = client(vendor.url).acquire("room", 5)
    assert (answer.kind, answer.resource_id, answer.attempts) == (Kind.ACCEPTED, "Jyv", 2)
    assert len(vendor.requests) == 2


def test_an_answer_that_breaks_off_is_no_answer(vendor: Any, client: Make) -> None:
    vendor.then(vendor.breaks_off, vendor.answers(200, RESERVED))
    assert client(vendor.url).acquire("room", 5).resource_id == "Jyv"


def test_when_every_attempt_loses_its_answer_the_outcome_is_unknown(vendor: Any, client: Make) -> None:
    vendor.then(vendor.resets)
    answer = client(vendor.url, attempts=3).query(Mode.MIX, "r", "s")
    assert (answer.kind, answer.attempts, len(vendor.requests)) == (Kind.UNKNOWN, 3, 3)


def test_one_attempt_means_one(vendor: Any, client: Make) -> None:
    vendor.then(vendor.resets)
    assert client(vendor.url, attempts=1).query(Mode.MIX, "r", "s").kind is Kind.UNKNOWN
    assert len(vendor.requests) == 1


def test_a_hanging_answer_is_given_up_and_unknown(vendor: Any, client: Make) -> None:
    vendor.then(vendor.hangs)
    impatient = client(vendor.url, attempts=1, timeouts=Timeouts(connect=2, read=0.05))
    answer = impatient.query(Mode.MIX, "r", "s")
    assert (answer.kind, answer.reason) == (Kind.UNKNOWN, "no answer in time")


def test_only_a_stop_that_waits_for_the_upload_has_the_longer_time_out(vendor: Any, client: Make) -> None:
    vendor.then(vendor.hangs)
    impatient = client(vendor.url, attempts=1, timeouts=Timeouts(connect=2, read=20, stop_read=0.05))
    assert impatient.stop(Mode.MIX, "r", "s", "room", 5).reason == "no answer in time"


def test_a_refused_connection_was_surely_not_sent(client: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = client(f"http://127.0.0.1:{port}", attempts=2).acquire("room", 5)
    assert (answer.kind, answer.reason, answer.attempts) == (Kind.NOT_SENT, "no connection could be made", 2)


def test_an_unknown_name_was_surely_not_sent_and_is_told_apart(client: Make) -> None:
    answer = client("http://nonexistent.invalid", attempts=1).acquire("room", 5)
    assert (answer.kind, answer.reason) == (Kind.NOT_SENT, "the host's name was not found")


def test_a_lost_attempt_followed_by_a_refused_one_stays_unknown(vendor: Any, client: Make) -> None:
    def resets_and_leaves(peer: socket.socket) -> bool:
        vendor.listener.shutdown(socket.SHUT_RDWR)
        vendor.listener.close()
        return bool(vendor.resets(peer))

    vendor.then(resets_and_leaves)
    answer = client(vendor.url, attempts=2).query(Mode.MIX, "r", "s")
    assert (answer.kind, answer.attempts) == (Kind.UNKNOWN, 2)


def test_an_error_answer_is_never_repeated(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(500, {"code": 500, "reason": "internal_error"}))
    assert client(vendor.url).acquire("room", 5).kind is Kind.TRANSIENT
    assert len(vendor.requests) == 1


def test_a_page_of_some_proxy_is_no_success(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, b"<html>sign in</html>"))
    answer = client(vendor.url).stop(Mode.MIX, "r", "s", "room", 5)
    assert (answer.kind, answer.http_status, answer.raw) == (Kind.UNKNOWN, 200, None)


def test_a_redirect_is_not_followed(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(302, {}, headers="Location: http://127.0.0.1:1/\r\n"))
    answer = client(vendor.url).query(Mode.MIX, "r", "s")
    assert (answer.kind, answer.http_status, len(vendor.requests)) == (Kind.PERMANENT, 302, 1)


def test_a_ban_whose_answer_is_lost_is_not_sent_twice(vendor: Any, client: Make) -> None:
    vendor.then(vendor.resets)
    assert client(vendor.url).ban("room", 5, seconds=60).kind is Kind.UNKNOWN
    assert len(vendor.requests) == 1


def test_connections_are_kept_and_a_closed_one_is_replaced_without_losing_an_answer(
    vendor: Any, client: Make
) -> None:
    vendor.then(
        vendor.answers(200, RESERVED),
        vendor.answers(200, RESERVED, keep=False),
        vendor.answers(200, RESERVED),
    )
    one = client(vendor.url, attempts=1)
    kinds = [one.acquire("room", 5).kind for _ in range(2)]
    assert vendor.connections == 1
    while one.acquire("room", 5).kind is not Kind.ACCEPTED:  # until the vendor's FIN has come
        pass
    assert kinds == [Kind.ACCEPTED, Kind.ACCEPTED]
    assert vendor.connections == 2


def test_a_proxy_of_the_environment_is_not_used(
    vendor: Any, client: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    vendor.then(vendor.answers(200, RESERVED))
    assert client(vendor.url, attempts=1).acquire("room", 5).kind is Kind.ACCEPTED


def test_many_threads_share_the_pool_and_each_gets_its_own_answer(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"serverResponse": {"status": 5}}))
    one = client(vendor.url, pool_size=8)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: one.query(Mode.MIX, "r", f"s{n}"), range(80)))
    assert {answer.status for answer in answers} == {5}
    paths = {request.path for request in vendor.requests}
    assert len(paths) == len(vendor.requests) == 80


# permits


def test_without_a_permit_nothing_is_sent(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, RESERVED))
    answer = client(vendor.url).acquire("room", 5, permit=lambda attempt: None)
    assert (answer.kind, answer.reason, answer.attempts) == (Kind.NOT_SENT, "no permit to send", 0)
    assert vendor.connections == 0


def test_each_attempt_asks_for_its_own_permit_and_its_absence_ends_the_call(
    vendor: Any, client: Make
) -> None:
    vendor.then(vendor.resets)
    asked: list[int] = []

    def permit(attempt: int) -> float | None:
        asked.append(attempt)
        return math.inf if attempt < 2 else None

    answer = client(vendor.url).query(Mode.MIX, "r", "s", permit=permit)
    assert (asked, answer.kind, answer.attempts) == ([0, 1, 2], Kind.UNKNOWN, 2)
    assert len(vendor.requests) == 2


def test_a_permit_may_make_the_call_wait_for_its_turn(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, RESERVED))
    turn, waiting = threading.Event(), threading.Event()

    def permit(attempt: int) -> float:
        waiting.set()
        turn.wait(10)
        return math.inf

    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(client(vendor.url).acquire, "room", 5, permit=permit)
        waiting.wait(10)
        assert vendor.connections == 0
        turn.set()
        assert call.result().kind is Kind.ACCEPTED


def test_a_send_by_that_passed_while_connecting_writes_nothing(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, RESERVED))
    answer = client(vendor.url).acquire("room", 5, permit=lambda attempt: time.monotonic() - 0.001)
    assert (answer.kind, answer.attempts) == (Kind.NOT_SENT, 1)
    assert vendor.requests == []
    assert vendor.connected.wait(10)  # the connection was up when the clock was looked at


def test_a_send_by_is_judged_on_a_kept_connection_too(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, RESERVED))
    one = client(vendor.url)
    one.acquire("room", 5, permit=lambda attempt: time.monotonic() + 60)
    assert one.acquire("room", 5, permit=lambda attempt: time.monotonic() - 1).kind is Kind.NOT_SENT
    assert len(vendor.requests) == 1


def test_a_send_by_after_a_lost_attempt_leaves_the_outcome_unknown(vendor: Any, client: Make) -> None:
    vendor.then(vendor.resets)
    answer = client(vendor.url).query(
        Mode.MIX, "r", "s", permit=lambda attempt: time.monotonic() + (60 if attempt == 0 else -1)
    )
    assert (answer.kind, len(vendor.requests)) == (Kind.UNKNOWN, 1)


def test_a_closed_client_sends_nothing_more(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, RESERVED))
    one = client(vendor.url)
    one.close()
    assert one.acquire("room", 5).kind is Kind.NOT_SENT


# the order of hosts, through an adapter of the test's


class Hosts(BaseAdapter):
    """Answers as the one host that works; for all others, fails as it was told to."""

    def __init__(self, working: str, error: Exception) -> None:
        super().__init__()
        self.working, self.error, self.asked = working, error, list[str]()

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        host = request.url.split("/")[2]
        self.asked.append(host)
        if host != self.working:
            raise self.error
        response = requests.Response()
        response.status_code, response._content = 200, b'{"resourceId": "Jyv"}'
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def session() -> Any:
    with requests.Session() as one:
        yield one


def test_a_call_walks_to_the_host_that_works_and_the_next_begins_there(session: Any, client: Make) -> None:
    hosts = Hosts("api-us-east-1.agora.io", requests.ConnectionError("reset"))
    session.mount("https://", hosts)
    one = client(http=session)
    assert one.acquire("room", 5).host == "api-us-east-1.agora.io"
    assert one.acquire("room", 5).attempts == 1
    west = "api-us-west-1.agora.io"
    assert hosts.asked == [west, west, "api-us-east-1.agora.io", "api-us-east-1.agora.io"]


def test_through_a_foreign_adapter_only_a_connection_that_was_never_made_counts_as_not_sent(
    session: Any, client: Make
) -> None:
    session.mount("https://", Hosts("", requests.ConnectTimeout("slow")))
    assert client(http=session, attempts=2).acquire("room", 5).kind is Kind.NOT_SENT
    session.mount("https://", Hosts("", requests.ConnectionError("reset")))
    assert client(http=session, attempts=2).acquire("room", 5).kind is Kind.UNKNOWN
