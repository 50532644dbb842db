"""The JSON Schema of a timetable file, for editors: members are completed, explained and checked at once.

Derived from :class:`.rule.Rule`, so that it cannot fall behind. It accepts all that :mod:`.timetable` reads;
what a text like ``mon 09:00-09:50`` means, only reading can judge.
"""

from __future__ import annotations

from typing import Any

from schedules.document import OWN
from schedules.rule import Rule
from schedules.sentences import is_duration, limits

DRAFT = "https://json-schema.org/draft/2020-12/schema"
DESCRIPTIONS = {
    "name": "Names the schedule: 1..63 of a-z 0-9 . _ -. Sessions of its occurrences carry it.",
    "channel": "Channel to record, at most 128 characters; may hold {name}, {date} (2027-03-08) and "
    "{time} (0900). Without it: the schedule's name.",
    "timezone": "IANA time zone, like Europe/Berlin, in which all dates and times are meant.",
    "cron": "Five fields (minute hour day month weekday) or a nickname like @daily; needs a duration. "
    "Quote it.",
    "slots": "Weekly slots: mon wed fri 09:00-09:50. Days mon..sun, mon-fri, weekdays, weekends, daily; "
    "without an end, duration counts.",
    "dates": "One-off dates: 2027-03-08 09:00-09:50.",
    "ical": "The text of an iCalendar series (VEVENT).",
    "ical_file": "Path of an .ics file, relative to the timetable; its text becomes ical.",
    "duration": "Length of an occurrence whose slot names no end.",
    "pad_before": "How much earlier than the class recording begins.",
    "pad_after": "How much later than the class recording ends.",
    "first": "First day of the schedule (2027-03-01).",
    "last": "Last day of the schedule, itself included.",
    "exceptions": "Days on which nothing is recorded: 2027-04-05, 2027-04-05..2027-04-16, or the name "
    "of a calendar.",
    "also": "Additional moments, as in dates; exceptions do not touch them.",
    "overlap": "What happens when an occurrence begins while the one before it still records: skip it, queue "
    "it behind, allow both, or cancel_previous.",
    "late": "How late it may still begin; without it: until its end.",
    "lead": "How much earlier it may begin, to be in time at a crowded bell.",
    "jitter": "Begin up to this much later, always the same for one occurrence.",
    "priority": "The higher, the closer to the bell, and the first at the cap.",
    "labels": "Names and texts that every session carries; at most 14. Merged with those of the defaults.",
    "app": "Which Agora app records it.",
    "profile": "Which profile of recording settings it uses.",
    "recording": "Members for the recorder (mode, storage ...). Merged with those of the defaults.",
    "enabled": "false: nothing of it is recorded.",
}
TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
DURATION = r"^ *[0-9]+ *$|^(?=.)( *[0-9]+ *h)?( *[0-9]+ *m(in)?)?( *[0-9]+ *s)? *$"
LABEL = {"type": ["string", "number", "boolean", "null"]}


def json_schema() -> dict[str, Any]:
    """The schema of the YAML form, draft 2020-12."""
    return {
        "$schema": DRAFT,
        "title": "Timetable of recordings",
        "description": "Schedules, the holidays they keep to, and what they have in common.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "timezone": {"type": "string", "description": DESCRIPTIONS["timezone"] + " Of all schedules."},
            "calendars": _calendars(),
            "defaults": {"$ref": "#/$defs/defaults"},
            "schedules": _schedules(),
        },
        "anyOf": [{"required": ["schedules"]}, {"required": ["calendars"]}],
        "$defs": {"schedule": _schedule(), "defaults": _defaults(), "listed": _listed()},
    }


def rule_schema() -> dict[str, Any]:
    """Of one schedule that is sent by itself, under its name: what :func:`.sent.rule_of` reads."""
    members = {name: member for name, member in _members().items() if name != "ical_file"}
    members["timezone"] = {"type": "string", "description": DESCRIPTIONS["timezone"]}
    members["labels"] = {**members["labels"], "additionalProperties": {"type": "string"}}
    return {"type": "object", "additionalProperties": False, "required": ["timezone"], "properties": members}


def _calendars() -> dict[str, Any]:
    return {
        "description": "Named holiday calendars: lists of 2027-05-01 and 2027-04-05..2027-04-16.",
        "type": "object",
        "propertyNames": {"pattern": "^[a-z][a-z0-9._-]{0,62}$"},
        "additionalProperties": {"anyOf": [*TEXTS["anyOf"], {"type": "null"}]},
    }


def _schedules() -> dict[str, Any]:
    by_name = {
        "type": "object",
        "propertyNames": {"pattern": _members()["name"]["pattern"]},
        "additionalProperties": {"$ref": "#/$defs/schedule"},
    }
    listed = {"type": "array", "items": {"$ref": "#/$defs/listed"}}
    return {"description": "Schedules by name, or a list of them with names.", "anyOf": [by_name, listed]}


def _schedule() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": _members()}


def _listed() -> dict[str, Any]:
    return {**_schedule(), "required": ["name"]}


def _defaults() -> dict[str, Any]:
    properties = {name: member for name, member in _members().items() if name not in OWN}
    return {
        "description": "Members that every schedule of the file has unless it says otherwise.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _members() -> dict[str, dict[str, Any]]:
    """Every member of a schedule; null is as good as absent, and takes a default away."""
    source = Rule.model_json_schema()
    members = {name: _member(name, given, source["$defs"]) for name, given in source["properties"].items()}
    members["ical_file"] = {"type": ["string", "null"]}
    return {name: {"description": DESCRIPTIONS[name], **member} for name, member in members.items()}


def _member(name: str, given: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if name == "name":
        return {"type": "string", "pattern": given["pattern"]}
    if is_duration(Rule.model_fields[name]):
        return _duration(name)
    if given.get("type") == "array":
        return {"anyOf": [*TEXTS["anyOf"], {"type": "null"}]}
    if "$ref" in given:
        return {"enum": [*definitions[given["$ref"].rpartition("/")[2]]["enum"], None]}
    if name == "labels":
        return {
            "type": ["object", "null"],
            "maxProperties": given["maxProperties"],
            "additionalProperties": LABEL,
        }
    kept = {key: value for key, value in given.items() if key not in ("title", "default", "anyOf", "type")}
    kind = given.get("type") or given["anyOf"][0]["type"]
    return {
        "type": [kind, "null"],
        **kept,
        **{k: v for k, v in given.get("anyOf", [{}])[0].items() if k != "type"},
    }


def _duration(name: str) -> dict[str, Any]:
    """A number of seconds or a text; the text's limits are for reading to judge."""
    bounds = {type(note).__name__: note for note in Rule.model_fields[name].metadata}
    number: dict[str, Any] = {"type": "integer", "minimum": 1 if "Gt" in bounds else 0}
    if "Le" in bounds:
        number["maximum"] = bounds["Le"].le
    text = {"type": "string", "pattern": DURATION}
    allowed = f" A duration like 50m, 1h30m or 90s: {limits(Rule.model_fields[name])}."
    return {"description": DESCRIPTIONS[name] + allowed, "anyOf": [number, text, {"type": "null"}]}
