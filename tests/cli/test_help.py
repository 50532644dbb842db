"""The command line teaches itself, quickly."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from recorder_tasks.cli import COMMANDS, main
from recorder_tasks.cli.schedule import COMMANDS as OF_SCHEDULES

HEAVY = ("celery", "redis", "requests", "starlette", "rich.live", "recorder_tasks.wiring")


def test_every_command_of_the_product_is_there_in_the_order_of_the_journey() -> None:
    wanted = (
        "record stop cancel extend update layout list show search diagnose orphans watch events schedule "
        "webhooks doctor demo up simulator"
    )
    assert list(COMMANDS) == [*wanted.split(), "worker", "beat", "web", "completion"]


@pytest.mark.parametrize("name", OF_SCHEDULES)
def test_each_command_of_schedules_says_what_it_is_for(name: str) -> None:
    answer = CliRunner().invoke(main, ["schedule", name, "--help"])
    assert answer.exit_code == 0
    usage, _, rest = answer.output.partition("\n\n")
    assert usage.startswith(f"Usage: main schedule {name}")
    assert rest.strip()


def test_the_first_help_names_every_command_and_every_exit_status() -> None:
    answer = CliRunner().invoke(main, ["--help"])
    assert answer.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in answer.output
    for status in range(6):
        assert f" {status}  " in answer.output


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "simulator"])
def test_each_command_says_what_it_is_for(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0
    usage, _, rest = answer.output.partition("\n\n")
    assert usage.startswith(f"Usage: main {name}")
    assert rest.strip()


@pytest.mark.parametrize("name", ["record", "update", "layout", "list", "events", "worker", "completion"])
def test_commands_with_choices_teach_by_example(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert f"recorder {name}" in answer.output


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom recorder_tasks.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"assert not [name for name in {HEAVY!r} if name in sys.modules]"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == ""
    assert done.returncode == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    answer = CliRunner().invoke(main, ["completion", shell])
    assert answer.exit_code == 0
    assert "_RECORDER_COMPLETE" in answer.output


def test_an_unknown_command_is_wrong_usage() -> None:
    assert CliRunner().invoke(main, ["recrod"]).exit_code == 2
