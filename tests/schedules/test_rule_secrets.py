"""A schedule is kept in the clear, so it takes no secret, wherever and however it is spelt."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schedules.rule import Rule


@pytest.mark.parametrize(
    "recording",
    [
        {"token": "x"},
        {"recipe": {"storageConfig": {"accessKey": "x"}}},
        {"recipe": {"services": [{"secret_key": "x"}]}},
        {"recipe": {"STS-Token": "x"}},
    ],
)
def test_a_secret_is_refused_and_not_repeated(recording: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Rule(name="a", channel="a", timezone="UTC", slots="daily 09:00-09:50", recording=recording)  # type: ignore[arg-type]
    assert "is a secret, and a schedule is kept in the clear" in str(refused.value.errors()[0]["msg"])


def test_what_is_no_secret_is_passed_through() -> None:
    recording = {"mode": "mix", "recipe": {"recordingConfig": {"streamTypes": 0}}}
    rule = Rule(name="a", channel="a", timezone="UTC", slots="daily 09:00-09:50", recording=recording)  # type: ignore[arg-type]
    assert rule.recording == recording
