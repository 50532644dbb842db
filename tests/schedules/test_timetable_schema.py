"""The JSON Schema for editors knows every member, explains it, and accepts what reading accepts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from schedules.faults import Faults
from schedules.rule import Rule, seconds
from schedules.schema import DESCRIPTIONS, json_schema
from schedules.timetable import read_text
from schedules.yaml_lines import read_yaml

SCHEMA = json_schema()
EXAMPLES = [
    """\
timezone: Europe/Berlin
calendars:
  holidays: [2027-04-05..2027-04-16, 2027-05-01]
defaults:
  lead: 2m
  exceptions: [holidays]
  labels: {school: north}
schedules:
  math-7b:
    channel: math-{date}
    slots: mon wed fri 09:00-09:50
    recording: {mode: mix}
    labels: {room: 7}
    late: ~
""",
    "timezone: UTC\nschedules:\n- {name: a, cron: '@daily', duration: 3000, overlap: skip, enabled: false}\n",
    "calendars: {easter: 2027-03-28}\n",
    "schedules: {}\n",
    "timezone: UTC\nschedules: {a: {dates: [2027-03-08 09:00-09:50], first: 2027-03-08, priority: -5}}\n",
]
REFUSED = [
    "timezone: UTC\n",
    "schedules: {}\ncalender: {}\n",
    "schedules: {A 1: {slots: mon}}\n",
    "schedules: {a: {slot: mon}}\n",
    "schedules: {a: {priority: 200}}\n",
    "schedules: {a: {lead: soon}}\n",
    "schedules: {a: {lead: 3601}}\n",
    "schedules: {a: {duration: 0}}\n",
    "schedules: {a: {overlap: never}}\n",
    "schedules: {a: {slots: {mon: 9}}}\n",
    "schedules: {a: {enabled: maybe}}\n",
    "schedules: {a: {labels: {room: [7]}}}\n",
    "schedules: [{slots: mon}]\n",
    "defaults: {slots: mon}\nschedules: {}\n",
]
KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),),
    "integer": (int,), "number": (int, float),
}  # fmt: skip
KNOWN = {
    "$schema", "$ref", "$defs", "title", "description", "type", "properties", "additionalProperties",
    "required", "propertyNames", "maxProperties", "items", "anyOf", "enum", "pattern", "minimum", "maximum",
    "minLength", "maxLength", "format",
}  # fmt: skip


def accepts(schema: Any, value: Any) -> bool:
    """Draft 2020-12, as far as our schema uses it."""
    if isinstance(schema, bool):
        return schema
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        return accepts(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], value)
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    return (
        (not kinds or any(_is(kind, value) for kind in kinds))
        and ("enum" not in schema or value in schema["enum"])
        and ("anyOf" not in schema or any(accepts(choice, value) for choice in schema["anyOf"]))
        and (not isinstance(value, str) or _text(schema, value))
        and (
            not _is("integer", value) or schema.get("minimum", value) <= value <= schema.get("maximum", value)
        )
        and (not isinstance(value, list) or all(accepts(schema.get("items", True), one) for one in value))
        and (not isinstance(value, dict) or _object(schema, value))
    )


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _text(schema: dict[str, Any], value: str) -> bool:
    sized = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    return sized and re.search(schema.get("pattern", ""), value) is not None


def _object(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    return (
        set(schema.get("required", [])) <= value.keys()
        and len(value) <= schema.get("maxProperties", len(value))
        and all(accepts(schema.get("propertyNames", True), name) for name in value)
        and all(accepts(known.get(name, others), inner) for name, inner in value.items())
    )


def as_an_editor_sees(text: str) -> Any:
    item = read_yaml(text, Faults("school.yaml"))
    assert item is not None
    return item.typed()


def test_the_schema_is_plain_json_of_draft_2020_12() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_member_of_a_rule_is_there_and_explained() -> None:
    members = SCHEMA["$defs"]["schedule"]["properties"]
    assert members.keys() == {*Rule.model_fields, "ical_file"} == DESCRIPTIONS.keys()
    assert all(member["description"] for member in members.values())


def test_a_default_can_be_anything_but_a_name_and_a_source() -> None:
    known = SCHEMA["$defs"]["defaults"]["properties"].keys()
    assert Rule.model_fields.keys() - known == {"name", "cron", "slots", "dates", "ical"}


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_reading_accepts_the_schema_accepts(text: str) -> None:
    assert read_text(text, "school.yaml", "yaml")
    assert accepts(SCHEMA, as_an_editor_sees(text))


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_plainly_wrong_the_schema_refuses(text: str) -> None:
    assert not accepts(SCHEMA, as_an_editor_sees(text))


@pytest.mark.parametrize("text", ["50m", "1h30m", "1h 30m", "90s", "90", "2min", " 5m "])
def test_durations_that_rules_read_match_the_schema(text: str) -> None:
    assert isinstance(seconds(text), int)
    assert accepts(SCHEMA["$defs"]["schedule"]["properties"]["late"], text)


@pytest.mark.parametrize("text", ["", "m", "1d", "1h30", "-5", "1.5h"])
def test_durations_that_rules_refuse_do_not_match(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        seconds(text)
    assert not accepts(SCHEMA["$defs"]["schedule"]["properties"]["late"], text)
