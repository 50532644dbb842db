"""One clear sentence for each fault that pydantic finds in a rule: the value, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, get_args
from zoneinfo import available_timezones

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from schedules.faults import quoted, suggestion
from schedules.rule import Rule, say_seconds, seconds

BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
NAME_FORM = "1..63 of a-z 0-9 . _ -, the first a letter or a digit"
MISSING = {"timezone": "name an IANA time zone like Europe/Berlin, here or for the whole file"}
ABSENT = "there is no such member"


def sentence(error: ErrorDetails, value: Any) -> str:
    """What is wrong with ``value``, which was given for the member at the error's location."""
    kind, context = error["type"], error.get("ctx", {})
    member = str(error["loc"][0]) if error["loc"] else ""
    if kind == "extra_forbidden":
        return ABSENT + suggestion(member, Rule.model_fields, f" (there are: {', '.join(Rule.model_fields)})")
    if kind == "missing":
        return "is missing; " + MISSING.get(member, f"give {wanted(error['loc'])}")
    if kind == "value_error":
        return _own(str(context["error"]), member, value)
    if kind == "too_long":
        return f"has {len(value)} members; at most {context['max_length']} are allowed"
    if isinstance(value, (list, dict)) or value is None:
        return f"{_kind(value)} is given where {wanted(error['loc'])} is wanted"
    if kind in BOUNDS:
        return f"{quoted(value)} is out of range; {limits(Rule.model_fields[member])} is allowed"
    if kind == "enum":
        known = [str(choice) for choice in _enum(member)]
        return f"{quoted(value)} is none of {', '.join(known)}" + suggestion(str(value), known, "")
    return f"{quoted(value)} is not {wanted(error['loc'])}"


def told(error: ValidationError, given: Mapping[str, Any]) -> Iterator[str]:
    """Each fault with its member, its value and what is allowed."""
    for details in error.errors():
        value: Any = given
        for step in details["loc"]:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
        where = ".".join(str(step) for step in details["loc"])
        said = sentence(details, value)
        yield f"{where}: {said}" if where else said


def _own(message: str, member: str, value: Any) -> str:
    """A validator's own sentence; to that of a duration its member's limits, to that of a zone a near one."""
    if member == "timezone":
        return message + suggestion(str(value), available_timezones(), "")
    if member in Rule.model_fields and is_duration(Rule.model_fields[member]) and "not a duration" in message:
        return f"{message}; {limits(Rule.model_fields[member])} is allowed"
    return message


def wanted(location: tuple[int | str, ...]) -> str:
    """What the member takes, in words."""
    field = Rule.model_fields.get(str(location[0]))
    if field is None or len(location) > 1:
        return "a text"
    kinds = (field.annotation, *get_args(field.annotation))
    if is_duration(field):
        return f"a duration like 50m, 1h30m or 90s ({limits(field)})"
    if bool in kinds:
        return "true or false"
    if date in kinds:
        return "a date like 2027-03-08"
    if int in kinds:
        return f"a whole number within {limits(field)}"
    return _shape(field, str(location[0]))


def _shape(field: FieldInfo, member: str) -> str:
    origin = getattr(field.annotation, "__origin__", None)
    if origin is tuple:
        return "a text or a list of texts"
    if origin is dict:
        return "a mapping of members to values"
    if _enum(member):
        return f"one of {', '.join(_enum(member))}"
    return {"name": f"a name: {NAME_FORM}", "channel": "a text of 1..128 characters"}.get(member, "a text")


def _enum(member: str) -> tuple[StrEnum, ...]:
    annotation = Rule.model_fields[member].annotation
    is_enum = isinstance(annotation, type) and issubclass(annotation, StrEnum)
    return tuple(annotation) if is_enum else ()  # type: ignore[arg-type]


def is_duration(field: FieldInfo) -> bool:
    """Whether the member takes texts like ``50m``."""
    notes = [note for kind in get_args(field.annotation) for note in getattr(kind, "__metadata__", ())]
    return any(getattr(note, "func", None) is seconds for note in (*field.metadata, *notes))


def limits(field: FieldInfo) -> str:
    """``0s..4h``, ``-100..100``, or ``0s or more``."""
    found = {
        name: getattr(note, name)
        for note in field.metadata
        for name in ("gt", "ge", "le")
        if hasattr(note, name)
    }
    low = found["gt"] + 1 if "gt" in found else found.get("ge", 0)
    say = say_seconds if is_duration(field) else str
    return f"{say(low)}..{say(found['le'])}" if "le" in found else f"{say(low)} or more"


def _kind(value: Any) -> str:
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
