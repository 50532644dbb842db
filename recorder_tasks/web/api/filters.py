"""Query parameters that choose recordings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.session import State

AN_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]", re.ASCII)


def _instant(value: object) -> object:
    """Only as ISO 8601, not as a number, which would be read as one of seconds."""
    if isinstance(value, str) and not AN_INSTANT.match(value):
        raise ValueError(f"{value!r:.40} is not like 2027-03-08T09:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_instant)]


class Chosen(BaseModel):
    """Which recordings; all of what is given must fit."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = Field(None, description="Only in this state.")
    label: list[str] = Field([], max_length=16, description="Only with this label, as NAME=VALUE.")
    app: str | None = Field(None, description="Only of this Agora project.")
    channel: str | None = Field(None, description="Only of this channel.")
    schedule: str | None = Field(None, description="Only of this schedule, also of a removed one.")

    def wanted(self) -> dict[str, Any]:
        """As the desk takes it. Raises InvalidWish for a label that is none."""
        return {**self.model_dump(exclude={"label"}), "labels": _labels(self.label) or None}


class Filters(Chosen):
    """Of a list that is read page by page."""

    since: Moment | None = Field(None, description="Only with a start at or after this instant.")
    until: Moment | None = Field(None, description="Only with a start before this instant.")
    limit: int = Field(100, ge=1, le=1000, description="At most so many.")
    cursor: str | None = Field(None, max_length=300, description="`next_cursor` of the page before.")


class DayOf(Chosen):
    """Of a span, a day for example."""

    since: Moment = Field(description="When it begins.")
    until: Moment = Field(description="When it ends.")
    limit: int = Field(1000, ge=1, le=2000, description="At most so many; `more` tells whether there are.")


def _labels(texts: Iterable[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidWish(f"label: {text!r:.80} is not NAME=VALUE")
        found[name] = value
    return found
