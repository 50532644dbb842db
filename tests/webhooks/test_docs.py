"""docs/webhooks.md: its example verifies what we send, and its table is the one that is kept."""

from __future__ import annotations

import json
import re
import shlex
import time
from pathlib import Path
from typing import Any

import click
import pytest

from recorder_tasks.cli import main
from recorder_tasks.flow.outbox import MOST_WAITING
from recorder_tasks.flow.retries import GAPS
from recorder_tasks.outgoing import new_secret, signed
from recorder_tasks.settings import WebhookSettings
from recorder_tasks.settings.webhook import WEBHOOK_EVENTS
from recorder_tasks.store.events import CAP
from recorder_tasks.store.webhooks import MOST_DEAD
from tests.webhooks.receiver import SECRET

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
UNITS = {"s": 1, "min": 60, "h": 3600}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.S)


@pytest.fixture
def verified() -> Any:
    (text,) = blocks("python")
    found: dict[str, Any] = {}
    exec(compile(text, "docs/webhooks.md", "exec"), found)
    return found["verified"]


def test_the_example_takes_what_we_send_and_nothing_else(verified: Any) -> None:
    now, body = int(time.time()), b'{"type":"session.completed"}'
    headers = signed("msg_1", now, body, [SECRET])
    assert verified(SECRET, headers, body)
    assert not verified(new_secret(), headers, body)
    assert not verified(SECRET, headers, body + b" ")
    assert not verified(SECRET, {**headers, "webhook-id": "msg_2"}, body)
    assert not verified(SECRET, {**headers, "webhook-timestamp": str(now + 1)}, body)
    assert not verified(SECRET, {**headers, "webhook-signature": "v1,ü"}, body)
    assert not verified(SECRET, {}, body)
    assert not verified(SECRET, signed("msg_1", now - 301, body, [SECRET]), body)


def test_a_receiver_knows_either_secret_while_it_is_changed(verified: Any) -> None:
    fresh = new_secret()
    headers = signed("msg_1", int(time.time()), b"{}", [fresh, SECRET])
    assert verified(SECRET, headers, b"{}")
    assert verified(fresh, headers, b"{}")


def test_the_table_of_attempts_is_kept() -> None:
    (row,) = re.findall(r"^\| after \|(.*)\|$", PAGE, flags=re.M)
    first, *gaps, _ = (cell.strip() for cell in row.split("|"))
    assert first == "at once"
    assert [float(gap.split()[0]) * UNITS[gap.split()[1]] for gap in gaps] == list(GAPS)


def test_every_event_and_every_setting_is_on_the_page() -> None:
    assert not [name for name in WEBHOOK_EVENTS if f"`{name}`" not in PAGE]
    assert not [name for name in WebhookSettings.model_fields if f"`{name.upper()}`" not in PAGE]


def test_the_limits_are_those_of_the_code() -> None:
    for number in (MOST_WAITING, MOST_DEAD, CAP):
        assert f"{number:,}" in PAGE


def test_the_example_of_a_body_has_the_members_of_one() -> None:
    (text,) = blocks("json")
    from recorder_tasks.flow.webhook_body import body
    from recorder_tasks.store import StoredEvent
    from tests.core.factories import CADENCE, a_session

    shown = json.loads(text)
    real = json.loads(body(StoredEvent("1-0", "session.completed", "r-1", 1.0, {}), a_session(), CADENCE))
    assert shown.keys() == real.keys()
    assert shown["data"].keys() == real["data"].keys()
    assert shown["data"]["recording"].keys() == real["data"]["recording"].keys()


def _commands() -> list[list[str]]:
    lines = (line for text in blocks("console") for line in text.splitlines())
    return [shlex.split(line.removeprefix("$ recorder ")) for line in lines if line.startswith("$ recorder ")]


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_a_command_of_the_page_is_one_that_there_is(words: list[str]) -> None:
    group: click.Command = main
    context = click.Context(main)
    while isinstance(group, click.Group):
        found = group.get_command(context, words[0])
        assert found is not None, words
        group, words = found, words[1:]
    options = {name for parameter in group.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
