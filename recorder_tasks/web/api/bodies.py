"""Bodies as they are read: JSON in the model's own types and no others, every fault told at once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, ValidationError

from recorder_tasks.core.pages import LONGEST_HOURS
from recorder_tasks.flow.asking import sentence
from recorder_tasks.web.problems import INVALID_WISH, Refused, split
from schedules.entry import Running
from schedules.timetable import Format

MOST_MINUTES = LONGEST_HOURS * 60
M = TypeVar("M", bound=BaseModel)
RUNNING = "What happens to occurrences that record already."


class Sent(BaseModel):
    """Members that a body may have; any other is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Extension(Sent):
    """Give ``minutes`` or ``until``."""

    minutes: float | None = Field(
        None,
        ge=-MOST_MINUTES,
        le=MOST_MINUTES,
        allow_inf_nan=False,
        description="How much longer; negative shortens it. Repeating it extends again, unless it has an "
        "Idempotency-Key.",
    )
    until: AwareDatetime | None = Field(None, description="The new end.")
    move_deadline: bool = Field(False, description="Past the deadline too, which moves along.")


class Change(RootModel[dict[str, Any]]):
    """What the vendor's update or updateLayout takes: its clientRequest, as its documentation has it."""


class Pausing(Sent):
    """How long nothing of it is recorded, and why."""

    reason: str = Field("", max_length=500, description="Shown with the schedule and in its history.")
    until: AwareDatetime | None = Field(None, description="When it goes on. Without it: until it is resumed.")
    running: Running = Field("leave", description=RUNNING)


class Skipping(Sent):
    """Which day or slot."""

    slot: str = Field(
        min_length=10, max_length=40, description="A date (2027-03-08) or a slot (2027-03-08T09:00)."
    )
    running: Running = Field("leave", description=RUNNING)


class Unskipping(Sent):
    """Which day or slot, as it was skipped."""

    slot: str = Field(min_length=10, max_length=40, description="As `skips` of the schedule names it.")


class HandRun(Sent):
    """How long it shall record."""

    minutes: float | None = Field(
        None,
        ge=0.02,
        le=1440,
        allow_inf_nan=False,
        description="Without it: as long as its occurrences.",
    )


class Applying(Sent):
    """A timetable file as a text."""

    timetable: str = Field(
        min_length=1, description="The file's text, as `recorder schedule apply` takes it."
    )
    format: Format = Field("yaml", description="What it is written in.")
    name: str = Field(
        "timetable", min_length=1, max_length=200, description="Stands in messages and history."
    )
    timezone: str | None = Field(None, max_length=64, description="Where the file names none.")
    dry_run: bool = Field(False, description="Only show what would change.")
    prune: bool = Field(False, description="Remove schedules and calendars that it does not name.")
    running: Running = Field("leave", description=RUNNING)


class Importing(Sent):
    """A calendar file as a text."""

    calendar: str = Field(min_length=1, description="The .ics file's text.")
    name: str = Field("calendar", min_length=1, max_length=200, description="Stands in messages.")
    timezone: str | None = Field(None, max_length=64, description="Of times that name none.")
    dry_run: bool = Field(False, description="Only show what would be imported.")
    replace: bool = Field(False, description="Update series that were imported before.")


def body_of(model: type[M]) -> Callable[[Request], Coroutine[Any, Any, M]]:
    """A dependency: the body as that model; an absent body is an empty object. Raises Refused."""

    async def read(request: Request) -> M:
        text = await request.body() or b"{}"
        try:
            return model.model_validate_json(text, strict=True)
        except ValidationError as error:
            faults = [split(sentence(fault)) for fault in error.errors(include_url=False)]
            detail = "; ".join(f"{one.field}: {one.detail}" if one.field else one.detail for one in faults)
            raise Refused(
                INVALID_WISH, f"body: {detail}" if not faults[0].field else detail, faults
            ) from None

    return read
