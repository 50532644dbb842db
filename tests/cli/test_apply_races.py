"""What somebody has agreed to is what is applied, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from recorder_tasks.cli.schedule import changing
from recorder_tasks.wiring import Wiring

Run = Callable[..., Result]


def test_nothing_is_pruned_that_came_while_the_question_stood(
    run: Run, deployment: Wiring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def somebody_adds_one(*_: object, **__: object) -> bool:
        deployment.timetable.add("precious", timezone="UTC", slots="tue 09:00-10:00")
        return True

    (tmp_path / "t.yaml").write_text("timezone: UTC\nschedules:\n  math: {slots: mon 09:00-10:00}\n")
    monkeypatch.setattr(changing, "at_terminal", lambda: True)
    monkeypatch.setattr(click, "confirm", somebody_adds_one)
    refused = run("schedule", "apply", "t.yaml", "--prune")
    assert refused.exit_code == 1
    assert refused.stderr.endswith("schedules: somebody else has changed them meanwhile; look again\n")
    assert list(deployment.timetable.all()) == ["precious"]
