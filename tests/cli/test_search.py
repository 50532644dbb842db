from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import Result

Run = Callable[..., Result]


def test_search_shows_what_was_found_and_why(run: Run, read: Callable[..., Any]) -> None:
    recording = read("record", "math-7b", "--minutes", "5", "--label", "room=7")
    (hit,) = read("search", "math")["hits"]
    assert (hit["by"], hit["name"]) == ("channel", "math-7b")
    assert hit["recording"]["session_id"] == recording["session_id"]
    shown = run("search", "room=7").stdout
    assert recording["session_id"] in shown
    assert "label room=7" in shown
    assert "there are more" not in shown


def test_search_says_what_it_takes_when_it_finds_nothing(run: Run) -> None:
    answer = run("search", "nobody's")
    assert answer.exit_code == 0
    assert """nothing is called "nobody's", or begins so""" in answer.stdout
    assert run("search", " ").exit_code == 2


def test_search_says_that_there_are_more(run: Run, read: Callable[..., Any]) -> None:
    for _ in range(2):
        read("record", "math", "--minutes", "5")
    assert "there are more" in run("search", "math", "--limit", "1").stdout
