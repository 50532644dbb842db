"""Each example of docs/schedules.md is what it says: files are read, Python runs, commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from recorder_tasks.cli import main
from schedules.rule import Rule
from schedules.timetable import read_text

PAGE = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.S)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_a_yaml_example_is_a_timetable(text: str) -> None:
    assert read_text(text, "page.yaml", "yaml").rules


def test_the_csv_example_is_a_timetable() -> None:
    (text,) = blocks("csv")
    (rule,) = read_text(text, "page.csv", "csv").rules.values()
    assert len(rule.weekly()) == 4


@pytest.mark.usefixtures("deployment")
def test_the_python_example_runs() -> None:
    (text,) = blocks("python")
    exec(compile(text, "docs/schedules.md", "exec"), {})


def _commands() -> list[list[str]]:
    lines = (line for text in blocks("console") for line in text.splitlines())
    lines = (line for line in lines if line.startswith("$ recorder "))
    return [shlex.split(line.removeprefix("$ recorder "), comments=True) for line in lines]


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_a_command_of_the_page_is_one_that_there_is(words: list[str]) -> None:
    group: click.Command = main
    context = click.Context(main)
    while isinstance(group, click.Group):
        found = group.get_command(context, words[0])
        assert found is not None, words
        group, words = found, words[1:]
    options = {name for parameter in group.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} - {"--help"} <= options


@pytest.mark.parametrize("member", sorted(Rule.model_fields))
def test_every_member_of_a_rule_is_on_the_page(member: str) -> None:
    assert f"`{member}`" in PAGE or f"{member}:" in PAGE
