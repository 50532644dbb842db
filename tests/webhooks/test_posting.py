"""One attempt: what is sent, what counts as received, and why there was no answer."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Thread

import pytest

from recorder_tasks.outgoing import Answer, post
from tests.webhooks.receiver import Receiver, Reply

HEADERS = {"webhook-id": "msg_1"}


def send(url: str, timeout: float = 5.0) -> Answer:
    return post(url, b'{"type":"webhook.test"}', HEADERS, timeout=timeout)


def test_the_body_goes_out_byte_for_byte_as_json(receiver: Receiver) -> None:
    answer = send(receiver.url)
    assert (answer.received, answer.status) == (True, 204)
    (got,) = receiver.got
    assert got.body == b'{"type":"webhook.test"}'
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("recorder-tasks/")
    assert got.headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, None),
        (299, None),
        (301, "answered 301: redirects are not followed, correct the URL"),
        (404, "answered 404"),
        (410, "answered 410"),
        (500, "answered 500"),
    ],
)
def test_only_2xx_is_received(receiver: Receiver, status: int, error: str | None) -> None:
    receiver.answer = lambda got: Reply(status, {"Location": "/elsewhere"})
    answer = send(receiver.url)
    assert (answer.status, answer.error, answer.gone) == (status, error, status == 410)
    assert len(receiver.got) == 1


def test_a_receiver_says_how_long_to_wait_in_seconds_or_by_a_date(receiver: Receiver) -> None:
    receiver.answer = lambda got: Reply(503, {"Retry-After": "120"})
    assert send(receiver.url).retry_after == 120
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    receiver.answer = lambda got: Reply(503, {"Retry-After": at})
    assert 85 < (send(receiver.url).retry_after or 0) <= 90
    receiver.answer = lambda got: Reply(503, {"Retry-After": "soon"})
    assert send(receiver.url).retry_after is None


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answer = send(f"http://127.0.0.1:{port}/secret")
    assert (answer.status, answer.error) == (None, "it refused the connection")


def test_no_answer_within_the_time_out(receiver: Receiver) -> None:
    receiver.gate.clear()
    assert send(receiver.url, 0.2).error == "did not answer within 0.2 s"


@contextmanager
def one_who(say: list[bytes]) -> Iterator[str]:
    """A server of one connection that says these bytes, one a little after the other."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                for piece in say:
                    time.sleep(0.05)
                    try:
                        connection.sendall(piece)
                    except OSError:
                        return

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/secret"
        thread.join(5)


def test_one_who_answers_byte_by_byte_has_no_more_time_than_others() -> None:
    with one_who([b"HTTP/1.1 200 OK\r\n", *([b"X: y\r\n"] * 80)]) as url:
        answer = send(url, 0.5)
    assert (answer.status, answer.error) == (None, "did not answer within 0.5 s")


def test_the_body_of_an_answer_is_not_waited_for() -> None:
    with one_who([b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", *([b"."] * 900)]) as url:
        assert send(url).received


@pytest.mark.parametrize("said", [[], [b"hello\r\n\r\n"], [b"HTTP/1.1 200 OK\r\nX"]])
def test_what_is_no_answer_is_told_without_the_url(said: list[bytes]) -> None:
    with one_who(said) as url:
        answer = send(url)
    if answer.status is None:
        assert answer.error is not None
        assert "secret" not in answer.error
        assert "127.0.0.1" not in answer.error


def test_no_certificate_no_name() -> None:
    with one_who([b"no TLS"]) as url:
        said = send(url.replace("http://", "https://")).error
    assert said == "its TLS certificate was not accepted, or it speaks no TLS"
    assert send("http://no-such-host.invalid/secret").error == "its host name could not be resolved"


def test_a_login_of_this_host_goes_to_nobody(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    os.chmod(netrc, 0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    send(receiver.url)
    assert "authorization" not in receiver.got[0].headers
