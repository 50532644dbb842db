"""The doctor says whether the vendor's callbacks arrive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder_tasks.cli.callback_state import callbacks
from recorder_tasks.store import Came
from recorder_tasks.wiring import Wiring
from tests.flow.engine import APP_ID, some_settings


@pytest.fixture
def parts(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Wiring]:
    app = {"app_id": APP_ID, "key": "k", "secret": "s"}
    apps = {"default": {**app, "notification_secret": "hush"}, "silent": app}
    built = Wiring(some_settings(namespace, tmp_path, redis_url=redis_url, apps=apps))
    yield built
    built.close()


def said(parts: Wiring) -> list[tuple[str, str]]:
    return [(finding.level, finding.says) for finding in callbacks(parts)]


def test_a_secret_without_callbacks_is_worth_a_word(parts: Wiring) -> None:
    assert said(parts) == [("warn", "app default has a secret for them, and none has come yet")]


def test_the_last_one_is_told_with_what_came(parts: Wiring) -> None:
    parts.store.clock.freeze(1_800_000_000.0)
    parts.store.callbacks.note("default", Came.TAKEN, name="n1", session="r-1")
    parts.store.callbacks.note("default", Came.DOUBLED)
    parts.store.clock.freeze(1_800_000_180.0)
    ((level, says),) = said(parts)
    assert level == "ok"
    assert says == "app default: the last came 3 min ago (1 taken, 1 doubled)"


def test_those_that_were_given_up_are_counted(parts: Wiring) -> None:
    parts.store.callbacks.note("default", Came.STRANGER, name="n1")
    parts.desk.dropped_notices("default", 7)
    assert said(parts)[1] == ("warn", "app default: 7 were given up")
