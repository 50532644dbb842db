"""docs/simulator.md is true: every setting is there with its default, and its commands have their effect."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from recorder_tasks.simulator.admin import PREFIX
from recorder_tasks.simulator.settings import DEFAULTS
from tests.simulator.server import Simulator

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|", re.MULTILINE)
ADMIN = re.compile(
    r"^curl -s (?:-X (\w+) )?'?http://127\.0\.0\.1:8900/_simulator(/[^\s']+)'?(?: -d '(.*)')?", re.M
)


def test_every_setting_is_listed_with_its_default() -> None:
    tables = PAGE[PAGE.index("## Settings") :]
    listed = {name: value.strip() for name, value in ROW.findall(tables)}
    shown = json.loads(json.dumps(DEFAULTS.as_json()))
    assert set(listed) == set(shown)
    for name, value in shown.items():
        told = listed[name] if isinstance(value, str) else json.loads(listed[name])
        assert told == value, name


def commands() -> list[tuple[str, str, str]]:
    return [(verb or ("POST" if body else "GET"), path, body) for verb, path, body in ADMIN.findall(PAGE)]


@pytest.mark.parametrize(("method", "path", "body"), commands())
def test_every_command_of_the_page_is_taken(simulator: Simulator, method: str, path: str, body: str) -> None:
    path = path.replace("$APP", simulator.app["app_id"])
    status, answer = simulator.send(method, simulator.admin_url + path, json.loads(body) if body else None)
    if path.startswith("/takes/"):
        assert (status, answer) == (404, {"error": "no live take in math-7b"})
    else:
        assert status in (200, 201), answer


def test_the_page_names_every_kind_of_admin_call(simulator: Simulator) -> None:
    kinds = {path.split("?")[0].split("/")[1] for _, path, _ in commands()} | {"health", "reset"}
    assert simulator.admin_url.endswith(PREFIX)
    told = {"app", "apps", "health", "ledger", "requests", "faults", "channels", "takes", "settings"}
    assert kinds == told | {"clock", "reset", "callbacks", "outage"}
