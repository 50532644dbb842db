"""recorder webhooks, and what the doctor says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result

from recorder_tasks.cli import webhook_state
from recorder_tasks.settings import WebhookSettings, load
from recorder_tasks.store import Event
from recorder_tasks.wiring import Wiring
from tests.webhooks.conftest import deliver_all
from tests.webhooks.receiver import SECRET, Receiver, Reply

Run = Callable[..., Result]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    built = Receiver()
    yield built
    built.close()


@pytest.fixture
def parts(
    deployment: Wiring, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> Iterator[Wiring]:
    """The deployment with one subscription, which has begun."""
    monkeypatch.setenv("RECORDER_WEBHOOKS__OFFICE__URL", receiver.url)
    monkeypatch.setenv("RECORDER_WEBHOOKS__OFFICE__SECRET", SECRET)
    load.cache_clear()
    built = Wiring(load())
    built.webhooks.outbox.move()
    yield built
    built.close()


def dead(parts: Wiring, receiver: Receiver, count: int = 1) -> list[str]:
    """Letters that a receiver wanted nothing of, the newest first."""
    receiver.answer = lambda got: Reply(410)
    for _ in range(count):
        parts.store.events.append(None, Event("session.failed", {}))
    parts.webhooks.outbox.move()
    deliver_all(parts.webhooks)
    receiver.answer = lambda got: Reply(200)
    return [letter.id for letter in parts.webhooks.dead().letters]


def test_without_webhooks_the_list_says_how_to_have_some(run: Run) -> None:
    assert "RECORDER_WEBHOOKS__OFFICE__URL" in run("webhooks", "list").output


def test_the_list_says_how_each_fares(
    parts: Wiring, receiver: Receiver, run: Run, read: Callable[..., Any]
) -> None:
    assert "nothing sent yet" in run("webhooks", "list").output
    dead(parts, receiver, 2)
    said = run("webhooks", "list").output
    assert "failing since" in said
    assert "answered 410" in said
    assert "path-that-is-a-secret" not in said
    (one,) = read("webhooks", "list")["subscriptions"]
    assert (one["name"], one["dead"], one["waiting"]) == ("office", 2, 0)


def test_dead_letters_are_listed_sent_again_and_dropped(
    parts: Wiring, receiver: Receiver, run: Run, read: Callable[..., Any]
) -> None:
    assert run("webhooks", "dead").output.strip() == "no dead letters"
    newest, older, oldest = dead(parts, receiver, 3)
    page = read("webhooks", "dead", "--limit", "2")
    assert [letter["id"] for letter in page["letters"]] == [newest, older]
    assert oldest in run("webhooks", "dead", "--cursor", page["cursor"]).output
    assert run("webhooks", "resend", newest).output.strip() == "1 due again"
    assert run("webhooks", "drop", older).output.strip() == "1 dropped"
    assert read("webhooks", "resend", "--all", "office") == {"count": 1}
    deliver_all(parts.webhooks)
    assert sorted(set(receiver.ids[3:])) == sorted([newest, oldest])


@pytest.mark.parametrize("what", [["resend"], ["drop", "msg_1", "--all", "office"]])
def test_either_ids_or_all_of_one(parts: Wiring, run: Run, what: list[str]) -> None:
    answer = run("webhooks", *what)
    assert answer.exit_code == 2
    assert "or --all NAME" in answer.stderr


@pytest.mark.parametrize("what", [["test", "hall"], ["dead", "-s", "hall"], ["drop", "msg_1"]])
def test_what_is_not_there_has_its_exit_status(parts: Wiring, run: Run, what: list[str]) -> None:
    assert run("webhooks", *what).exit_code == 3


def test_a_test_says_whether_it_was_received(parts: Wiring, receiver: Receiver, run: Run) -> None:
    answer = run("webhooks", "test", "office")
    assert answer.exit_code == 0
    assert "received: answered 204" in answer.output
    receiver.answer = lambda got: Reply(500)
    answer = run("webhooks", "test", "office")
    assert answer.exit_code == 1
    assert "not received: answered 500" in answer.stderr


def test_a_secret_is_one_that_the_settings_take(run: Run) -> None:
    secret = run("webhooks", "secret").output.strip()
    assert WebhookSettings(url="https://example.org/", secret=secret).secrets == (secret,)


def said(parts: Wiring) -> list[tuple[str, str]]:
    return [(each.level, each.says) for each in webhook_state.webhooks(parts)]


def test_the_doctor_looks_at_each_subscription(parts: Wiring, deployment: Wiring, receiver: Receiver) -> None:
    assert said(parts) == [("ok", "1 subscription: office")]
    dead(parts, receiver)
    assert said(parts) == [("warn", "office has 1 dead letter")]
    parts.store.clock.set_test(offset=301)
    failing, _ = said(parts)
    assert failing[0] == "warn"
    assert "has received nothing since" in failing[1]
    assert failing[1].endswith(": answered 410")
    assert [level for level, _ in said(deployment)] == ["warn"]
    assert "is not configured here, and has 0 waiting and 1 dead deliveries" in said(deployment)[0][1]


def test_the_doctor_misses_a_worker_that_knows_a_subscription(parts: Wiring) -> None:
    parts.store.workers.beat("worker@one", {"lanes": ["start"], "webhooks": []})
    assert said(parts) == [("warn", "no worker knows office: nothing is sent")]
    parts.store.workers.beat("worker@two", {"lanes": ["start"], "webhooks": ["office"]})
    assert said(parts) == [("ok", "1 subscription: office")]


def test_a_worker_for_notifications_alone_needs_some(run: Run) -> None:
    answer = run("worker", "--notify")
    assert answer.exit_code == 2
    assert "no webhooks are configured" in answer.stderr
    assert run("worker", "--stop", "--notify").exit_code == 2
