"""What Python and the command line can do, the API can; and its description is what is committed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import recorder_tasks
from recorder_tasks.cli import main
from recorder_tasks.web.api import openapi
from recorder_tasks.web.api.describing import all_kinds
from schedules.schedules import Schedules

ROOT = Path(__file__).parents[3]
DESCRIPTION = ROOT / "docs" / "openapi.json"
HERE = "it is about this host or this process, not about the deployment"
LOCAL = "it works on a file of the caller's and asks the deployment nothing"

PYTHON: dict[str, str] = {
    "attach": HERE,
    "cancel": "POST /recordings/{session_id}/cancel",
    "diagnose": "GET /recordings/{session_id}/diagnosis",
    "events": "GET /events",
    "extend": "POST /recordings/{session_id}/extend",
    "find": "GET /recordings",
    "get": "GET /recordings/{session_id}",
    "notice": "the vendor's callbacks come to /agora/notifications/APP",
    "orphans": "GET /orphans",
    "record": "POST /recordings",
    "schedules": "GET /schedules",
    "search": "GET /search",
    "stop": "POST /recordings/{session_id}/stop",
    "update": "POST /recordings/{session_id}/update",
    "update_layout": "POST /recordings/{session_id}/layout",
    "wait": "GET /recordings/{session_id}",  # ?wait=
}
SCHEDULES: dict[str, str] = {
    "add": "PUT /schedules/{name}",
    "all": "GET /schedules",
    "apply": "POST /timetable",
    "connect": HERE,
    "difference": "POST /timetable",  # dry_run
    "export": "GET /timetable",
    "get": "GET /schedules/{name}",
    "judge": "PUT /schedules/{name}",
    "next": "GET /schedules/{name}/occurrences",
    "pause": "POST /schedules/{name}/pause",
    "put": "PUT /schedules/{name}",
    "remove": "DELETE /schedules/{name}",
    "resume": "POST /schedules/{name}/resume",
    "run_now": "POST /schedules/{name}/run",
    "set_calendar": "POST /timetable",
    "skip": "POST /schedules/{name}/skip",
    "soonest": "GET /timetable/occurrences",
    "unskip": "POST /schedules/{name}/unskip",
    "upcoming": "GET /timetable/occurrences",
}
COMMANDS: dict[str, str] = {
    "record": "POST /recordings",
    "stop": "POST /recordings/{session_id}/stop",
    "cancel": "POST /recordings/{session_id}/cancel",
    "extend": "POST /recordings/{session_id}/extend",
    "update": "POST /recordings/{session_id}/update",
    "layout": "POST /recordings/{session_id}/layout",
    "list": "GET /recordings",
    "show": "GET /recordings/{session_id}",
    "search": "GET /search",
    "diagnose": "GET /recordings/{session_id}/diagnosis",
    "orphans": "GET /orphans",
    "watch": "GET /recordings/{session_id}/events",
    "events": "GET /events",
    "webhooks list": "GET /webhooks",
    "webhooks dead": "GET /letters",
    "webhooks resend": "POST /letters/{letter_id}/resend",
    "webhooks drop": "DELETE /letters/{letter_id}",
    "webhooks test": "POST /webhooks/{name}/test",
    "webhooks secret": HERE,
    "schedule add": "PUT /schedules/{name}",
    "schedule apply": "POST /timetable",
    "schedule export": "GET /timetable",
    "schedule schema": "GET /timetable/schema",
    "schedule list": "GET /schedules",
    "schedule show": "GET /schedules/{name}",
    "schedule next": "GET /timetable/occurrences",
    "schedule history": "GET /schedules/{name}/history",
    "schedule preview": "GET /timetable/weeks",
    "schedule forecast": "GET /timetable/forecast",
    "schedule rehearse": LOCAL,
    "schedule pause": "POST /schedules/{name}/pause",
    "schedule resume": "POST /schedules/{name}/resume",
    "schedule skip": "POST /schedules/{name}/skip",
    "schedule unskip": "POST /schedules/{name}/unskip",
    "schedule run-now": "POST /schedules/{name}/run",
    "schedule remove": "DELETE /schedules/{name}",
    "schedule import-ics": "POST /timetable/calendar",
    "schedule export-ics": "GET /timetable/calendar",
    "doctor": HERE,
    "demo": HERE,
    "up": HERE,
    "simulator": HERE,
    "worker": HERE,
    "beat": HERE,
    "web": HERE,
    "completion": HERE,
}


def routes() -> set[str]:
    return {f"{method.upper()} {path}" for path, ways in openapi()["paths"].items() for method in ways}


def commands(group: click.Command, prefix: str = "") -> Iterator[str]:
    if not isinstance(group, click.Group):
        yield prefix.strip()
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from commands(command, f"{prefix} {name}")


@pytest.mark.parametrize(
    ("there", "table"),
    [
        (set(recorder_tasks.__all__), PYTHON),
        ({name for name in vars(Schedules) if not name.startswith("_")}, SCHEDULES),
        (set(commands(main)), COMMANDS),
    ],
    ids=["python", "schedules", "command line"],
)
def test_whatever_else_can_do_it_the_api_can(there: set[str], table: dict[str, str]) -> None:
    assert there == set(table)
    named = {route for route in table.values() if re.match(r"[A-Z]+ /", route)}
    assert named <= routes()


def test_the_committed_description_is_that_of_this_version() -> None:
    assert json.loads(DESCRIPTION.read_text()) == json.loads(json.dumps(openapi())), (
        "run: recorder web --openapi > docs/openapi.json"
    )


def test_the_description_is_printed_without_a_deployment() -> None:
    answer = CliRunner().invoke(main, ["web", "--openapi"])
    assert (answer.exit_code, json.loads(answer.stdout)) == (0, json.loads(DESCRIPTION.read_text()))


def test_the_description_is_whole() -> None:
    told = openapi()
    assert told["openapi"].startswith("3.1")
    assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, ways in told["paths"].items():
        for method, operation in ways.items():
            where = f"{method} {path}"
            assert operation["description"], where
            assert {"401", "403", "422", "503"} <= set(operation["responses"]), where
            for body in operation.get("requestBody", {}).get("content", {}).values():
                assert body["examples"], where
            good = [answer for status, answer in operation["responses"].items() if status[0] == "2"]
            assert good, where
            if method != "get":
                names = [one["name"] for one in operation["parameters"]]
                assert "Idempotency-Key" in names, where
    unresolved = set(re.findall(r'"#/components/(\w+)/(\w+)"', json.dumps(told)))
    for kind, name in unresolved:
        assert name in told["components"][kind]


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    for path, ways in openapi()["paths"].items():
        for method, operation in ways.items():
            contents = [operation.get("requestBody", {})]
            contents += [answer for answer in operation["responses"].values() if "content" in answer]
            for content in contents:
                for media in content.get("content", {}).values():
                    for name, example in media.get("examples", {}).items():
                        yield f"{method} {path} {name}", media["schema"], example["value"]


def test_every_example_is_what_its_schema_says() -> None:
    import jsonschema_rs

    components = openapi()["components"]
    count = 0
    for where, schema, value in examples():
        whole = {**schema, "components": components}
        validator = jsonschema_rs.Draft202012Validator(whole)
        assert validator.is_valid(value), (where, [str(error) for error in validator.iter_errors(value)])
        count += 1
    assert count > 50


def test_every_kind_of_problem_is_explained() -> None:
    page = (ROOT / "docs" / "http-api.md").read_text()
    for kind in all_kinds():
        assert f"`/problems/{kind.slug}`" in page, kind
