"""A rule that is sent by itself, as JSON: what :func:`schedules.schema.rule_schema` describes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from schedules.errors import InvalidSchedule
from schedules.rule import Rule
from schedules.sentences import told


def rule_of(name: str, members: Mapping[str, Any]) -> Rule:
    """The rule of that name; null is as good as absent, and the name is the default channel.

    Values must have their member's own type. Raises InvalidSchedule with every fault.
    """
    given = {member: value for member, value in members.items() if value is not None}
    if given.get("name", name) != name:
        raise InvalidSchedule(f"name: {given['name']!r} is not {name!r}, under which it was sent")
    whole = {"channel": name, **given, "name": name}
    try:
        return Rule.model_validate_json(json.dumps(whole), strict=True)
    except ValidationError as error:
        raise InvalidSchedule("; ".join(told(error, whole))) from None
